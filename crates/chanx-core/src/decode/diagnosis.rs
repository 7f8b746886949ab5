//! The slow path: what exactly is wrong with a message, or the message after all.
//!
//! It also serves `camelize`, whose names are known only from the schema.

use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde_json::{Map, Value};

use super::{Decoded, Rejected};
use crate::camelize::{Naming, rename_incoming};
use crate::message::{Fields, IncomingMessage, KeyReader, MessageInfo, MessageSet};
use crate::validation::{Fault, Segment, diagnose};
use crate::wire::{ENVELOPE_VERSION, Envelope, REFERENCE, VERSION, WireFormat};

pub(super) fn too_deep() -> Rejected {
    invalid_json("nested too deep")
}

pub(super) fn decode<M: IncomingMessage>(text: &str, wire: &WireFormat) -> Result<Decoded<M>, Rejected> {
    let mut fields = match parse(text) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return Err(rejected(vec![Fault::new("dict_type", [], "Input should be an object")])),
        Err(error) => return Err(invalid_json(&where_it_broke(&error))),
    };
    let (envelope, mut faults) = take_envelope(&mut fields);
    match find_message::<M>(&mut fields, wire) {
        Err(fault) => faults.push(fault),
        Ok(info) => match checked(info, M::messages(), fields, wire) {
            Err(more) => faults.extend(more),
            Ok(fields) if faults.is_empty() => return typed(info, fields, envelope),
            Ok(_) => {}
        },
    }
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
        Some(version) if version.as_u64() == Some(ENVELOPE_VERSION) => true,
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
        "Input tag '{tag}' found using '{key}' does not match any of the expected tags: {}",
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
) -> Result<Map<String, Value>, Vec<Fault>> {
    let fields = Value::Object(fields);
    let faults = diagnose(&info.schema, set.definitions(), &fields, &[info.action.into()], wire.naming);
    if !faults.is_empty() {
        return Err(faults);
    }
    let fields = match wire.naming {
        Naming::AsDeclared => fields,
        Naming::CamelCase => rename_incoming(&info.schema, set.definitions(), fields),
    };
    match fields {
        Value::Object(fields) => Ok(fields),
        _ => Ok(Map::new()),
    }
}

/// The message, now that the schema has no objection. What only the type or a rule of the application's own refuses
/// is reported without the parser's words, which may quote the input.
fn typed<M: IncomingMessage>(
    info: &MessageInfo,
    fields: Map<String, Value>,
    envelope: Envelope,
) -> Result<Decoded<M>, Rejected> {
    let mut ignored = Envelope::default();
    let keys = KeyReader { action_key: "", action_is_known: false };
    let map = MapDeserializer::<_, serde_json::Error>::new(fields.into_iter());
    let faults = match M::decode(info.action, Fields::new(map, &mut ignored, keys)) {
        Err(_) => {
            vec![Fault::new("value_error", [info.action.into()], "Value error, the message does not fit its type")]
        }
        Ok(message) => match message.validate() {
            Ok(()) => return Ok(Decoded { message, envelope }),
            Err(report) => broken_rules(info.action, &report),
        },
    };
    Err(Rejected { faults, envelope })
}

fn broken_rules(action: &str, report: &garde::Report) -> Vec<Fault> {
    report
        .iter()
        .map(|(path, error)| {
            let mut loc = vec![Segment::from(action)];
            loc.extend(segments(&path.to_string()));
            Fault { kind: "value_error".into(), loc, msg: format!("Value error, {error}") }
        })
        .collect()
}

/// The parts of a path as garde writes it: `people[1].name`.
fn segments(path: &str) -> impl Iterator<Item = Segment> {
    path.split(['.', '[', ']']).filter(|part| !part.is_empty()).map(|part| match part.parse() {
        Ok(index) => Segment::Index(index),
        Err(_) => part.into(),
    })
}

fn invalid_json(why: &str) -> Rejected {
    rejected(vec![Fault::new("json_invalid", [], format!("Invalid JSON: {why}"))])
}

fn rejected(faults: Vec<Fault>) -> Rejected {
    Rejected { faults, envelope: Envelope::default() }
}

/// The parser's category and place; its own words may quote the input.
fn where_it_broke(error: &serde_json::Error) -> String {
    let what = if error.is_eof() { "the text ends too early" } else { "not JSON" };
    format!("{what} at line {} column {}", error.line(), error.column())
}
