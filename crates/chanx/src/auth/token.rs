//! API tokens.

use super::header::{Credentials, HeaderError, authorization};
use super::{Accounts, Authentication, AuthenticationError, SecurityScheme, TokenLookup, User};
use crate::handshake::Handshake;
use crate::settings::Settings;

/// The user to whom the token of `Authorization: Token <key>` belongs, as in Django REST framework.
///
/// Scripts in browsers cannot set that header. Without it the token of a client counts that offers `chanx.bearer.<key>` beside a
/// subprotocol that the consumer speaks, see [`Handshake::subprotocol_token`]. There is no setting for it: no browser
/// offers a token by itself, as it does with cookies, so another site's page gains nothing.
#[derive(Clone, Copy, Debug)]
pub struct TokenAuthentication;

impl Authentication for TokenAuthentication {
    type User = User;

    async fn authenticate(handshake: &Handshake) -> Result<Option<User>, AuthenticationError> {
        let key = match authorization(handshake, "token") {
            Ok(None) => match handshake.subprotocol_token() {
                Some(key) => Some(key),
                None => return Ok(None),
            },
            Ok(Some(Credentials(key))) => std::str::from_utf8(key).ok().filter(|key| key.is_ascii()),
            Err(error) => return Err(AuthenticationError::bad_credentials(explain(error))),
        };
        let Some(key) = key else {
            return Err(AuthenticationError::bad_credentials(
                "Invalid token header. Token string should not contain invalid characters.",
            ));
        };
        match Accounts::of(handshake)?.by_token(key).await.map_err(AuthenticationError::failed)? {
            TokenLookup::User(user) => Ok(Some(user)),
            TokenLookup::Inactive => Err(AuthenticationError::bad_credentials("User inactive or deleted.")),
            TokenLookup::Unknown => Err(AuthenticationError::bad_credentials("Invalid token.")),
        }
    }

    fn schemes(_: &Settings) -> Vec<SecurityScheme> {
        vec![SecurityScheme::Token { keyword: "Token".to_owned() }]
    }

    fn anonymous() -> Option<User> {
        Some(User::anonymous())
    }

    fn challenge() -> Option<&'static str> {
        Some("Token")
    }
}

fn explain(error: HeaderError) -> &'static str {
    match error {
        HeaderError::NoCredentials => "Invalid token header. No credentials provided.",
        HeaderError::Spaces => "Invalid token header. Token string should not contain spaces.",
    }
}
