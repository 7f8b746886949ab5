//! What browsers see: login and logout, forms, and the extractors for an application's own pages.

mod assets;
mod csrf;
mod error;
mod headers;
mod health;
mod host;
mod login;
mod logout;
mod missing;
mod next;
mod request_id;
mod templates;
mod throttle;
mod user;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::get;

pub use assets::Asset;
pub use csrf::{Csrf, CsrfForm};
pub use error::PageError;
pub use headers::security_headers;
pub use health::{HEALTH_PATH, LIVENESS_PATH};
pub use next::local_target;
pub use request_id::request_id;
pub use templates::{Markup, RenderError, TemplateError, TemplateSource};
pub use user::{CurrentUser, LoginRejection, LoginRequired, login_required};

pub(crate) use assets::Assets;
pub(crate) use error::chain;
pub(crate) use health::{liveness, router as health_router};
pub(crate) use host::allowed_hosts;
pub(crate) use missing::answer_missing;
pub(crate) use templates::Templates;
pub(crate) use throttle::LoginThrottle;
pub(crate) use user::staff_required;

/// Django's path of the login page.
pub const LOGIN_PATH: &str = "/admin/login/";

/// Django's path of the logout page.
pub const LOGOUT_PATH: &str = "/admin/logout/";

/// Names and passwords are short; nobody needs to send more.
const MAX_FORM_BYTES: usize = 16 * 1024;

/// The login and logout pages.
pub(crate) fn router() -> Router {
    Router::new()
        .route(LOGIN_PATH, get(login::show).post(login::submit))
        .route(LOGOUT_PATH, get(logout::ask).post(logout::leave))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(from_fn(headers::never_stored))
        .layer(from_fn(security_headers))
}
