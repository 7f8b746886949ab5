//! What cannot be written or read.

use chanx_core::layer::LayerError;
use thiserror::Error;

/// Why a message cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum EncodeError {
    #[error("a message on its way through Redis cannot have the key `{}` itself", super::ADDRESSEE)]
    Addressed,
    #[error("the number {0} has more than 64 bits")]
    Number(String),
    #[error("the message has {size} bytes; the layer's option max_message allows {limit}")]
    TooLarge { size: usize, limit: usize },
    #[error("it is nested more than {} deep", super::MAX_DEPTH)]
    TooDeep,
}

/// Why bytes are no message. Nothing of the bytes is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum DecodeError {
    #[error("it is longer than {} bytes", super::LONGEST_MESSAGE)]
    TooLong,
    #[error("it is nested more than {} deep", super::MAX_DEPTH)]
    TooDeep,
    #[error("no key decrypts it, or it is too old")]
    Encryption,
    #[error("it ends too early")]
    Cut,
    #[error("something follows it")]
    Trailing,
    #[error("it is no map")]
    NoMap,
    #[error("a key of a map is no text")]
    Key,
    #[error("a text is no UTF-8")]
    Text,
    #[error("a number is not finite, or has more than 64 bits")]
    Number,
    #[error("it has bytes, or values of a type that JSON does not have")]
    Type,
    #[error("it is no JSON")]
    Json,
    #[error("it does not say to whom it goes")]
    Addressee,
}

impl From<EncodeError> for LayerError {
    fn from(error: EncodeError) -> Self {
        Self::Message(error.into())
    }
}
