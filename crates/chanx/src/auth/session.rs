//! Login sessions of browsers.

use super::{Accounts, Authentication, AuthenticationError, SecurityScheme, User};
use crate::handshake::Handshake;
use crate::settings::Settings;

/// The user who is logged in in the browser, by the site's session cookie (Django's `sessionid`).
///
/// A session that is missing, expired, forged, or of a user who may not log in any more counts as no credentials.
#[derive(Clone, Copy, Debug)]
pub struct SessionAuthentication;

impl Authentication for SessionAuthentication {
    type User = User;

    async fn authenticate(handshake: &Handshake) -> Result<Option<User>, AuthenticationError> {
        let accounts = Accounts::of(handshake)?;
        match handshake.cookie(accounts.session_cookie()) {
            Some(key) if !key.is_empty() => accounts.by_session(&key).await.map_err(AuthenticationError::failed),
            _ => Ok(None),
        }
    }

    fn schemes(settings: &Settings) -> Vec<SecurityScheme> {
        vec![SecurityScheme::Session { cookie: settings.session_cookie_name.clone() }]
    }

    fn anonymous() -> Option<User> {
        Some(User::anonymous())
    }
}
