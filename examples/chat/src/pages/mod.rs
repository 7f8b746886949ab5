//! The pages: the list of rooms, a room, and the forms that found, join and leave rooms.

mod failure;
mod forms;
mod lobby;
mod room;

use axum::Router;
use axum::middleware::map_response;
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use chanx_site::web::{Asset, TemplateSource};
use http::HeaderValue;
use http::header::CACHE_CONTROL;

pub(crate) const TEMPLATES: &[TemplateSource] = &[
    ("chat/base.html", include_str!("../templates/base.html")),
    ("chat/avatar.html", include_str!("../templates/avatar.html")),
    ("chat/door.html", include_str!("../templates/door.html")),
    ("chat/lobby.html", include_str!("../templates/lobby.html")),
    ("chat/missing.html", include_str!("../templates/missing.html")),
    ("chat/room.html", include_str!("../templates/room.html")),
];

pub(crate) const ASSETS: &[Asset] =
    &[("chat/chat.css", include_bytes!("../static/chat.css")), ("chat/chat.js", include_bytes!("../static/chat.js"))];

pub(crate) fn router() -> Router {
    let pages = Router::new()
        .route("/chat/", get(lobby::show).post(forms::create))
        .route("/chat/{room}/", get(room::show))
        .route("/chat/{room}/join/", post(forms::join))
        .route("/chat/{room}/leave/", post(forms::leave))
        .layer(map_response(never_stored));
    pages.route("/", get(async || Redirect::to("/chat/")))
}

/// What one user sees is not for the next one at the same browser.
async fn never_stored(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
