//! The logout page: leaving takes a button, so that no link or picture can log anybody out.

use axum::response::{Html, IntoResponse, Response};
use http::header::{ALLOW, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::LOGOUT_PATH;
use super::csrf::{Csrf, CsrfForm};
use super::error::PageError;
use super::templates::Markup;
use super::user::SessionKey;
use crate::site::Site;

/// The form has no fields but the token, which is looked at before.
#[derive(Debug, Deserialize)]
pub(crate) struct LogoutForm {}

#[derive(Serialize)]
struct LogoutPage<'a> {
    action: &'a str,
    login_url: &'a str,
    /// Without it, the user has left.
    csrf_field: Option<Markup>,
}

impl LogoutPage<'_> {
    fn render(site: &Site, csrf_field: Option<Markup>) -> Result<Html<String>, PageError> {
        let page = LogoutPage { action: LOGOUT_PATH, login_url: &site.settings().login_url, csrf_field };
        Ok(site.render("chanx/logout.html", page)?)
    }
}

/// `GET`: not allowed, with the button that sends the right request.
pub(crate) async fn ask(site: Site, csrf: Csrf) -> Result<Response, PageError> {
    let page = LogoutPage::render(&site, Some(csrf.field()))?;
    Ok((StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")], csrf, page).into_response())
}

/// `POST`: ends the login session. It is no error if there is none.
pub(crate) async fn leave(
    site: Site,
    SessionKey(key): SessionKey,
    CsrfForm(LogoutForm {}): CsrfForm<LogoutForm>,
) -> Result<Response, PageError> {
    if let Some(key) = key {
        site.accounts().logout(&key).await?;
    }
    let removal = HeaderMap::from_iter([(SET_COOKIE, site.session_cookie().removal()?)]);
    Ok((removal, LogoutPage::render(&site, None)?).into_response())
}
