//! What a consumer serves, found by the request: a path parameter, a row of a table, or nothing.

use axum::extract::FromRequestParts;
use serde::de::DeserializeOwned;

use crate::handshake::Handshake;
use crate::refusal::Rejection;

/// Something that is found by the request that opened a connection, before the client is let in.
///
/// A lookup that finds nothing is refused with 404; a store that does not answer is a failure.
///
/// ```
/// use chanx::{FromHandshake, Handshake, Refusal, Rejection};
///
/// #[derive(serde::Deserialize)]
/// struct RoomPath {
///     pk: i64,
/// }
///
/// struct Room {
///     pk: i64,
/// }
///
/// impl FromHandshake for Room {
///     async fn from_handshake(handshake: &Handshake) -> Result<Self, Rejection> {
///         let RoomPath { pk } = handshake.path()?;
///         if pk == 1 { Ok(Room { pk }) } else { Err(Refusal::not_found("No such room.").into()) }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be found by a handshake",
    note = "implement `FromHandshake` for it, or use `()`, `Path<T>`, `Query<T>` or `Extract<E>`"
)]
pub trait FromHandshake: Sized + Send + Sync + 'static {
    /// Finds it.
    ///
    /// # Errors
    /// A refusal (404, if it does not exist), or a failure.
    fn from_handshake(handshake: &Handshake) -> impl Future<Output = Result<Self, Rejection>> + Send;
}

/// Nothing.
impl FromHandshake for () {
    async fn from_handshake(_: &Handshake) -> Result<Self, Rejection> {
        Ok(())
    }
}

/// The path parameters as a typed value. What does not fit the type is not found (404).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send + Sync + 'static> FromHandshake for Path<T> {
    async fn from_handshake(handshake: &Handshake) -> Result<Self, Rejection> {
        Ok(Self(handshake.path()?))
    }
}

/// The query string as a typed value. What does not fit the type is a bad request (400).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send + Sync + 'static> FromHandshake for Query<T> {
    async fn from_handshake(handshake: &Handshake) -> Result<Self, Rejection> {
        Ok(Self(handshake.query()?))
    }
}

/// Whatever an axum extractor finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extract<E>(pub E);

impl<E: FromRequestParts<()> + Send + Sync + 'static> FromHandshake for Extract<E> {
    async fn from_handshake(handshake: &Handshake) -> Result<Self, Rejection> {
        handshake.extract().await.map(Self)
    }
}

macro_rules! several {
    ($($part:ident),+) => {
        impl<$($part: FromHandshake),+> FromHandshake for ($($part,)+) {
            async fn from_handshake(handshake: &Handshake) -> Result<Self, Rejection> {
                Ok(($($part::from_handshake(handshake).await?,)+))
            }
        }
    };
}

several!(A, B);
several!(A, B, C);
