//! The `Authorization` header: a keyword and one value.

use crate::handshake::Handshake;

/// What follows the keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Credentials<'a>(pub(super) &'a [u8]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    NoCredentials,
    Spaces,
}

/// The credentials under `keyword`, which is compared without regard to case; none if there is another keyword.
pub(super) fn authorization<'a>(
    handshake: &'a Handshake,
    keyword: &str,
) -> Result<Option<Credentials<'a>>, HeaderError> {
    let value = handshake.header_bytes(http::header::AUTHORIZATION.as_str()).unwrap_or_default();
    let mut words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    match words.next() {
        Some(word) if word.eq_ignore_ascii_case(keyword.as_bytes()) => {}
        _ => return Ok(None),
    }
    match (words.next(), words.next()) {
        (None, _) => Err(HeaderError::NoCredentials),
        (Some(credentials), None) => Ok(Some(Credentials(credentials))),
        (Some(_), Some(_)) => Err(HeaderError::Spaces),
    }
}
