//! Messages without a form of their own.

use std::sync::OnceLock;

use bytes::Bytes;
use bytestring::ByteString;
use serde::de::MapAccess;

use super::{Fields, IncomingMessage, Message, MessageSet};

/// A message as it came: without an envelope, and with nothing checked but that a text is UTF-8.
///
/// A consumer whose `Incoming` is `Raw` gets every text and every binary message. It shares the bytes with the buffer
/// that they were read into where that keeps no more than twice their number alive; otherwise they are a copy.
///
/// ```
/// use chanx_core::message::Raw;
///
/// let message = Raw::from("hello");
/// assert_eq!(message.as_bytes(), b"hello");
/// assert!(matches!(message, Raw::Text(text) if text == "hello"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    /// A text message.
    Text(ByteString),
    /// A binary message.
    Binary(Bytes),
}

impl Raw {
    /// The payload, whichever of the two it is.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// The same, to keep.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

impl From<&str> for Raw {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Bytes> for Raw {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl Message for Raw {
    fn messages() -> &'static MessageSet {
        static MESSAGES: OnceLock<MessageSet> = OnceLock::new();
        MESSAGES.get_or_init(|| MessageSet::builder().build())
    }

    /// What the log calls it.
    fn action(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Binary(_) => "binary",
        }
    }
}

impl IncomingMessage for Raw {
    const RAW: Option<fn(Raw) -> Self> = Some(std::convert::identity);

    fn decode<'de, A: MapAccess<'de>>(_: &str, fields: Fields<'_, A>) -> Result<Self, A::Error> {
        fields.unknown_action()
    }

    fn validate(&self) -> Result<(), garde::Report> {
        Ok(())
    }
}
