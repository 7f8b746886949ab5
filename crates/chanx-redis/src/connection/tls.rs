//! TLS by rustls with ring.

use redis::{Client, ClientTlsConfig, ConnectionInfo, TlsCertificates};
use rustls::crypto::{CryptoProvider, ring};

use super::files::read;
use crate::config::Config;
use crate::trouble::Trouble;

/// A client that trusts the authorities that are configured, or else the system's, and has a certificate of its own if one is
/// configured.
pub(super) fn client(info: ConnectionInfo, config: &Config) -> Result<Client, Trouble> {
    // The client asks for the process's provider, which rustls cannot choose where an application has features for two.
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster.
        let _ = ring::default_provider().install_default();
    }
    let root_cert = config.ca_file.as_deref().map(read).transpose()?;
    let client_tls = match (&config.cert_file, &config.key_file) {
        (Some(cert), Some(key)) => Some(ClientTlsConfig { client_cert: read(cert)?, client_key: read(key)? }),
        _ => None,
    };
    Ok(Client::build_with_tls(info, TlsCertificates { client_tls, root_cert })?)
}
