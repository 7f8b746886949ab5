//! Who asks for a page: extractors for handlers. Knows no form.

use axum::extract::{FromRequestParts, OriginalUri, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chanx::auth::{Identity, User};
use http::header::LOCATION;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};

use super::error::{PageError, Refusal};
use super::next::with_next;
use crate::cookies::Cookies;
use crate::site::Site;

/// The user who is logged in in the browser, or the anonymous one.
///
/// ```
/// use chanx_site::web::CurrentUser;
///
/// async fn hello(CurrentUser(user): CurrentUser) -> String {
///     if user.id.is_some() { format!("Hello, {}!", user.username) } else { "Who are you?".to_owned() }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct CurrentUser(pub User);

/// The user who is logged in. Others are sent to the login page and back, or refused with 403 if
/// the request is more than a look (GET, HEAD).
///
/// ```
/// use chanx_site::web::LoginRequired;
///
/// async fn secret(LoginRequired(user): LoginRequired) -> String {
///     format!("Only for you, {}.", user.username)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct LoginRequired(pub User);

/// The key of the login session that the browser presents, genuine or not.
#[derive(Debug, Clone)]
pub(crate) struct SessionKey(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Site {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        parts.extensions.get().cloned().ok_or(PageError::NoSite)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SessionKey {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let site = Site::from_request_parts(parts, state).await?;
        let cookies = Cookies::from_headers(&parts.headers);
        let key = cookies.value(&site.settings().session_cookie_name).filter(|key| !key.is_empty());
        Ok(Self(key.map(str::to_owned)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentUser {
    type Rejection = PageError;

    /// Looks the user up once for each request, however many extractors ask.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let site = Site::from_request_parts(parts, state).await?;
        let SessionKey(key) = SessionKey::from_request_parts(parts, state).await?;
        let account = match key {
            Some(key) => site.accounts().user_by_session(&key).await?,
            None => None,
        };
        let current = Self(account.map_or_else(User::anonymous, User::from));
        parts.extensions.insert(current.clone());
        Ok(current)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LoginRequired {
    type Rejection = LoginRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, LoginRejection> {
        let site = Site::from_request_parts(parts, state).await?;
        let CurrentUser(user) = CurrentUser::from_request_parts(parts, state).await?;
        if user.is_authenticated() {
            return Ok(Self(user));
        }
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return Err(LoginRejection(Cause::Refused { site, request: parts.headers.clone() }));
        }
        let here = parts.extensions.get().map_or(&parts.uri, |OriginalUri(uri)| uri);
        let here = here.path_and_query().map_or("/", |path| path.as_str());
        Err(LoginRejection(Cause::Elsewhere(with_next(&site.settings().login_url, here))))
    }
}

/// What somebody gets who is not logged in: the way to the login page, or 403.
#[derive(Debug)]
pub struct LoginRejection(Cause);

#[derive(Debug)]
enum Cause {
    Elsewhere(String),
    Refused { site: Site, request: HeaderMap },
    Failed(PageError),
}

impl From<PageError> for LoginRejection {
    fn from(error: PageError) -> Self {
        Self(Cause::Failed(error))
    }
}

impl IntoResponse for LoginRejection {
    fn into_response(self) -> Response {
        match self.0 {
            Cause::Elsewhere(url) => (StatusCode::FOUND, [(LOCATION, url)]).into_response(),
            Cause::Refused { site, request } => LOG_IN_FIRST.page(&site, StatusCode::FORBIDDEN, &request),
            Cause::Failed(error) => error.into_response(),
        }
    }
}

/// Lets only staff through, as [`login_required`] does users.
pub(crate) async fn staff_required(
    site: Site,
    LoginRequired(user): LoginRequired,
    request: Request,
    next: Next,
) -> Response {
    match user.is_staff() {
        true => next.run(request).await,
        false => STAFF_ONLY.page(&site, StatusCode::FORBIDDEN, request.headers()),
    }
}

const STAFF_ONLY: Refusal = Refusal {
    title: "Not for you",
    explanation: "This page is for the staff of the site.",
    advice: "Ask an administrator for access, or log in as somebody else.",
};

const LOG_IN_FIRST: Refusal = Refusal {
    title: "Please log in",
    explanation: "This is for users who are logged in.",
    advice: "Log in, then try again.",
};

/// Lets only users through who are logged in: [`LoginRequired`] for a whole router.
///
/// ```
/// use axum::{Router, middleware::from_fn, routing::get};
///
/// let members: Router =
///     Router::new().route("/members/", get(async || "Welcome")).layer(from_fn(chanx_site::web::login_required));
/// ```
pub async fn login_required(_: LoginRequired, request: Request, next: Next) -> Response {
    next.run(request).await
}
