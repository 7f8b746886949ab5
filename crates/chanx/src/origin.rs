//! Which web pages may open a socket: the `Origin` header against a list; knows no settings and no
//! routes.

use http::HeaderMap;
use http::header::ORIGIN;
use thiserror::Error;

/// The origins that may connect.
///
/// | written | allows |
/// |---|---|
/// | `https://example.com` | this origin; a default port may be written or left out |
/// | `https://*.example.com`, `https://.example.com` | example.com and all its subdomains |
/// | `*` | everybody, also clients that send no `Origin` |
///
/// Scheme and host are compared without regard to case, the port must be the same. A header that is
/// absent, repeated or no origin (`null`, bytes outside ASCII, a user name in it) is refused; its
/// path and query are ignored.
///
/// ```
/// use chanx::AllowedOrigins;
/// use http::{HeaderMap, HeaderValue, header::ORIGIN};
///
/// let allowed = AllowedOrigins::parse(["http://localhost:8000", "https://*.example.com"])?;
/// let mut headers = HeaderMap::new();
/// headers.insert(ORIGIN, HeaderValue::from_static("https://chat.example.com"));
/// assert!(allowed.allows(&headers));
/// # Ok::<(), chanx::OriginError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct AllowedOrigins {
    patterns: Vec<Pattern>,
    allows_missing: bool,
}

/// Why a text is not an origin that can be allowed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OriginError {
    /// There is no `scheme://` before the host.
    #[error("origin {origin:?} has no scheme: write \"https://{origin}\" or \"http://{origin}\"")]
    MissingScheme {
        /// The text as written.
        origin: String,
    },
    /// Something follows host and port.
    #[error("origin {origin:?} has a path: write {suggestion:?}")]
    Path {
        /// The text as written.
        origin: String,
        /// The same without the path.
        suggestion: String,
    },
    /// The host or port cannot be one, or a `*` stands elsewhere than before the whole domain.
    #[error("origin {origin:?} is malformed: write it as \"https://example.com:8000\" or \"https://*.example.com\"")]
    Malformed {
        /// The text as written.
        origin: String,
    },
}

/// Why a request may not connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum OriginRefused {
    #[error("the request has no Origin header")]
    Missing,
    #[error("the request has more than one Origin header")]
    Repeated,
    #[error("this origin is not allowed")]
    NotAllowed,
}

impl OriginRefused {
    /// What the operator of the server can do.
    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::Missing => "browsers send one; `allow_missing_origin` lets other clients in",
            Self::Repeated => "a proxy in between may add one of its own",
            Self::NotAllowed => "`allowed_origins` lists those that are",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Any,
    Exact(Origin),
    /// The domain itself and its subdomains.
    Domain(Origin),
}

