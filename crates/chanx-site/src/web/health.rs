//! Whether the site works, for whoever watches over it.

use axum::body::Body;
use axum::extract::Json;
use axum::routing::get;
use axum::{Extension, Router};
use chanx::layer::Health;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;

use crate::site::Site;

/// The path of the report.
pub const HEALTH_PATH: &str = "/health/";

/// The path of the liveness report, which says that the process runs and reads nothing. `runserver` answers it apart from the
/// application, so that neither a database nor blocked threads delay it.
pub const LIVENESS_PATH: &str = "/health/live/";

/// What is well and what is not. Reasons are for the log alone, since anybody may ask.
#[derive(Debug, Serialize)]
struct Report {
    status: &'static str,
    database: &'static str,
    channel_layer: &'static str,
}

/// The report. It is 503 without the database. Without the channel layer it is 200 and says so: connections live on,
/// and taking all processes out of service at once would help nobody.
pub(crate) fn router(site: &Site) -> Router {
    let router = Router::new().route(HEALTH_PATH, get(report)).layer(Extension(site.clone()));
    router.route(LIVENESS_PATH, get(async || liveness()))
}

/// The liveness report.
pub(crate) fn liveness() -> Response<Body> {
    let mut response = Response::new(Body::from(r#"{"status":"ok"}"#));
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];
    response.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

async fn report(Extension(site): Extension<Site>) -> (StatusCode, Json<Report>) {
    let database = site.database().is_alive().await;
    let layer = site.channels().health() == Health::Up;
    let status = if database { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = |is_up| if is_up { "up" } else { "down" };
    let summary = match (database, layer) {
        (true, true) => "ok",
        (true, false) => "degraded",
        (false, _) => "down",
    };
    (status, Json(Report { status: summary, database: word(database), channel_layer: word(layer) }))
}
