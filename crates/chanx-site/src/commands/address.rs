//! Where a server listens, as people write it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// An address and a port; `127.0.0.1:8000` unless told otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) SocketAddr);

impl Default for Address {
    fn default() -> Self {
        Self::local(8000)
    }
}

impl Address {
    fn local(port: u16) -> Self {
        Self(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port))
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    /// Reads `8000`, `127.0.0.1:8000`, `[::1]:8000` or `localhost:8000`.
    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let port = text.strip_prefix("localhost:").unwrap_or(text);
        port.parse().map(Self::local).or_else(|_| text.parse().map(Self)).map_err(|_| InvalidAddress)
    }
}

/// A text that names no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write an address and a port, such as 127.0.0.1:8000, or a port alone")]
pub(crate) struct InvalidAddress;

/// The origins of pages that a browser on this machine loads from a server at `address`.
pub(crate) fn local_origins(address: SocketAddr) -> Vec<String> {
    let port = address.port();
    let own = match address.ip() {
        IpAddr::V6(ip) if !ip.is_unspecified() => Some(format!("http://[{ip}]:{port}")),
        _ => None,
    };
    [format!("http://localhost:{port}"), format!("http://127.0.0.1:{port}")].into_iter().chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_in_every_usual_form() {
        for (text, address) in [
            ("8000", "127.0.0.1:8000"),
            ("localhost:80", "127.0.0.1:80"),
            ("0.0.0.0:8001", "0.0.0.0:8001"),
            ("[::1]:8000", "[::1]:8000"),
        ] {
            assert_eq!(text.parse(), Ok(Address(address.parse().unwrap())), "{text}");
        }
        for text in ["", "x", "127.0.0.1", "70000", "example.com:80", ":8000", "-1"] {
            assert_eq!(text.parse::<Address>(), Err(InvalidAddress), "{text}");
        }
    }

    #[test]
    fn both_names_of_this_machine_are_origins() {
        let origins = |address: &str| local_origins(address.parse().unwrap());
        assert_eq!(origins("127.0.0.1:8000"), ["http://localhost:8000", "http://127.0.0.1:8000"]);
        assert_eq!(origins("[::1]:1").last().map(String::as_str), Some("http://[::1]:1"));
    }
}
