//! Where an endpoint looks for the identity of a client.

use serde::Serialize;

/// A source of identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecurityScheme {
    /// A login session, found by a cookie.
    Session {
        /// The cookie's name.
        cookie: String,
    },
    /// A header with a token, such as `Authorization: Token 9944…`.
    Token {
        /// The word before the token.
        keyword: String,
    },
    /// A name and a password in the header `Authorization` (RFC 7617).
    Basic,
    /// A source of the application's own.
    Custom {
        /// The name of its type.
        name: String,
    },
}
