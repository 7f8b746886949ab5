//! Any axum extractor as a source of identity.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;

use super::{Authentication, AuthenticationError, Identity, SecurityScheme};
use crate::endpoint::short_name;
use crate::handshake::Handshake;
use crate::settings::Settings;

/// The user that the axum extractor `E` finds in the request, such as the claims of a checked JWT.
///
/// A rejection of the extractor becomes the `authentication` frame, with its status and its body; one of 5xx is a
/// failure. Nobody is anonymous: an extractor that finds nothing rejects.
#[derive(Debug)]
pub struct Extracted<E>(PhantomData<fn() -> E>);

impl<E: FromRequestParts<()> + Identity> Authentication for Extracted<E> {
    type User = E;

    async fn authenticate(handshake: &Handshake) -> Result<Option<E>, AuthenticationError> {
        Ok(Some(handshake.extract().await?))
    }

    fn schemes(_: &Settings) -> Vec<SecurityScheme> {
        vec![SecurityScheme::Custom { name: short_name(std::any::type_name::<E>()).to_owned() }]
    }

    fn anonymous() -> Option<E> {
        None
    }
}
