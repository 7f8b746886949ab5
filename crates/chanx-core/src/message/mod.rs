//! What a message type is to the protocol: a set of actions, each with its fields. `#[derive(Message)]` implements these traits.

mod fields;
mod flat;
mod never;
mod raw;
mod set;
mod strict;

pub use fields::Fields;
pub(crate) use fields::{Key, KeyReader};
pub use flat::write_fields;
pub use never::Never;
pub use raw::Raw;
pub(crate) use set::Formatted;
pub use set::{MessageInfo, MessageSet, MessageSetBuilder};

use serde::de::MapAccess;
use serde::ser::SerializeMap;

/// A closed set of messages, told apart by their action: an enum with one variant for each.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of messages",
    label = "this type does not say which actions it has",
    note = "declare an enum with one variant for each action and put `#[derive(Message)]` on it"
)]
pub trait Message: Sized + Send + 'static {
    /// The actions with their descriptions and JSON Schemas, built once per type.
    fn messages() -> &'static MessageSet;

    /// The discriminator of this message.
    fn action(&self) -> &'static str;
}

/// Messages that a client may send.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be received",
    label = "not a set of incoming messages",
    note = "put `#[derive(Message)]` on the enum; `#[message(outgoing)]` makes a set that is only sent"
)]
pub trait IncomingMessage: Message {
    /// Makes a message of what arrived, for the one set whose messages have no form: [`Raw`]. Others are JSON objects, and
    /// have `None`.
    #[doc(hidden)]
    const RAW: Option<fn(Raw) -> Self> = None;

    /// Reads the fields of the message with this action, in one pass.
    ///
    /// # Errors
    /// Whatever the fields' types refuse, and an action that is not one of the set.
    fn decode<'de, A: MapAccess<'de>>(action: &str, fields: Fields<'_, A>) -> Result<Self, A::Error>;

    /// Checks the constraints that types cannot express (lengths, ranges, patterns).
    ///
    /// # Errors
    /// The report of the validation library, with a path for each broken rule.
    fn validate(&self) -> Result<(), garde::Report>;
}

/// Messages that the server sends.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent",
    label = "not a set of outgoing messages",
    note = "put `#[derive(Message)]` on the enum; `#[message(incoming)]` makes a set that is only received"
)]
pub trait OutgoingMessage: Message {
    /// Writes the fields beside the action, `payload` first.
    ///
    /// # Errors
    /// Whatever the fields' types cannot express in JSON.
    fn encode<M: SerializeMap>(&self, fields: &mut M) -> Result<(), M::Error>;
}
