//! The messages that chanx itself sends.

use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::Value;

use crate::message::{Message, MessageSet, OutgoingMessage};
use crate::validation::Fault;
use crate::wire::PAYLOAD;

/// A frame that the protocol sends beside the application's own.
#[derive(Clone, Debug, PartialEq)]
pub enum Builtin {
    /// The outcome of authentication and permissions, once after the socket is accepted.
    Authentication(AuthenticationOutcome),
    /// Every fault of a message that was refused.
    Invalid(Vec<Fault>),
    /// A handler failed; the log has the cause under the same id.
    Failed(Failure),
    /// The message, the event or the connection phase is dealt with.
    Complete,
    /// A group message is dealt with.
    GroupComplete,
}

/// The payload of `authentication`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(extend("examples" = [{"status_code": 200, "status_text": "OK", "data": {"detail": "OK"}}]))]
pub struct AuthenticationOutcome {
    /// An HTTP status: 200, or that of the refusal.
    pub status_code: u16,
    /// The words to the status.
    pub status_text: String,
    /// `{"detail": …}`, or whatever body the refusal has.
    pub data: Value,
}

/// The payload of `error` after a handler failed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Failure {
    /// The same words for every failure: the cause is nobody's business but the log's.
    #[schemars(extend("const" = FAILED))]
    pub detail: &'static str,
    /// What to look for in the log.
    #[schemars(extend("examples" = ["5f1c9d3a-7"]))]
    pub id: String,
}

const FAILED: &str = "Failed to process message";

impl Failure {
    /// The failure with this id in the log.
    pub fn new(id: String) -> Self {
        Self { detail: FAILED, id }
    }
}

/// The payload of `error`.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Trouble<'a> {
    /// Every fault of a message that was refused.
    Invalid(&'a [Fault]),
    /// The handler of the message failed.
    Failed(&'a Failure),
}

impl Message for Builtin {
    fn messages() -> &'static MessageSet {
        static MESSAGES: OnceLock<MessageSet> = OnceLock::new();
        MESSAGES.get_or_init(|| {
            MessageSet::builder()
                .payload::<AuthenticationOutcome>("authentication", "The outcome of authentication and permissions.")
                .payload::<Trouble<'_>>("error", "What was wrong with a message, or that its handler failed.")
                .nothing("complete", "The message, the event or the connection phase is dealt with.")
                .nothing("group_complete", "A group message is dealt with.")
                .build()
        })
    }

    fn action(&self) -> &'static str {
        match self {
            Self::Authentication(_) => "authentication",
            Self::Invalid(_) | Self::Failed(_) => "error",
            Self::Complete => "complete",
            Self::GroupComplete => "group_complete",
        }
    }
}

impl OutgoingMessage for Builtin {
    fn encode<M: SerializeMap>(&self, fields: &mut M) -> Result<(), M::Error> {
        match self {
            Self::Authentication(outcome) => fields.serialize_entry(PAYLOAD, outcome),
            Self::Invalid(faults) => fields.serialize_entry(PAYLOAD, &Trouble::Invalid(faults)),
            Self::Failed(failure) => fields.serialize_entry(PAYLOAD, &Trouble::Failed(failure)),
            Self::Complete | Self::GroupComplete => fields.serialize_entry(PAYLOAD, &()),
        }
    }
}