/// Scheme and host in lower case, and the port that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl AllowedOrigins {
    /// Reads a list as settings hold it.
    ///
    /// # Errors
    ///
    /// The first text that is not an origin, and what to write instead.
    pub fn parse<S: AsRef<str>>(origins: impl IntoIterator<Item = S>) -> Result<Self, OriginError> {
        let patterns = origins.into_iter().map(|origin| Pattern::parse(origin.as_ref().trim()));
        Ok(Self { patterns: patterns.collect::<Result<_, _>>()?, allows_missing: false })
    }

    /// Whether clients that send no `Origin` may connect, too. Browsers always send one.
    #[must_use]
    pub fn allow_missing(mut self, allows_missing: bool) -> Self {
        self.allows_missing = allows_missing;
        self
    }

    /// Whether a request with these headers may connect.
    #[must_use]
    pub fn allows(&self, headers: &HeaderMap) -> bool {
        self.check(headers).is_ok()
    }

    /// Whether a request with these headers may connect, and why not.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), OriginRefused> {
        let mut values = headers.get_all(ORIGIN).iter();
        match (values.next(), values.next()) {
            _ if self.patterns.contains(&Pattern::Any) => Ok(()),
            (None, _) if self.allows_missing => Ok(()),
            (None, _) => Err(OriginRefused::Missing),
            (Some(value), None) if value.to_str().is_ok_and(|text| self.allows_text(text)) => Ok(()),
            (Some(_), None) => Err(OriginRefused::NotAllowed),
            (Some(_), Some(_)) => Err(OriginRefused::Repeated),
        }
    }

    fn allows_text(&self, text: &str) -> bool {
        let origin = text.trim().split_once("://").and_then(|(scheme, rest)| {
            let (authority, _) = split_authority(rest);
            Origin::new(scheme, authority)
        });
        origin.is_some_and(|origin| self.patterns.iter().any(|pattern| pattern.matches(&origin)))
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, OriginError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let (scheme, rest) =
            text.split_once("://").ok_or_else(|| OriginError::MissingScheme { origin: text.to_owned() })?;
        let (authority, path) = split_authority(rest);
        if !path.is_empty() {
            let suggestion = format!("{scheme}://{authority}");
            return Err(OriginError::Path { origin: text.to_owned(), suggestion });
        }
        let domain = authority.strip_prefix('*').unwrap_or(authority).strip_prefix('.');
        let pattern = match domain {
            Some(domain) => Origin::new(scheme, domain).map(Self::Domain),
            None => Origin::new(scheme, authority).map(Self::Exact),
        };
        pattern.ok_or_else(|| OriginError::Malformed { origin: text.to_owned() })
    }

    fn matches(&self, origin: &Origin) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(allowed) => origin == allowed,
            Self::Domain(allowed) => origin.is_within(allowed),
        }
    }
}

impl Origin {
    /// Nothing if there is more in `authority` than a host and a port, a user name above all.
    fn new(scheme: &str, authority: &str) -> Option<Self> {
        let (host, port) = split_port(authority)?;
        let scheme = scheme.to_ascii_lowercase();
        let port = port.or_else(|| default_port(&scheme));
        (is_scheme(&scheme) && is_host(host)).then(|| Self { scheme, host: host.to_ascii_lowercase(), port })
    }

    fn is_within(&self, domain: &Self) -> bool {
        let subdomain = self.host.strip_suffix(&domain.host);
        self.scheme == domain.scheme
            && self.port == domain.port
            && subdomain.is_some_and(|subdomain| subdomain.is_empty() || subdomain.ends_with('.'))
    }
}

