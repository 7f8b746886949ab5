//! Where each page is found.

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;

use crate::echo::views;

pub(crate) fn router() -> Router {
    Router::new().route("/", get(async || Redirect::to("/echo/"))).route("/echo/", get(views::echo_view))
}
