//! Errors that point into the user's source, many at a time.

use quote::ToTokens;
use syn::{Error, Result};

/// An error that underlines `tokens`.
pub(crate) fn spanned(tokens: impl ToTokens, message: impl std::fmt::Display) -> Error {
    Error::new_spanned(tokens, message)
}

/// An error that underlines `tokens`, as the result of a check.
pub(crate) fn refuse<T>(tokens: impl ToTokens, message: impl std::fmt::Display) -> Result<T> {
    Err(spanned(tokens, message))
}

/// All values, or all errors as one.
pub(crate) fn all<T>(results: impl IntoIterator<Item = Result<T>>) -> Result<Vec<T>> {
    let (mut values, mut errors) = (Vec::new(), None::<Error>);
    for result in results {
        match (result, &mut errors) {
            (Ok(value), _) => values.push(value),
            (Err(error), None) => errors = Some(error),
            (Err(error), Some(errors)) => errors.combine(error),
        }
    }
    errors.map_or(Ok(values), Err)
}
