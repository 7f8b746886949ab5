//! A name for each request, in its log lines and in its answer. Knows no page and no account.

use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use chanx::excerpt;
use http::{HeaderName, HeaderValue};
use tracing::Instrument;
use uuid::Uuid;

/// Where the id comes from, if a proxy has given one, and where it goes.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ids are replaced: they would only fill the log.
const MAX_LENGTH: usize = 64;

/// Gives each request an id, runs it in a span that carries the id, and logs its outcome.
///
/// The request's `x-request-id` is kept if it is short and plain; otherwise the header is
/// replaced, so that whoever handles the request reads the id there. The query string is not
/// logged, because it may hold secrets.
///
/// ```
/// use axum::{Router, middleware::from_fn};
///
/// let router: Router = Router::new().layer(from_fn(chanx_site::web::request_id));
/// ```
pub async fn request_id(mut request: Request, next: Next) -> Response {
    let id = request.headers().get(REQUEST_ID).filter(|id| is_sane(id)).cloned().unwrap_or_else(generate);
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let span = tracing::info_span!(
        "request",
        request_id = id.to_str().unwrap_or_default(),
        method = excerpt(request.method().as_str()),
        path = excerpt(request.uri().path()),
    );
    let mut response = answer(request, next).instrument(span).await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

async fn answer(request: Request, next: Next) -> Response {
    let start = Instant::now();
    let response = next.run(request).await;
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    tracing::info!(status = response.status().as_u16(), milliseconds, "answered");
    response
}

fn is_sane(id: &HeaderValue) -> bool {
    let id = id.as_bytes();
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    (1..=MAX_LENGTH).contains(&id.len()) && id.iter().all(is_plain)
}

fn generate() -> HeaderValue {
    let mut text = Uuid::encode_buffer();
    let id = Uuid::new_v4().simple().encode_lower(&mut text);
    // Hexadecimal digits are always a valid value.
    HeaderValue::from_str(id).unwrap_or(HeaderValue::from_static("unknown"))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use axum::{Router, middleware::from_fn};
    use http::HeaderMap;
    use tower::ServiceExt;

    use super::*;

    async fn exchange(given: Option<&str>) -> (String, String) {
        let seen = |headers: HeaderMap| async move { headers[REQUEST_ID].clone() };
        let seen = async move |headers: HeaderMap| {
            let id = seen(headers).await;
            ([("x-seen", id)], "")
        };
        let router: Router = Router::new().route("/", get(seen)).layer(from_fn(request_id));
        let mut request = Request::new(Body::empty());
        if let Some(id) = given {
            request.headers_mut().insert(REQUEST_ID, HeaderValue::from_bytes(id.as_bytes()).unwrap());
        }
        let response = router.oneshot(request).await.unwrap();
        let text = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        (text("x-seen"), text("x-request-id"))
    }

    #[tokio::test]
    async fn a_plain_id_is_kept() {
        let kept = "trace-01:A.b_c".to_owned();
        assert_eq!(exchange(Some(&kept)).await, (kept.clone(), kept));
    }

    #[tokio::test]
    async fn a_missing_or_odd_id_is_replaced() {
        for given in [None, Some(""), Some("a b"), Some("<b>"), Some("ä"), Some(&"a".repeat(65))] {
            let (seen, answered) = exchange(given).await;
            assert_eq!(seen, answered);
            assert!(Uuid::try_parse(&seen).is_ok(), "{given:?} gave {seen:?}");
        }
    }
}
