//! Several sources, tried in order; or none.

use super::{Authentication, AuthenticationError, SecurityScheme, User};
use crate::handshake::Handshake;
use crate::settings::Settings;

impl Authentication for () {
    type User = User;

    async fn authenticate(_: &Handshake) -> Result<Option<User>, AuthenticationError> {
        Ok(None)
    }

    fn anonymous() -> Option<User> {
        Some(User::anonymous())
    }

    fn schemes(_: &Settings) -> Vec<SecurityScheme> {
        Vec::new()
    }

    fn asks() -> bool {
        false
    }
}

/// The first source that finds credentials decides, be it with a user or with an error.
macro_rules! chain {
    ($first:ident $(, $next:ident)*) => {
        impl<$first, $($next),*> Authentication for ($first, $($next),*)
        where
            $first: Authentication,
            $($next: Authentication<User = $first::User>,)*
        {
            type User = $first::User;

            async fn authenticate(handshake: &Handshake) -> Result<Option<Self::User>, AuthenticationError> {
                if let Some(user) = $first::authenticate(handshake).await? {
                    return Ok(Some(user));
                }
                $(
                    if let Some(user) = $next::authenticate(handshake).await? {
                        return Ok(Some(user));
                    }
                )*
                Ok(None)
            }

            fn schemes(settings: &Settings) -> Vec<SecurityScheme> {
                [$first::schemes(settings) $(, $next::schemes(settings))*].concat()
            }

            fn anonymous() -> Option<Self::User> {
                $first::anonymous()
            }

            fn challenge() -> Option<&'static str> {
                $first::challenge()
            }
        }
    };
}

chain!(A);
chain!(A, B);
chain!(A, B, C);
chain!(A, B, C, D);
