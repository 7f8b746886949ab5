//! Where a client has reached the server, as far as the request says it.

use chanx::Settings;
use http::HeaderMap;
use http::header::HOST;

/// The scheme and the host of the sockets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) scheme: &'static str,
    pub(crate) host: String,
}

impl Origin {
    /// By the request's `Host`. A server behind a proxy cannot see whether its clients use TLS; but an application whose
    /// cookies are sent over HTTPS alone works no other way.
    pub(crate) fn of(headers: &HeaderMap, settings: &Settings) -> Self {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let is_secure = settings.session_cookie_secure || settings.csrf_cookie_secure;
        Self { scheme: if is_secure { "wss" } else { "ws" }, host: host.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_tell_whether_there_is_tls() {
        let mut settings = Settings::default();
        let headers = HeaderMap::from_iter([(HOST, "chat.example:8443".parse().unwrap())]);
        (settings.session_cookie_secure, settings.csrf_cookie_secure) = (false, false);
        assert_eq!(Origin::of(&headers, &settings), Origin { scheme: "ws", host: "chat.example:8443".to_owned() });
        settings.session_cookie_secure = true;
        assert_eq!(Origin::of(&headers, &settings).scheme, "wss");
        assert_eq!(Origin::of(&HeaderMap::new(), &settings).host, "localhost");
    }
}
