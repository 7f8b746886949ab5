//! The set of messages that has none.

use std::sync::OnceLock;

use serde::de::MapAccess;
use serde::ser::SerializeMap;

use super::{Fields, IncomingMessage, Message, MessageSet, OutgoingMessage};

/// No message at all: for consumers without group messages or events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {}

impl Message for Never {
    fn messages() -> &'static MessageSet {
        static MESSAGES: OnceLock<MessageSet> = OnceLock::new();
        MESSAGES.get_or_init(|| MessageSet::builder().build())
    }

    fn action(&self) -> &'static str {
        match *self {}
    }
}

impl IncomingMessage for Never {
    fn decode<'de, A: MapAccess<'de>>(_: &str, fields: Fields<'_, A>) -> Result<Self, A::Error> {
        fields.unknown_action()
    }

    fn validate(&self) -> Result<(), garde::Report> {
        match *self {}
    }
}

impl OutgoingMessage for Never {
    fn encode<M: SerializeMap>(&self, _: &mut M) -> Result<(), M::Error> {
        match *self {}
    }
}
