//! Where clients reach the sockets.

use chanx::Settings;
use http::HeaderMap;
use http::header::HOST;

/// The beginning of each socket's URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) scheme: String,
    pub(crate) host: String,
    /// What comes before the paths of the routes, without a slash at its end; usually nothing.
    pub(crate) path: String,
}

impl Origin {
    /// By the setting `websocket_base_url`, or else by the request's `Host`. A server behind a proxy cannot see whether its
    /// clients use TLS; but an application whose cookies are sent over HTTPS alone works no other way.
    pub(crate) fn of(headers: &HeaderMap, settings: &Settings) -> Self {
        if let Some(url) = &settings.websocket_base_url {
            return Self::parse(url);
        }
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        let is_secure = settings.session_cookie_secure || settings.csrf_cookie_secure;
        let scheme = if is_secure { "wss" } else { "ws" };
        Self { scheme: scheme.to_owned(), host: host.to_owned(), path: String::new() }
    }

    /// The parts of a URL such as `wss://example.com/live/`.
    pub(crate) fn parse(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("ws", url));
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Self { scheme: scheme.to_owned(), host: host.to_owned(), path: path.trim_end_matches('/').to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(scheme: &str, host: &str, path: &str) -> Origin {
        Origin { scheme: scheme.to_owned(), host: host.to_owned(), path: path.to_owned() }
    }

    #[test]
    fn cookies_tell_whether_there_is_tls() {
        let mut settings = Settings::default();
        let headers = HeaderMap::from_iter([(HOST, "chat.example:8443".parse().unwrap())]);
        assert_eq!(Origin::of(&headers, &settings), origin("ws", "chat.example:8443", ""));
        settings.session_cookie_secure = true;
        assert_eq!(Origin::of(&headers, &settings), origin("wss", "chat.example:8443", ""));
        assert_eq!(Origin::of(&HeaderMap::new(), &settings).host, "localhost");
    }

    #[test]
    fn the_setting_counts_more_than_the_request() {
        let mut settings = Settings::default();
        settings.websocket_base_url = Some("wss://live.example/sockets/".to_owned());
        let headers = HeaderMap::from_iter([(HOST, "evil.example".parse().unwrap())]);
        assert_eq!(Origin::of(&headers, &settings), origin("wss", "live.example", "/sockets"));
    }
}
