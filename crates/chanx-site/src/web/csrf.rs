//! Forms that only this site's own pages can send, as Django's CSRF protection decides it. Knows no particular form.

use std::convert::Infallible;
use std::fmt;

use axum::Form;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, IntoResponseParts, Response, ResponseParts};
use http::header::{ORIGIN, REFERER, SET_COOKIE, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::de::DeserializeOwned;

use super::error::{PageError, Refusal};
use super::host::own_origin;
use super::templates::Markup;
use crate::cookies::{Cookies, InvalidCookie};
use crate::csrf::CsrfSecret;
use crate::site::Site;

/// The form's hidden field, in Django's name.
const FIELD: &str = "csrfmiddlewaretoken";

/// The header that scripts send instead of the field.
const HEADER: &str = "x-csrftoken";

/// The secret that a browser keeps in its cookie, for a page with a form.
///
/// A handler puts [`field`](Self::field) into the form and returns the value beside the page, so
/// that the cookie is set:
///
/// ```
/// use axum::response::{Html, IntoResponse};
/// use chanx_site::Site;
/// use chanx_site::web::{Csrf, Markup, PageError};
///
/// #[derive(serde::Serialize)]
/// struct Context {
///     csrf_field: Markup,
/// }
///
/// async fn form(site: Site, csrf: Csrf) -> Result<impl IntoResponse, PageError> {
///     let page = site.render("form.html", Context { csrf_field: csrf.field() })?;
///     Ok((csrf, page))
/// }
/// ```
#[derive(Clone)]
pub struct Csrf {
    secret: CsrfSecret,
    cookie: HeaderValue,
}

impl Csrf {
    /// A new secret, for a browser whose rights have just changed.
    pub(crate) fn renewed(site: &Site) -> Result<Self, InvalidCookie> {
        Self::of(CsrfSecret::generate(), site)
    }

    fn of(secret: CsrfSecret, site: &Site) -> Result<Self, InvalidCookie> {
        let age = site.settings().csrf_cookie_age;
        let cookie = site.csrf_cookie().header(secret.as_str(), Some(age))?;
        Ok(Self { secret, cookie })
    }

    /// The hidden field that the form needs, as HTML. Each call masks the secret anew.
    pub fn field(&self) -> Markup {
        Markup::new(format!(r#"<input type="hidden" name="{FIELD}" value="{}">"#, self.token()))
    }

    /// The value of the hidden field, or of the header `X-CSRFToken` that a script sends.
    pub fn token(&self) -> String {
        self.secret.masked()
    }
}

impl fmt::Debug for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Csrf")
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Csrf {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let site = Site::from_request_parts(parts, state).await?;
        let secret = secret_of(&parts.headers, &site).unwrap_or_else(CsrfSecret::generate);
        Ok(Self::of(secret, &site)?)
    }
}

impl IntoResponseParts for Csrf {
    type Error = Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Infallible> {
        response.headers_mut().append(SET_COOKIE, self.cookie);
        response.headers_mut().append(VARY, HeaderValue::from_static("Cookie"));
        Ok(response)
    }
}

/// A form that was sent by a page of this site.
///
/// The request must come from the own origin or one of `csrf_trusted_origins` (by `Origin`, or on
/// a secure site by `Referer`), and carry the cookie's secret in the field `csrfmiddlewaretoken`
/// or the header `X-CSRFToken`. Anything else is answered with 403 and an explanation.
#[derive(Debug, Clone, Copy)]
pub struct CsrfForm<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for CsrfForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let site = Site::from_request_parts(&mut parts, state).await.map_err(IntoResponse::into_response)?;
        let headers = parts.headers.clone();
        let body = Bytes::from_request(Request::from_parts(parts.clone(), body), state)
            .await
            .map_err(IntoResponse::into_response)?;
        check(&parts, &body, &site).map_err(|forgery| forgery.answer(&site, &headers))?;
        let request = Request::from_parts(parts, Body::from(body));
        let Form(form) = Form::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        Ok(Self(form))
    }
}

/// Why a form is not believed to be the site's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Forgery {
    #[error("the origin of the request is not trusted")]
    Origin,
    #[error("the request to a secure page names no page of this site as its referer")]
    Referer,
    #[error("the request has no CSRF cookie")]
    NoCookie,
    #[error("the request has no CSRF token, or one that does not belong to its cookie")]
    Token,
}

impl Forgery {
    fn answer(self, site: &Site, request: &HeaderMap) -> Response {
        tracing::warn!(reason = %self, "refused a form");
        let refusal = Refusal {
            title: "The form was not accepted",
            explanation: match self {
                Self::Origin => "It was sent from a page of another site.",
                Self::Referer => "Your browser did not say which page it was sent from.",
                Self::NoCookie => "Your browser did not send the cookie that belongs to the form.",
                Self::Token => "It is out of date: the page was probably open for a long time, or in two windows.",
            },
            advice: "Go back, load the page again and send the form once more. Cookies must be allowed.",
        };
        refusal.page(site, StatusCode::FORBIDDEN, request)
    }
}

fn check(parts: &Parts, body: &[u8], site: &Site) -> Result<(), Forgery> {
    check_source(&parts.headers, own_origin(parts, site).as_deref(), site)?;
    let secret = secret_of(&parts.headers, site).ok_or(Forgery::NoCookie)?;
    let token = token_of(&parts.headers, body).ok_or(Forgery::Token)?;
    secret.verify(&token).map_err(|_| Forgery::Token)
}

/// Browsers send `Origin` with every form; the referer decides only where it is missing and the
/// site is secure, since a plain connection proves nothing anyway.
fn check_source(headers: &HeaderMap, own: Option<&str>, site: &Site) -> Result<(), Forgery> {
    if let Some(origin) = headers.get(ORIGIN) {
        let is_own = own.is_some_and(|own| origin.as_bytes() == own.as_bytes());
        return (is_own || site.trusts_origin(headers)).then_some(()).ok_or(Forgery::Origin);
    }
    if !site.is_secure() {
        return Ok(());
    }
    let origin = headers.get(REFERER).and_then(origin_of).ok_or(Forgery::Referer)?;
    let is_own = own.is_some_and(|own| origin == own);
    let as_origin = HeaderMap::from_iter([(ORIGIN, origin)]);
    (is_own || site.trusts_origin(&as_origin)).then_some(()).ok_or(Forgery::Referer)
}

fn origin_of(referer: &HeaderValue) -> Option<HeaderValue> {
    let url = url::Url::parse(referer.to_str().ok()?).ok()?;
    HeaderValue::from_str(&url.origin().ascii_serialization()).ok()
}

fn secret_of(headers: &HeaderMap, site: &Site) -> Option<CsrfSecret> {
    let cookies = Cookies::from_headers(headers);
    cookies.value(&site.settings().csrf_cookie_name).and_then(|cookie| CsrfSecret::parse(cookie).ok())
}

fn token_of(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let field = url::form_urlencoded::parse(body).find(|(name, _)| name == FIELD);
    let header = || headers.get(HEADER).and_then(|token| token.to_str().ok()).map(str::to_owned);
    field.map(|(_, token)| token.into_owned()).or_else(header)
}
