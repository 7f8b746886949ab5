//! The login page, with Django's names for its fields. Knows passwords only in passing.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, FromRequestParts, Query};
use axum::response::{Html, IntoResponse, Response};
use http::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use super::LOGIN_PATH;
use super::csrf::{Csrf, CsrfForm};
use super::error::PageError;
use super::host::OwnOrigin;
use super::next::local_target;
use super::templates::Markup;
use super::throttle::Key;
use super::user::{CurrentUser, SessionKey};
use crate::accounts::{Account, normalize_username};
use crate::site::Site;

const WRONG: &str = "The user name and the password do not go together, or the account is closed. \
                     Mind upper and lower case.";

/// What the page's address says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Address {
    #[serde(default)]
    next: String,
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct LoginForm {
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    next: Option<String>,
}

/// The address at the other end of the connection, if the server knows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(Option<IpAddr>);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self(info.map(|ConnectInfo(address)| address.ip())))
    }
}

/// A browser at the login page: where it is, and what it already has.
#[derive(Debug)]
pub(crate) struct Visitor {
    site: Site,
    own_origin: Option<String>,
    peer: Option<IpAddr>,
    session_key: Option<String>,
    next: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let OwnOrigin(own_origin) = OwnOrigin::from_request_parts(parts, state).await?;
        let SessionKey(session_key) = SessionKey::from_request_parts(parts, state).await?;
        let Ok(Peer(peer)) = Peer::from_request_parts(parts, state).await;
        let address = Query::<Address>::try_from_uri(&parts.uri).unwrap_or_default();
        let site = Site::from_request_parts(parts, state).await?;
        Ok(Self { site, own_origin, peer, session_key, next: address.0.next })
    }
}

impl Visitor {
    /// Where a login leads: `next` if it is on this site, else where the settings say.
    fn target(&self) -> String {
        let own_origin = self.own_origin.as_deref().unwrap_or_default();
        local_target(&self.next, own_origin).unwrap_or_else(|| self.site.settings().login_redirect_url.clone())
    }

    fn page(&self, csrf: &Csrf, form: FormState<'_>) -> Result<Html<String>, PageError> {
        let page =
            LoginPage { action: LOGIN_PATH, csrf_field: csrf.field(), next: &self.next, target: &self.target(), form };
        Ok(self.site.render("chanx/login.html", page)?)
    }

    /// Opens a session under a new key and ends the one that the browser had, so that a key that
    /// somebody else planted is worth nothing.
    async fn enter(&self, account: &Account) -> Result<Response, PageError> {
        let accounts = self.site.accounts();
        let session = accounts.login(account).await?;
        if let Some(old) = &self.session_key {
            accounts.logout(old).await?;
        }
        let age = self.site.settings().session_cookie_age;
        let cookie = self.site.session_cookie().header(&session.key, Some(age))?;
        let headers = HeaderMap::from_iter([(SET_COOKIE, cookie)]);
        let location = [(LOCATION, self.target())];
        tracing::info!(user = account.id, "logged in");
        Ok((StatusCode::FOUND, headers, Csrf::renewed(&self.site)?, location).into_response())
    }
}

#[derive(Serialize)]
struct LoginPage<'a> {
    action: &'a str,
    csrf_field: Markup,
    next: &'a str,
    target: &'a str,
    #[serde(flatten)]
    form: FormState<'a>,
}

/// What the form shows besides its empty fields.
#[derive(Default, Serialize)]
struct FormState<'a> {
    username: &'a str,
    username_now: Option<&'a str>,
    problem: Option<&'a str>,
}

/// `GET`: the empty form.
pub(crate) async fn show(visitor: Visitor, csrf: Csrf, CurrentUser(user): CurrentUser) -> Result<Response, PageError> {
    let username_now = user.id.map(|_| user.username.as_str());
    let page = visitor.page(&csrf, FormState { username_now, ..FormState::default() })?;
    Ok((csrf, page).into_response())
}

/// `POST`: lets the user in, or shows the form again and says why.
pub(crate) async fn submit(
    mut visitor: Visitor,
    csrf: Csrf,
    CsrfForm(form): CsrfForm<LoginForm>,
) -> Result<Response, PageError> {
    if let Some(next) = form.next {
        visitor.next = next;
    }
    let username = normalize_username(form.username.trim());
    let attempt = Key::new(visitor.peer, &username);
    if let Err(wait) = visitor.site.throttle().begin(&attempt, Instant::now()) {
        tracing::warn!(peer = visitor.peer.map(tracing::field::display), "refused a login: too many have failed");
        return too_many(&visitor, &csrf, &username, wait);
    }
    match visitor.site.accounts().check_password(&username, &form.password).await {
        Ok(Some(account)) => {
            visitor.site.throttle().forget(&attempt);
            visitor.enter(&account).await
        }
        Ok(None) => {
            tracing::warn!(peer = visitor.peer.map(tracing::field::display), "a login failed");
            let page = visitor.page(&csrf, FormState::wrong(&username, WRONG))?;
            Ok((csrf, page).into_response())
        }
        Err(failure) => {
            visitor.site.throttle().forget(&attempt);
            Err(failure.into())
        }
    }
}

fn too_many(visitor: &Visitor, csrf: &Csrf, username: &str, wait: Duration) -> Result<Response, PageError> {
    let minutes = wait.as_secs().div_ceil(60).max(1);
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    let problem = format!("Too many logins have failed. Please wait {minutes} {unit}, then try again.");
    let page = visitor.page(csrf, FormState::wrong(username, &problem))?;
    let seconds = wait.as_secs().max(1).to_string();
    Ok((StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds)], csrf.clone(), page).into_response())
}

impl<'a> FormState<'a> {
    fn wrong(username: &'a str, problem: &'a str) -> Self {
        Self { username, problem: Some(problem), username_now: None }
    }
}
