//! Paths that lead nowhere: perhaps only their final slash is missing, otherwise a page says so. Knows no route.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, Method, StatusCode, Uri};
use tower::ServiceExt;

use super::error::Refusal;
use crate::site::Site;

/// Sends those who have left the final slash of a page out to that page, as Django's `APPEND_SLASH` does, and gives
/// the others a readable page. A 404 that a handler has written itself stays as it is.
pub(crate) fn answer_missing(pages: Router, site: &Site) -> Router {
    let candidates = site.attach(pages.clone());
    pages.layer(from_fn(move |site, request, next| missing(candidates.clone(), site, request, next)))
}

async fn missing(pages: Router, site: Site, request: Request, next: Next) -> Response {
    let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
    let response = next.run(request).await;
    if response.status() != StatusCode::NOT_FOUND || response.headers().contains_key(CONTENT_TYPE) {
        return response;
    }
    match with_slash(&uri).filter(|_| matches!(method, Method::GET | Method::HEAD)) {
        Some(location) if is_page(pages, &location, &headers).await => {
            (StatusCode::FOUND, [(LOCATION, location)]).into_response()
        }
        _ => NOT_FOUND.page(&site, StatusCode::NOT_FOUND, &headers),
    }
}

const NOT_FOUND: Refusal = Refusal {
    title: "Page not found",
    explanation: "There is no page at this address.",
    advice: "Perhaps it is mistyped, or the page has moved.",
};

/// The path and the query with a slash at the path's end; none if it has one, or if a browser would take it for a host.
fn with_slash(uri: &Uri) -> Option<String> {
    let path = uri.path();
    if path.ends_with('/') || path.starts_with("//") {
        return None;
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(format!("{path}/{query}"))
}

async fn is_page(pages: Router, location: &str, headers: &HeaderMap) -> bool {
    let Ok(mut request) = Request::head(location).body(Body::empty()) else { return false };
    request.headers_mut().clone_from(headers);
    let Ok(response) = pages.oneshot(request).await;
    response.status() != StatusCode::NOT_FOUND
}
