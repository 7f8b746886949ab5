//! The slow path: what exactly is wrong with a message, or the message after all.
//!
//! It also serves `camelize`, whose names are known only from the schema, and messages with formats of strings, which types
//! may read less strictly, where the quick way cannot tell that the schema has no objection.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use serde_path_to_error::Track;

use super::salvage::is_version;
use super::{Decoded, Rejected, rules, salvage};
use crate::camelize::{Direction, Naming, rename};
use crate::message::{Fields, IncomingMessage, KeyReader, MessageInfo, MessageSet};
use crate::validation::{Fault, Segment, diagnose_in, place, shortened, with_integers};
use crate::wire::{ENVELOPE_VERSION, Envelope, REFERENCE, VERSION, WireFormat};

pub(super) fn too_deep(text: &str, wire: &WireFormat) -> Rejected {
    unreadable(text, wire, "nested too deep")
}

pub(super) fn decode<M: IncomingMessage>(text: &str, wire: &WireFormat) -> Result<Decoded<M>, Rejected> {
    let mut fields = match parse(text) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => {
            let faults = vec![Fault::new("dict_type", [], "Input should be an object")];
            return Err(Rejected { faults, envelope: Envelope::default() });
        }
        Err(error) => return Err(unreadable(text, wire, &words(&error))),
    };
    let (envelope, mut faults) = take_envelope(&mut fields);
    match find_message::<M>(&mut fields, wire) {
        Err(fault) => faults.push(fault),
        Ok(info) => match checked(info, M::messages(), fields, wire) {
            Err(more) => faults.extend(more),
            Ok(fields) if faults.is_empty() => return typed(info, &fields, envelope, wire),
            Ok(_) => {}
        },
    }
    faults.truncate(wire.max_faults);
    Err(Rejected { faults, envelope })
}

fn parse(text: &str) -> Result<Value, serde_json::Error> {
    let mut parser = super::parser(text);
    let value = Value::deserialize(&mut parser)?;
    parser.end()?;
    Ok(value)
}

/// Takes the envelope out of the fields, with its own faults.
fn take_envelope(fields: &mut Map<String, Value>) -> (Envelope, Vec<Fault>) {
    let mut faults = Vec::new();
    let reference = match fields.shift_remove(REFERENCE) {
        None | Some(Value::Null) => None,
        Some(Value::String(reference)) => Some(reference),
        Some(_) => {
            faults.push(Fault::new("string_type", [REFERENCE.into()], "Input should be a valid string"));
            None
        }
    };
    let versioned = match fields.shift_remove(VERSION) {
        None | Some(Value::Null) => false,
        Some(version) if is_version(&version) => true,
        Some(_) => {
            faults.push(Fault::new("literal_error", [VERSION.into()], format!("Input should be {ENVELOPE_VERSION}")));
            false
        }
    };
    (Envelope { reference, versioned }, faults)
}

fn find_message<M: IncomingMessage>(
    fields: &mut Map<String, Value>,
    wire: &WireFormat,
) -> Result<&'static MessageInfo, Fault> {
    let key = &wire.action_key;
    let Some(tag) = fields.shift_remove(key) else {
        let msg = format!("Unable to extract tag using discriminator '{key}'");
        return Err(Fault::new("union_tag_not_found", [], msg));
    };
    let tag = match tag {
        Value::String(tag) => match M::messages().find(&tag) {
            Some(info) => return Ok(info),
            None => tag,
        },
        other => other.to_string(),
    };
    let expected: Vec<_> = M::messages().iter().map(|info| format!("'{}'", info.action)).collect();
    let msg = format!(
        "Input tag '{}' found using '{key}' does not match any of the expected tags: {}",
        shortened(&tag),
        expected.join(", ")
    );
    Err(Fault::new("union_tag_invalid", [], msg))
}

/// The fields under their declared names, if the schema finds no fault in them.
fn checked(
    info: &'static MessageInfo,
    set: &MessageSet,
    fields: Map<String, Value>,
    wire: &WireFormat,
) -> Result<Value, Vec<Fault>> {
    let fields = Value::Object(fields);
    let document = set.document(info);
    let faults = diagnose_in(document, &info.schema, &fields, &[info.action.into()], wire.naming, wire.max_faults);
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(match wire.naming {
        Naming::AsDeclared => fields,
        Naming::CamelCase => rename(document, &info.schema, fields, Direction::Incoming),
    })
}

/// The message, now that the schema has no objection. What only the type or a rule of the application's own refuses
/// is reported without the parser's words, which may quote the input.
fn typed<M: IncomingMessage>(
    info: &MessageInfo,
    fields: &Value,
    envelope: Envelope,
    wire: &WireFormat,
) -> Result<Decoded<M>, Rejected> {
    let document = M::messages().document(info);
    let read = read(info.action, fields).or_else(|path| match with_integers(document, &info.schema, fields) {
        Some(fields) => read(info.action, &fields),
        None => Err(path),
    });
    let loc = |path: &[Segment]| {
        let mut loc = vec![info.action.into()];
        loc.extend(place(document, &info.schema, fields, path, wire.naming));
        loc
    };
    let faults = match read {
        Err(path) => vec![Fault::new("value_error", loc(&path), "Value error, the message does not fit its type")],
        Ok(message) => match M::validate(&message) {
            Ok(()) => return Ok(Decoded { message, envelope }),
            Err(report) => rules::broken(&report, wire.max_faults, loc),
        },
    };
    Err(Rejected { faults, envelope })
}

/// The message of these fields, or the path to the value that its type refuses.
fn read<M: IncomingMessage>(action: &str, fields: &Value) -> Result<M, Vec<Segment>> {
    let mut track = Track::new();
    let visitor = TypedVisitor { action, message: PhantomData };
    let message = serde_path_to_error::Deserializer::new(fields, &mut track).deserialize_map(visitor);
    message.map_err(|_| rules::path_of_type(&track.path()))
}

/// Reads the fields of a message whose action is known, from an object without envelope.
struct TypedVisitor<'a, M> {
    action: &'a str,
    message: PhantomData<M>,
}

impl<'de, M: IncomingMessage> Visitor<'de> for TypedVisitor<'_, M> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<M, A::Error> {
        let mut ignored = Envelope::default();
        let keys = KeyReader { action_key: None, action_is_known: false };
        M::decode(self.action, Fields::new(map, &mut ignored, keys))
    }
}

fn unreadable(text: &str, wire: &WireFormat, why: &str) -> Rejected {
    let faults = vec![Fault::new("json_invalid", [], format!("Invalid JSON: {why}"))];
    Rejected { faults, envelope: salvage::envelope(text, wire) }
}

/// The parser's words and its place. The words are those of Pydantic's parser, and quote nothing of the text.
fn words(error: &serde_json::Error) -> String {
    if error.is_data() {
        return format!("not JSON at line {} column {}", error.line(), error.column());
    }
    let words = error.to_string();
    // The parser has a word of its own for a surrogate that is followed by no escape.
    match words.strip_prefix("unexpected end of hex escape") {
        Some(place) => format!("lone leading surrogate in hex escape{place}"),
        None => words,
    }
}
