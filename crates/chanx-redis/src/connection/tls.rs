//! TLS by rustls with ring.

use std::fs;
use std::path::Path;

use redis::{Client, ConnectionInfo, TlsCertificates};
use rustls::crypto::{CryptoProvider, ring};

use crate::trouble::Trouble;

/// A client that trusts the authorities in this file, or else the system's.
pub(super) fn client(info: ConnectionInfo, ca_file: Option<&Path>) -> Result<Client, Trouble> {
    // The client asks for the process's provider, which rustls cannot choose where an application has features for two.
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster.
        let _ = ring::default_provider().install_default();
    }
    let Some(path) = ca_file else { return Ok(Client::open(info)?) };
    // A small local file, once for each connection: not worth another thread.
    let root_cert = fs::read(path).map_err(|error| Trouble::Refused(format!("{}: {error}", path.display())))?;
    Ok(Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: Some(root_cert) })?)
}
