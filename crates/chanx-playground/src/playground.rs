//! The playground: its page, what it knows about the application, and the check of a message before it is sent.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Query, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chanx_core::description::{Base, information};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::documentation::Shared;
use crate::headers::guard;
use crate::origin::Origin;
use crate::{DOCS_PATH, PLAYGROUND_PATH};

pub(crate) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route(PLAYGROUND_PATH, get(page))
        .route("/playground/websocket-info/", get(info))
        .route("/playground/websocket-check/", post(check))
        .layer(DefaultBodyLimit::max(largest_message(shared)))
        .layer(from_fn(guard))
        .with_state(Arc::clone(shared))
        .merge(shared.assets.router())
}

async fn page(State(shared): State<Arc<Shared>>) -> Response {
    let docs = if shared.has_asyncapi { DOCS_PATH } else { "" };
    let title = &shared.application.title;
    shared.templates.page("playground.html", json!({"title": title, "docs_url": docs, "assets": shared.assets.base()}))
}

async fn info(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Json<Value> {
    let Origin { scheme, host, path } = Origin::of(&headers, &shared.settings);
    Json(information(&shared.application, &Base { scheme: &scheme, host: &host, path: &path }))
}

/// Which endpoint a message is for.
#[derive(Debug, Deserialize)]
struct For {
    /// The pattern of its route.
    endpoint: String,
}

/// What the consumer would find wrong with a message.
async fn check(State(shared): State<Arc<Shared>>, Query(For { endpoint }): Query<For>, text: String) -> Response {
    let Some(route) = shared.routes.iter().find(|route| route.pattern() == endpoint) else {
        let detail = format!("No route has the pattern {endpoint:?}.");
        return (StatusCode::NOT_FOUND, Json(json!({"detail": detail}))).into_response();
    };
    let faults = route.endpoint().check_message(&text, &shared.settings).err().unwrap_or_default();
    Json(json!({"faults": faults})).into_response()
}

/// Nobody needs to check a message that no endpoint would take.
fn largest_message(shared: &Shared) -> usize {
    shared.application.endpoints.iter().map(|endpoint| endpoint.wire.max_message_size).max().unwrap_or(0)
}
