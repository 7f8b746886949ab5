//! One message as clients see it.

use serde::Serialize;
use serde_json::Value;

use super::example::example;
use super::frame::Frame;
use crate::message::{MessageInfo, MessageSet};
use crate::wire::{REFERENCE, VERSION, WireFormat};

/// A message: when it is used, what may stand in it, and how one looks.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MessageDescription {
    /// The discriminator.
    pub action: String,
    /// What the message is for, in Markdown; possibly empty.
    pub description: String,
    /// The JSON Schema (2020-12) of the whole frame, the discriminator included, with names as they are on the wire. It is
    /// self-contained: what it refers to stands under its `$defs`. The envelope's keys stand in it only where the message
    /// takes no others than it declares.
    pub schema: Value,
    /// A frame that the schema accepts, always the same.
    pub example: Value,
}

impl MessageDescription {
    fn new(info: &MessageInfo, schema: Value) -> Self {
        let example = without_envelope(example(&schema));
        Self { action: info.action.to_owned(), description: info.description.to_owned(), schema, example }
    }
}

/// The envelope is the client's affair, also where the schema names it.
fn without_envelope(mut frame: Value) -> Value {
    if let Some(frame) = frame.as_object_mut() {
        frame.shift_remove(REFERENCE);
        frame.shift_remove(VERSION);
    }
    frame
}

/// The messages of a set as they are on the wire.
pub fn describe_messages(set: &MessageSet, wire: &WireFormat) -> Vec<MessageDescription> {
    let describe = |info| MessageDescription::new(info, Frame::new(info, set, wire).into_schema());
    set.iter().map(describe).collect()
}

/// The messages of a group's set as its members get them: with the two keys that say whose they are.
pub fn describe_group_messages(set: &MessageSet, wire: &WireFormat) -> Vec<MessageDescription> {
    let describe = |info| MessageDescription::new(info, Frame::new(info, set, wire).with_origin(wire).into_schema());
    set.iter().map(describe).collect()
}
