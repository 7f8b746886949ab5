//! Messages of all shapes, with their traits written by hand.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chanx_core::message::{Fields, IncomingMessage, Message, MessageSet, OutgoingMessage, write_fields};
use chanx_core::wire::PAYLOAD;
use schemars::JsonSchema;
use serde::de::MapAccess;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One message of each shape.
#[derive(Debug, PartialEq)]
pub(crate) enum Talk {
    Ping,
    Say(Words),
    Count(u64),
    Closed(Closed),
    Flat(Flat),
    Choice(Choice),
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Words {
    first_name: String,
    nested_data: Map<String, Value>,
    spoken_by: Option<Speaker>,
    answer_to: Option<Box<Words>>,
    #[serde(default = "nobody")]
    read_by: Speaker,
    by_name: BTreeMap<String, Speaker>,
    #[serde(rename = "a_b")]
    one: u8,
    #[serde(rename = "a__b")]
    other: u8,
}

fn nobody() -> Speaker {
    Speaker::RegisteredUser { user_id: 7 }
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "speaker_kind", rename_all = "snake_case")]
pub(crate) enum Speaker {
    RegisteredUser { user_id: u64 },
    Guest(Guest),
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Guest {
    nick_name: String,
}

/// Refuses what it does not declare.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Closed {
    payload: i64,
    request_id: i64,
}

/// Keeps what it does not declare.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Flat {
    payload: String,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// An enum in place of a struct.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Choice {
    #[serde(rename = "by_number")]
    Number { the_number: i64 },
    #[serde(rename = "by_text")]
    Text(String),
}

impl Message for Talk {
    fn messages() -> &'static MessageSet {
        static MESSAGES: OnceLock<MessageSet> = OnceLock::new();
        MESSAGES.get_or_init(|| {
            MessageSet::builder()
                .nothing("ping", "Asks for a sign of life.")
                .payload::<Words>("say", "Speaks.")
                .optional_payload::<u64>("count", "")
                .whole::<Closed>("closed", "")
                .whole::<Flat>("flat", "")
                .whole::<Choice>("choice", "")
                .build()
        })
    }

    fn action(&self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Say(_) => "say",
            Self::Count(_) => "count",
            Self::Closed(_) => "closed",
            Self::Flat(_) => "flat",
            Self::Choice(_) => "choice",
        }
    }
}

impl IncomingMessage for Talk {
    fn decode<'de, A: MapAccess<'de>>(action: &str, fields: Fields<'_, A>) -> Result<Self, A::Error> {
        match action {
            "ping" => fields.nothing().map(|()| Self::Ping),
            "say" => fields.payload().map(Self::Say),
            "count" => fields.optional_payload(|| 7).map(Self::Count),
            "closed" => fields.whole().map(Self::Closed),
            "flat" => fields.whole().map(Self::Flat),
            "choice" => fields.whole().map(Self::Choice),
            _ => fields.unknown_action(),
        }
    }

    fn validate(&self) -> Result<(), garde::Report> {
        Ok(())
    }
}

impl OutgoingMessage for Talk {
    fn encode<M: SerializeMap>(&self, fields: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Ping => fields.serialize_entry(PAYLOAD, &()),
            Self::Say(words) => fields.serialize_entry(PAYLOAD, words),
            Self::Count(count) => fields.serialize_entry(PAYLOAD, count),
            Self::Closed(whole) => write_fields(fields, whole),
            Self::Flat(whole) => write_fields(fields, whole),
            Self::Choice(whole) => write_fields(fields, whole),
        }
    }
}
