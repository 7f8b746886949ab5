//! The AsyncAPI document as JSON and YAML, and the page that makes it readable.

use std::sync::Arc;

use axum::extract::State;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chanx_core::asyncapi::{ServerDescription, document, yaml};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::documentation::Shared;
use crate::headers::guard;
use crate::origin::Origin;
use crate::{DOCS_PATH, docs};

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/asyncapi.json", get(as_json))
        .route("/asyncapi.yaml", get(as_yaml))
        .route(DOCS_PATH, get(page))
        .layer(from_fn(guard))
        .with_state(Arc::clone(shared))
        .merge(shared.docs_assets.router())
}

async fn as_json(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Json<Value> {
    Json(describe(&shared, &headers))
}

async fn as_yaml(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    ([(CONTENT_TYPE, "application/yaml")], yaml(&describe(&shared, &headers))).into_response()
}

async fn page(State(shared): State<Arc<Shared>>) -> Response {
    shared.templates.page("docs.html", docs::page(&shared))
}

fn describe(shared: &Shared, headers: &HeaderMap) -> Value {
    let Origin { scheme, host } = Origin::of(headers, &shared.settings);
    document(&shared.application, &[ServerDescription::new("default", scheme, &host)])
}
