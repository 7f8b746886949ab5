//! The AsyncAPI document as JSON and YAML, and the page that makes it readable.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chanx_core::asyncapi::{ServerDescription, document, yaml};
use chanx_core::description::Application;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::documentation::Shared;
use crate::headers::guard;
use crate::origin::Origin;
use crate::{DOCS_PATH, Format, docs};

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/asyncapi.json", get(as_json))
        .route("/asyncapi.yaml", get(as_yaml))
        .route(DOCS_PATH, get(page))
        .layer(from_fn(guard))
        .with_state(Arc::clone(shared))
        .merge(shared.docs_assets.router())
}

async fn as_json(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    answer(&shared, &headers, Format::Json, "application/json")
}

async fn as_yaml(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    answer(&shared, &headers, Format::Yaml, "application/yaml")
}

async fn page(State(shared): State<Arc<Shared>>) -> Response {
    shared.templates.page("docs.html", docs::page(&shared))
}

fn answer(shared: &Shared, headers: &HeaderMap, format: Format, content_type: &'static str) -> Response {
    let text = write(&shared.application, &Origin::of(headers, &shared.settings), format);
    ([(CONTENT_TYPE, content_type)], text).into_response()
}

/// The document for clients that reach the server there.
pub(crate) fn write(application: &Application, origin: &Origin, format: Format) -> String {
    let server = ServerDescription::new("default", &origin.scheme, &origin.host).pathname(&origin.path);
    let document = document(application, &[server]);
    match format {
        Format::Json => format!("{document:#}\n"),
        Format::Yaml => yaml(&document),
    }
}
