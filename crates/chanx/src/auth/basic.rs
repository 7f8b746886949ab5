//! Names and passwords in a header.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::header::{Credentials, HeaderError, authorization};
use super::{Accounts, Authentication, AuthenticationError, SecurityScheme, User};
use crate::handshake::Handshake;
use crate::settings::Settings;

/// The user with the name and password of `Authorization: Basic <base64 of name:password>` (RFC 7617), in UTF-8 or,
/// failing that, in Latin-1.
#[derive(Clone, Copy, Debug)]
pub struct BasicAuthentication;

impl Authentication for BasicAuthentication {
    type User = User;

    async fn authenticate(handshake: &Handshake) -> Result<Option<User>, AuthenticationError> {
        let credentials = match authorization(handshake, "basic") {
            Ok(None) => return Ok(None),
            Ok(Some(credentials)) => credentials,
            Err(error) => return Err(AuthenticationError::bad_credentials(explain(error))),
        };
        let Some((name, password)) = decode(credentials) else {
            return Err(AuthenticationError::bad_credentials(
                "Invalid basic header. Credentials not correctly base64 encoded.",
            ));
        };
        let user = Accounts::of(handshake)?.by_password(&name, &password).await;
        match user.map_err(AuthenticationError::failed)? {
            Some(user) => Ok(Some(user)),
            None => Err(AuthenticationError::bad_credentials("Invalid username/password.")),
        }
    }

    fn schemes(_: &Settings) -> Vec<SecurityScheme> {
        vec![SecurityScheme::Basic]
    }

    fn anonymous() -> Option<User> {
        Some(User::anonymous())
    }

    fn challenge() -> Option<&'static str> {
        Some("Basic")
    }
}

fn decode(Credentials(encoded): Credentials<'_>) -> Option<(String, String)> {
    let decoded = STANDARD.decode(encoded).ok()?;
    let text = String::from_utf8(decoded).unwrap_or_else(|error| latin1(error.as_bytes()));
    text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn explain(error: HeaderError) -> &'static str {
    match error {
        HeaderError::NoCredentials => "Invalid basic header. No credentials provided.",
        HeaderError::Spaces => "Invalid basic header. Credentials string should not contain spaces.",
    }
}
