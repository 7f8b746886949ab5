//! Messages of the consumers that are not about types.

use std::collections::BTreeMap;

use chanx::Message;
use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// What most consumers take.
#[derive(Message)]
#[message(incoming)]
pub(crate) enum EchoIncoming {
    /// Asks for a sign of life.
    Ping,
    /// Asks for the payload back.
    Echo(String),
}

/// The only thing that some consumers take.
#[derive(Message)]
#[message(incoming)]
pub(crate) enum PingIncoming {
    /// Asks for a sign of life.
    Ping,
}

/// What most consumers send.
#[derive(Message)]
#[message(outgoing)]
pub(crate) enum Outgoing {
    /// Answers a ping.
    Pong,
    /// Answers an echo.
    Echo(String),
    /// Says something about the connection.
    Status(String),
    /// Carries any answer.
    Result(Value),
}

/// Messages with fields beside their payload, or without any.
#[derive(Message)]
#[message(incoming)]
pub(crate) enum ShapesIncoming {
    /// Refuses further fields.
    #[message(whole)]
    WholeForbid(WholeForbid),
    /// Keeps further fields.
    #[message(whole)]
    WholeAllow(WholeAllow),
    /// Has a payload by default.
    #[message(default)]
    First(i64),
    /// The same under another name.
    #[message(default)]
    Second(i64),
    /// Has declared fields beside the payload.
    #[message(whole)]
    WithFields(WithFields),
    /// Has a payload of its own by default.
    #[message(default = "one")]
    DefaultPayload(BTreeMap<String, i64>),
}

fn one() -> BTreeMap<String, i64> {
    BTreeMap::from([("n".to_owned(), 1)])
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WholeForbid {
    payload: i64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct WholeAllow {
    payload: i64,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct WithFields {
    payload: String,
    request_id: i64,
    #[serde(default)]
    trace_id: Option<Uuid>,
    #[serde(default)]
    sent_at: Option<DateTime<FixedOffset>>,
}

/// Names that `camelize` changes, and data that it leaves alone.
#[derive(Message)]
pub(crate) enum CamelTalk {
    /// Asks for a sign of life.
    #[message(rename = "ping")]
    Ping,
    /// Declared names at every level.
    #[message(whole)]
    CamelMessage(CamelFields),
    /// No declared names at all.
    #[message(default)]
    AnyMessage(Value),
    /// Answers a ping.
    Pong,
    /// Carries any answer.
    Result(Value),
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct CamelFields {
    payload: CamelPayload,
    #[serde(default)]
    request_id: i64,
}

#[derive(Clone, Serialize, Deserialize, JsonSchema)]
pub(crate) struct CamelPayload {
    first_name: String,
    #[serde(default)]
    nested_object: Map<String, Value>,
    #[serde(default)]
    list_of_things: Vec<Map<String, Value>>,
}

/// Handlers that fail, close, or send odd things.
#[derive(Message)]
#[message(incoming)]
pub(crate) enum FaultsIncoming {
    /// Asks for a sign of life.
    Ping,
    /// Leaves a mark.
    Mark(String),
    /// Takes its time.
    Slow { id: String, ms: u64 },
    /// Sends many answers.
    Flood(i64),
    /// Fails in one of many ways.
    Fault {
        what: String,
        #[serde(default)]
        n: i64,
        #[serde(default)]
        ms: u64,
        #[serde(default)]
        text: String,
    },
}

/// What the faulty handlers send, sane or not.
#[derive(Message)]
#[message(outgoing)]
pub(crate) enum FaultsOutgoing {
    /// Answers a ping.
    Pong,
    /// Says something about the connection.
    Status(String),
    /// Carries any answer.
    Result(Odd),
}

/// Any answer, JSON or not.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Odd {
    Json(Value),
    /// A number that JSON may not have.
    Number(f64),
    /// Keys that JSON does not have.
    Unserializable(BTreeMap<Point, i64>),
}

/// A key that is no string.
#[derive(Serialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    pub(crate) x: i64,
}

/// What a chat takes.
#[derive(Message)]
#[message(incoming)]
pub(crate) enum ChatIncoming {
    /// Asks for a sign of life.
    Ping,
    /// Speaks to the others.
    Say(String),
    /// Speaks to all, oneself included.
    SayAll(String),
    /// Sends the others anything.
    #[message(default)]
    SayJson(Value),
    /// Sends all anything.
    #[message(default)]
    SayJsonAll(Value),
    /// Speaks to certain groups.
    SayTo(SayTo),
    /// Says what nobody declares.
    #[message(default)]
    SayMismatch(String),
    /// Says a date and an identifier.
    #[message(default)]
    SayWhen(String),
    /// Joins a group.
    Join { group: String },
    /// Leaves a group.
    Leave { group: String },
    /// Asks for the user and the groups.
    Whoami,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct SayTo {
    pub(crate) groups: Vec<String>,
    pub(crate) text: String,
}

/// What the members of a chat hear.
#[derive(Message)]
pub(crate) enum Heard {
    /// What somebody said.
    #[message(rename = "member_message")]
    Message(String),
    /// A notice.
    #[message(rename = "member_notice")]
    Notice(Map<String, Value>),
    /// A date and an identifier.
    #[message(rename = "member_when")]
    When(Stamp),
}

impl Heard {
    /// The date and the identifier of the cases.
    pub(crate) fn a_certain_time() -> chanx::Result<Self> {
        let at = DateTime::parse_from_rfc3339("2025-06-07T14:40:21.123456Z")?;
        let id = Uuid::parse_str("12345678-1234-5678-1234-567812345678")?;
        Ok(Self::When(Stamp { at, id }))
    }
}

/// A date and an identifier.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Stamp {
    at: DateTime<FixedOffset>,
    id: Uuid,
}

/// What a consumer is told over the channel layer.
#[derive(Message)]
pub(crate) enum AppEvent {
    /// To be passed on to the client.
    Notify {
        text: String,
        #[serde(default = "first_level")]
        level: i64,
    },
    /// Closes the connection.
    #[message(default)]
    Close(Option<i64>),
    /// Makes the handler fail.
    #[message(default = "boom")]
    Fail(String),
    /// A date and an identifier, to be passed on.
    Stamp(Stamp),
}

fn first_level() -> i64 {
    1
}

fn boom() -> String {
    "boom".to_owned()
}
