//! From a typed message to the text of a frame: compact JSON, the action first, then the payload, then the rest.

mod quick;

use std::io;

use serde::Serializer;
use serde::ser::SerializeMap;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::camelize::{Direction, Naming, rename};
use crate::message::OutgoingMessage;
use crate::wire::{ENVELOPE_VERSION, Envelope, REFERENCE, VERSION, WireFormat};

/// A message that JSON cannot express.
#[derive(Debug, Error)]
#[error("the message `{action}` cannot be written as JSON")]
pub struct EncodeError {
    action: &'static str,
    source: serde_json::Error,
}

/// Writes the message to `out`, as an answer to the message that carried `envelope`.
///
/// Not-a-number and infinities are written as null, as JSON has no words for them.
///
/// # Errors
/// A value without a JSON form, such as a map whose keys are no strings; part of it may have been written then.
pub fn encode<M: OutgoingMessage>(
    message: &M,
    envelope: &Envelope,
    wire: &WireFormat,
    out: impl io::Write,
) -> Result<(), EncodeError> {
    let written = match wire.naming {
        Naming::AsDeclared => write(message, envelope, wire, out),
        Naming::CamelCase => write_renamed(message, envelope, wire, out),
    };
    written.map_err(|source| EncodeError { action: message.action(), source })
}

fn write<M: OutgoingMessage>(
    message: &M,
    envelope: &Envelope,
    wire: &WireFormat,
    out: impl io::Write,
) -> Result<(), serde_json::Error> {
    quick::write_object(out, |fields| {
        fields.serialize_entry(&wire.action_key, message.action())?;
        message.encode(fields)?;
        write_envelope(fields, envelope)
    })
}

/// Goes through a JSON value, since only the schema knows which names are declared and which are data.
fn write_renamed<M: OutgoingMessage>(
    message: &M,
    envelope: &Envelope,
    wire: &WireFormat,
    out: impl io::Write,
) -> Result<(), serde_json::Error> {
    let mut object = serde_json::value::Serializer.serialize_map(None)?;
    message.encode(&mut object)?;
    let set = M::messages();
    let object = match set.find(message.action()) {
        Some(info) => rename(set.document(info), &info.schema, object.end()?, Direction::Outgoing),
        None => object.end()?,
    };
    let mut serializer = serde_json::Serializer::new(out);
    let mut fields = serializer.serialize_map(None)?;
    fields.serialize_entry(&wire.action_key, message.action())?;
    for (key, value) in object.as_object().unwrap_or(&Map::<String, Value>::new()) {
        fields.serialize_entry(key, value)?;
    }
    write_envelope(&mut fields, envelope)?;
    fields.end()
}

fn write_envelope<M: SerializeMap>(fields: &mut M, envelope: &Envelope) -> Result<(), M::Error> {
    if envelope.versioned {
        fields.serialize_entry(VERSION, &ENVELOPE_VERSION)?;
    }
    if let Some(reference) = &envelope.reference {
        fields.serialize_entry(REFERENCE, reference)?;
    }
    Ok(())
}
