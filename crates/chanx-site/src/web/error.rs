//! Pages that cannot be shown, and pages that say no. Knows no form.

use std::error::Error;
use std::iter;

use axum::response::{Html, IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::request_id::REQUEST_ID;
use super::templates::RenderError;
use crate::accounts::AccountsError;
use crate::cookies::InvalidCookie;
use crate::site::Site;

/// Why a page failed. As a response it is a plain 500; the causes go to the log only.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// The router was not given to [`Site::attach`].
    #[error("no site is attached to this router: call `site.attach(router)`")]
    NoSite,
    /// The accounts could not be read or written.
    #[error("the accounts failed")]
    Accounts(#[from] AccountsError),
    /// The page could not be rendered.
    #[error("the page cannot be rendered")]
    Render(#[from] RenderError),
    /// A cookie could not be written.
    #[error("the cookie cannot be set")]
    Cookie(#[from] InvalidCookie),
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        tracing::error!(error = chain(&self), "a page failed");
        (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on this site. Please try again later.\n")
            .into_response()
    }
}

/// An error and its causes in one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = iter::successors(Some(error), |error| (*error).source());
    let mut texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}

/// What a page of refusal says.
#[derive(Debug, Serialize)]
pub(crate) struct Refusal {
    pub(crate) title: &'static str,
    pub(crate) explanation: &'static str,
    pub(crate) advice: &'static str,
}

impl Refusal {
    /// The page, with the id under which the log has more.
    pub(crate) fn page(&self, site: &Site, status: StatusCode, request: &HeaderMap) -> Response {
        let request_id = request.get(REQUEST_ID).and_then(|id| id.to_str().ok());
        let page: Result<Html<String>, RenderError> =
            site.render("chanx/refused.html", RefusalPage { refusal: self, request_id });
        page.map_err(PageError::from).map(|page| (status, page)).into_response()
    }
}

#[derive(Serialize)]
struct RefusalPage<'a> {
    #[serde(flatten)]
    refusal: &'a Refusal,
    request_id: Option<&'a str>,
}
