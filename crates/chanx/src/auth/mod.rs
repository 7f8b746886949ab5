//! Who is on the other side: sources of identity, tried in order as in Django REST framework.

mod accounts;
mod basic;
mod chain;
mod extracted;
mod header;
mod session;
mod token;
mod user;

pub use accounts::{AccountStore, Accounts, TokenLookup};
pub use basic::BasicAuthentication;
pub use extracted::Extracted;
pub use session::SessionAuthentication;
pub use token::TokenAuthentication;
pub(crate) use user::user_key;
pub use user::{Identity, User};

pub use chanx_core::description::SecurityScheme;

use crate::endpoint::short_name;
use crate::handshake::Handshake;
use crate::refusal::{BoxError, Refusal, Rejection};
use crate::settings::Settings;

/// A source of identity.
///
/// [`SessionAuthentication`], [`TokenAuthentication`] and [`BasicAuthentication`] know the users of the site's
/// [`Accounts`]; [`Extracted`] takes any axum extractor; a tuple tries its members in order, and the first that finds
/// credentials decides; `()` asks nobody, so that everybody is anonymous.
///
/// ```
/// use chanx::auth::{Authentication, AuthenticationError, Identity};
/// use chanx::Handshake;
///
/// struct Robot(String);
///
/// impl Identity for Robot {
///     fn key(&self) -> Option<String> {
///         Some(self.0.clone())
///     }
///
///     fn kind(&self) -> &str {
///         "robot" // so that the robot `7` is not the site's user 7
///     }
/// }
///
/// struct RobotHeader;
///
/// impl Authentication for RobotHeader {
///     type User = Robot;
///
///     async fn authenticate(handshake: &Handshake) -> Result<Option<Robot>, AuthenticationError> {
///         match handshake.header("x-robot") {
///             None => Ok(None),
///             Some("") => Err(AuthenticationError::bad_credentials("A robot needs a name.")),
///             Some(name) => Ok(Some(Robot(name.to_owned()))),
///         }
///     }
///
///     fn anonymous() -> Option<Robot> {
///         None // whoever is no robot is refused
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no source of identity",
    note = "use `SessionAuthentication`, `TokenAuthentication`, `BasicAuthentication`, a tuple of them, `Extracted<E>` \
            for an axum extractor, or `()` to ask nobody"
)]
pub trait Authentication: Send + Sync + 'static {
    /// What a known client is.
    type User: Identity;

    /// Looks for credentials in the request: a user, nobody, or an error.
    ///
    /// # Errors
    /// Credentials that are there and wrong; a store that does not answer.
    fn authenticate(
        handshake: &Handshake,
    ) -> impl Future<Output = Result<Option<Self::User>, AuthenticationError>> + Send;

    /// Who comes without credentials; none: such clients are refused before any permission is asked.
    fn anonymous() -> Option<Self::User>;

    /// The scheme of an `Authorization` header that would help. If the first source has one, clients without good
    /// credentials are refused with 401, otherwise with 403.
    fn challenge() -> Option<&'static str> {
        None
    }

    /// Where clients put their credentials, for documents.
    fn schemes(settings: &Settings) -> Vec<SecurityScheme> {
        let _ = settings;
        vec![SecurityScheme::Custom { name: short_name(std::any::type_name::<Self>()).to_owned() }]
    }

    /// Whether anybody is asked at all. A client that could not log in is told that it may not, not that it should.
    fn asks() -> bool {
        true
    }
}

/// Why authentication did not end with a user or an anonymous one.
#[derive(Debug)]
pub enum AuthenticationError {
    /// Credentials are there, and wrong: 401 or 403, depending on the first source.
    BadCredentials(String),
    /// A refusal of another kind, or a failure.
    Rejected(Rejection),
}

impl AuthenticationError {
    /// Credentials are there, and wrong.
    pub fn bad_credentials(detail: impl Into<String>) -> Self {
        Self::BadCredentials(detail.into())
    }

    pub(crate) fn failed(error: BoxError) -> Self {
        Self::Rejected(Rejection::Failed(error))
    }
}

impl<E: Into<Rejection>> From<E> for AuthenticationError {
    fn from(error: E) -> Self {
        Self::Rejected(error.into())
    }
}

/// The refusal of somebody whose credentials are missing or wrong.
pub(crate) fn unauthenticated<A: Authentication>(detail: &str) -> Refusal {
    Refusal::new(if A::challenge().is_some() { 401 } else { 403 }).detail(detail)
}

/// Finds out who it is.
///
/// # Errors
/// Bad credentials, a failure, or nobody where nobody may be anonymous.
pub(crate) async fn identify<A: Authentication>(handshake: &Handshake) -> Result<A::User, Rejection> {
    match A::authenticate(handshake).await {
        Ok(Some(user)) => Ok(user),
        Ok(None) => A::anonymous().ok_or_else(|| unauthenticated::<A>(NOT_PROVIDED).into()),
        Err(AuthenticationError::BadCredentials(detail)) => Err(unauthenticated::<A>(&detail).into()),
        Err(AuthenticationError::Rejected(rejection)) => Err(rejection),
    }
}

pub(crate) const NOT_PROVIDED: &str = "Authentication credentials were not provided.";