/// Host and port, and whatever stands behind them.
fn split_authority(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

/// The host and the port, if one is written.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    // The colons of an IPv6 address stand before its bracket.
    let host_end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority[host_end..].find(':') {
        None => Some((authority, None)),
        Some(colon) => {
            let (host, port) = authority.split_at(host_end + colon);
            Some((host, Some(parse_port(&port[1..])?)))
        }
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten()
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// A name without empty labels, but for the dot that may end it, or an IPv6 address in brackets.
fn is_host(text: &str) -> bool {
    match text.strip_prefix('[') {
        Some(address) => address.strip_suffix(']').is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok()),
        None => text.strip_suffix('.').unwrap_or(text).split('.').all(is_label),
    }
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(origins: &[&[u8]]) -> HeaderMap {
        let values = origins.iter().map(|bytes| HeaderValue::from_bytes(bytes).unwrap());
        values.map(|value| (ORIGIN, value)).collect()
    }

    fn allows(patterns: &[&str], origin: &str) -> bool {
        AllowedOrigins::parse(patterns).unwrap().allows(&headers(&[origin.as_bytes()]))
    }

    const CONFORMANCE: [&str; 2] = ["http://localhost:8000", "https://.example.com"];

    #[test]
    fn allowed_origins_pass() {
        let origins = [
            "http://localhost:8000",
            "HTTP://LocalHost:8000",
            " http://localhost:8000\t",
            "http://localhost:8000/path?query",
            "http://localhost:8000?query",
            "https://example.com",
            "https://EXAMPLE.com:443",
            "https://a.b.example.com",
        ];
        for origin in origins {
            assert!(allows(&CONFORMANCE, origin), "{origin}");
        }
    }

    #[test]
    fn other_origins_do_not() {
        let origins = [
            "",
            "null",
            "*",
            "localhost:8000",
            "http://localhost",
            "http://localhost:abc",
            "http://localhost:",
            "http://localhost:+8000",
            "http://localhost:08000000",
            "http://localhost:8001",
            "http://localhost.:8000",
            "http://localhost:8000@evil.example",
            "http://evil@localhost:8000",
            "http://evil.example",
            "http://evil.example/http://localhost:8000",
            "http://evil.example\\@localhost:8000",
            "http://localhost:8000 http://evil.example",
            "http://locålhost:8000",
            "https://localhost:8000",
            "ws://localhost:8000",
            "http://a.example.com",
            "https://a.example.com:8443",
            "https://badexample.com",
            "https://example.com.",
            "https://.example.com",
            "https://a..example.com",
            "https://*.example.com",
            "https://example.com.evil.example",
        ];
        for origin in origins {
            assert!(!allows(&CONFORMANCE, origin), "{origin}");
        }
    }

    #[test]
    fn there_must_be_exactly_one_header() {
        let allowed = AllowedOrigins::parse(CONFORMANCE).unwrap();
        assert!(!allowed.allows(&headers(&[])));
        assert!(!allowed.allows(&headers(&[b"http://localhost:8000", b"http://evil.example"])));
        assert!(!allowed.allows(&headers(&[b"http://localhost:8000", b"http://localhost:8000"])));
        assert!(!allowed.allows(&headers(&[b"http://localhost:8000/\xff"])));
    }

    #[test]
    fn a_missing_header_can_be_allowed() {
        let allowed = AllowedOrigins::parse(CONFORMANCE).unwrap().allow_missing(true);
        assert!(allowed.allows(&headers(&[])));
        assert!(!allowed.allows(&headers(&[b"http://evil.example"])));
    }

    #[test]
    fn a_star_allows_everything() {
        let allowed = AllowedOrigins::parse(["*"]).unwrap();
        assert!(allowed.allows(&headers(&[])));
        assert!(allowed.allows(&headers(&[b"null"])));
        assert!(allowed.allows(&headers(&[b"http://a.example", b"http://b.example"])));
    }

    #[test]
    fn default_ports_and_addresses_are_compared_by_meaning() {
        assert!(allows(&["http://localhost:80"], "http://localhost"));
        assert!(allows(&["https://localhost"], "https://localhost:443"));
        assert!(!allows(&["http://localhost"], "http://localhost:443"));
        assert!(allows(&["http://[::1]:8000"], "http://[::1]:8000"));
        assert!(!allows(&["http://[::1]:8000"], "http://[::1]"));
        assert!(allows(&["https://*.example.com:8443"], "https://a.example.com:8443"));
        assert!(!allows(&[], "http://localhost"));
    }

    #[test]
    fn faults_say_what_to_write() {
        let cases = [
            ("localhost", r#"origin "localhost" has no scheme: write "https://localhost" or "http://localhost""#),
            ("http://localhost:8000/", r#"origin "http://localhost:8000/" has a path: write "http://localhost:8000""#),
        ];
        for (origin, message) in cases {
            assert_eq!(AllowedOrigins::parse([origin]).unwrap_err().to_string(), message);
        }
        let malformed = [
            "http://",
            "http://localhost:x",
            "http://localhost:*",
            "https://a*.example.com",
            "https://*",
            "https://*example.com",
            "https://user@example.com",
            "http://exa mple.com",
            "://example.com",
            "http://[::1",
            "http://::1",
        ];
        for origin in malformed {
            let error = AllowedOrigins::parse([origin]).unwrap_err();
            assert_eq!(error, OriginError::Malformed { origin: origin.to_owned() });
        }
    }
}
