//! One message as clients see it.

use serde::Serialize;
use serde_json::Value;

use crate::message::MessageSet;
use crate::wire::WireFormat;

/// A message: when it is used, what may stand in it, and how one looks.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct MessageDescription {
    /// The discriminator.
    pub action: String,
    /// What the message is for, in Markdown; possibly empty.
    pub description: String,
    /// The JSON Schema (2020-12) of the whole frame, the discriminator included, with names as they are on the wire. It is
    /// self-contained: what it refers to stands under its `$defs`.
    pub schema: Value,
    /// A frame that the schema accepts, always the same.
    pub example: Value,
}

/// The messages of a set as they are on the wire.
pub fn describe_messages(set: &MessageSet, wire: &WireFormat) -> Vec<MessageDescription> {
    let _ = (set, wire);
    todo!()
}
