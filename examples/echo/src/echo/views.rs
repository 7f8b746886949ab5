//! The page behind `/echo/`.

use axum::response::Html;
use chanx_site::Site;
use chanx_site::web::{LoginRequired, PageError};
use serde::Serialize;

#[derive(Serialize)]
struct Page {
    username: String,
}

/// Renders the echo page for whoever is logged in; others are sent to the login page.
pub(crate) async fn echo_view(site: Site, LoginRequired(user): LoginRequired) -> Result<Html<String>, PageError> {
    Ok(site.render("echo/index.html", Page { username: user.username })?)
}
