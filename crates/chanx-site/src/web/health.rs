//! Whether the site works, for whoever watches over it.

use axum::extract::Json;
use axum::routing::get;
use axum::{Extension, Router};
use chanx::layer::Health;
use http::StatusCode;
use serde::Serialize;

use crate::site::Site;

/// The path of the report.
pub const HEALTH_PATH: &str = "/health/";

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
    Router::new().route(HEALTH_PATH, get(report)).layer(Extension(site.clone()))
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
