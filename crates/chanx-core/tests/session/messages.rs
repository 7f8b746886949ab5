//! The few messages that the tables speak, with their traits written by hand.

use std::sync::OnceLock;

use chanx_core::message::{Fields, IncomingMessage, Message, MessageSet, OutgoingMessage};
use chanx_core::wire::PAYLOAD;
use serde::de::MapAccess;
use serde::ser::{Error, SerializeMap};

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Incoming {
    Ping,
    Echo(String),
}

impl Message for Incoming {
    fn messages() -> &'static MessageSet {
        static MESSAGES: OnceLock<MessageSet> = OnceLock::new();
        MESSAGES.get_or_init(|| MessageSet::builder().nothing("ping", "").payload::<String>("echo", "").build())
    }

    fn action(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Echo(_) => "echo",
        }
    }
}

impl IncomingMessage for Incoming {
    fn decode<'de, A: MapAccess<'de>>(action: &str, fields: Fields<'_, A>) -> Result<Self, A::Error> {
        match action {
            "ping" => fields.nothing().map(|()| Self::Ping),
            "echo" => fields.payload().map(Self::Echo),
            _ => fields.unknown_action(),
        }
    }

    fn validate(&self) -> Result<(), garde::Report> {
        Ok(())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outgoing {
    Pong,
    Echo(String),
    /// Fails after half of it is written.
    Inexpressible,
}

impl Message for Outgoing {
    fn messages() -> &'static MessageSet {
        static MESSAGES: OnceLock<MessageSet> = OnceLock::new();
        MESSAGES.get_or_init(|| {
            let set = MessageSet::builder().nothing("pong", "").payload::<String>("echo", "");
            set.nothing("inexpressible", "").build()
        })
    }

    fn action(&self) -> &'static str {
        match self {
            Self::Pong => "pong",
            Self::Echo(_) => "echo",
            Self::Inexpressible => "inexpressible",
        }
    }
}

impl OutgoingMessage for Outgoing {
    fn encode<M: SerializeMap>(&self, fields: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Pong => fields.serialize_entry(PAYLOAD, &()),
            Self::Echo(text) => fields.serialize_entry(PAYLOAD, text),
            Self::Inexpressible => {
                fields.serialize_entry(PAYLOAD, "half of it")?;
                Err(M::Error::custom("and no further"))
            }
        }
    }
}
