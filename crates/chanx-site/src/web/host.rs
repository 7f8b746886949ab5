//! Under which address the browser sees this site. Knows no page.

use axum::extract::{FromRequestParts, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chanx::excerpt;
use http::StatusCode;
use http::header::HOST;
use http::request::Parts;

use super::error::{PageError, Refusal};
use crate::site::Site;

/// Scheme, host and port of the site as the request names them, such as `http://localhost:8000`.
#[derive(Debug, Clone)]
pub(crate) struct OwnOrigin(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for OwnOrigin {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let site = Site::from_request_parts(parts, state).await?;
        Ok(Self(own_origin(parts, &site)))
    }
}

pub(crate) fn own_origin(parts: &Parts, site: &Site) -> Option<String> {
    let scheme = if site.is_secure() { "https" } else { "http" };
    host(parts).map(|host| format!("{scheme}://{}", host.to_ascii_lowercase()))
}

fn host(parts: &Parts) -> Option<&str> {
    let header = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str))
}

/// Refuses requests for hosts that are not listed in the setting `allowed_hosts`, if it lists any.
pub(crate) async fn allowed_hosts(site: Site, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let allowed = &site.settings().allowed_hosts;
    let is_allowed = allowed.is_empty() || host(&parts).is_some_and(|host| is_listed(host, allowed));
    if !is_allowed {
        let host = excerpt(host(&parts).unwrap_or_default());
        tracing::warn!(host, "refused a host that is not in allowed_hosts");
        return UNKNOWN_HOST.page(&site, StatusCode::BAD_REQUEST, &parts.headers).into_response();
    }
    next.run(Request::from_parts(parts, body)).await
}

const UNKNOWN_HOST: Refusal =
    Refusal { title: "Unknown host", explanation: "This site is not known under the name that you used.", advice: "" };

/// As Django does it: the port does not count, `.example.com` stands for the domain and all below it, `*` for every host.
fn is_listed(host: &str, allowed: &[String]) -> bool {
    let name = without_port(host).trim_end_matches('.').to_ascii_lowercase();
    allowed.iter().any(|pattern| {
        let pattern = pattern.to_ascii_lowercase();
        match pattern.strip_prefix('.') {
            Some(domain) => name == domain || name.ends_with(&pattern),
            None => pattern == "*" || name == pattern,
        }
    })
}

fn without_port(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if !host[colon..].contains(']') => &host[..colon],
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_without_port_and_case() {
        let allowed = ["example.com", ".example.org", "[::1]"].map(str::to_owned);
        for host in ["example.com", "EXAMPLE.com:8000", "example.com.", "example.org", "a.b.example.org:1", "[::1]:80"]
        {
            assert!(is_listed(host, &allowed), "{host}");
        }
        for host in ["", "a.example.com", "badexample.org", "example.com.evil", "[::2]:80", "::1"] {
            assert!(!is_listed(host, &allowed), "{host}");
        }
        assert!(is_listed("anything", &["*".to_owned()]));
    }
}
