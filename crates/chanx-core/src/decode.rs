//! From a text frame to a typed message.
//!
//! The good path is one serde pass over the text and one look at the constraints, and another pass along the schema where
//! that names formats. Only a message that fails it is read again, into a JSON value, and held against its schema, so that
//! the client learns every fault at once.

mod depth;
mod diagnosis;
mod rules;
mod salvage;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::de::StrRead;

use crate::camelize::Naming;
use crate::message::{Fields, Formatted, IncomingMessage, Key, KeyReader, MessageSet};
use crate::validation::Fault;
use crate::wire::{Envelope, REFERENCE, VERSION, WireFormat};

/// How deep arrays and objects of a message may stand in each other.
pub const MAX_DEPTH: usize = 128;

/// A message with its envelope.
#[derive(Debug, PartialEq)]
pub struct Decoded<M> {
    /// The message.
    pub message: M,
    /// What its answers repeat.
    pub envelope: Envelope,
}

/// A message that was refused: every fault of it, and what the `error` frame repeats.
#[derive(Debug, PartialEq)]
pub struct Rejected {
    /// At least one fault.
    pub faults: Vec<Fault>,
    /// What the answer repeats, as far as it could be read.
    pub envelope: Envelope,
}

impl Rejected {
    /// Which kinds of faults there are and how often, for a log: a few of them.
    pub fn kinds(&self) -> String {
        const SHOWN: usize = 5;
        let mut kinds: Vec<(&str, usize)> = Vec::new();
        for fault in &self.faults {
            match kinds.iter_mut().find(|(kind, _)| *kind == fault.kind) {
                Some((_, count)) => *count += 1,
                None => kinds.push((&fault.kind, 1)),
            }
        }
        let words = kinds.iter().take(SHOWN).map(|(kind, count)| match count {
            1 => (*kind).to_owned(),
            count => format!("{kind} ({count})"),
        });
        let more = (kinds.len() > SHOWN).then(|| format!("{} more kinds", kinds.len() - SHOWN));
        words.chain(more).collect::<Vec<_>>().join(", ")
    }

    /// Whether it was no JSON object at all.
    pub fn is_unusable(&self) -> bool {
        self.faults.iter().any(|fault| fault.loc.is_empty() && matches!(&*fault.kind, "json_invalid" | "dict_type"))
    }
}

/// Reads one message.
///
/// What the schema refuses is refused, and a number that is whole is an integer, however it is written.
///
/// # Errors
/// Text that is no JSON object, an unknown action, a payload that does not fit: all faults at once, in the vocabulary
/// of Pydantic's strict JSON mode.
pub fn decode<M: IncomingMessage>(text: &str, wire: &WireFormat) -> Result<Decoded<M>, Rejected> {
    if depth::exceeds(text.as_bytes(), MAX_DEPTH) {
        return Err(diagnosis::too_deep(text, wire));
    }
    match wire.naming {
        Naming::AsDeclared => quick(text, wire).map_or_else(|| diagnosis::decode(text, wire), Ok),
        Naming::CamelCase => diagnosis::decode(text, wire),
    }
}

/// A text, and the names of what it holds.
struct Source<'a> {
    text: &'a str,
    wire: &'a WireFormat,
}

/// The good path; `None` if anything at all is odd.
fn quick<M: IncomingMessage>(text: &str, wire: &WireFormat) -> Option<Decoded<M>> {
    let source = Source { text, wire };
    let mut envelope = Envelope::default();
    let first = if begins_otherwise(text, wire) { None } else { read(&source, &mut envelope, None).ok() };
    let message: M = first.or_else(|| {
        // Some clients sort their keys, so that the action does not come first: find it, then read once more.
        let action = find_action(text, wire)?;
        read(&source, &mut envelope, Some(&action)).ok()
    })?;
    message.validate().ok()?;
    Some(Decoded { message, envelope })
}

/// Whether the first character of the first key is enough to see that it is not the action's.
fn begins_otherwise(text: &str, wire: &WireFormat) -> bool {
    match (text.as_bytes(), wire.action_key.as_bytes()) {
        ([b'{', b'"', first, ..], [expected, ..]) => first != expected && *first != b'\\',
        _ => false,
    }
}

fn read<M: IncomingMessage>(
    source: &Source<'_>,
    envelope: &mut Envelope,
    action: Option<&str>,
) -> Result<M, serde_json::Error> {
    let mut deserializer = parser(source.text);
    let visitor = MessageVisitor { source, envelope, action, message: PhantomData };
    let message = deserializer.deserialize_map(visitor)?;
    deserializer.end()?;
    Ok(message)
}

/// A parser without a limit of its own: [`decode`] has checked the depth, also where no parser would count it.
fn parser(text: &str) -> serde_json::Deserializer<StrRead<'_>> {
    let mut parser = serde_json::Deserializer::from_str(text);
    parser.disable_recursion_limit();
    parser
}

/// Reads an object whose action is its first key, or known beforehand.
struct MessageVisitor<'a, M> {
    source: &'a Source<'a>,
    envelope: &'a mut Envelope,
    action: Option<&'a str>,
    message: PhantomData<M>,
}

impl<'de, M: IncomingMessage> Visitor<'de> for MessageVisitor<'_, M> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<M, A::Error> {
        let keys = KeyReader { action_key: Some(&self.source.wire.action_key), action_is_known: self.action.is_some() };
        if let Some(action) = self.action {
            let fields = Fields::new(map, self.envelope, keys);
            return read_fields(action, self.source, fields);
        }
        match map.next_key_seed(keys)? {
            Some(Key::Action) => {
                let action: BorrowedText<'de> = map.next_value()?;
                read_fields(&action.0, self.source, Fields::new(map, self.envelope, keys))
            }
            _ => Err(A::Error::custom("the action is not the first key")),
        }
    }
}

/// Reads the fields, unless the type might take what the schema refuses.
fn read_fields<'de, M: IncomingMessage, A: MapAccess<'de>>(
    action: &str,
    source: &Source<'_>,
    fields: Fields<'_, A>,
) -> Result<M, A::Error> {
    let messages = M::messages();
    if let Some(formatted) = messages.formats(action)
        && !keeps_formats(source, formatted, messages)
    {
        return Err(A::Error::custom("this is read along its schema"));
    }
    M::decode(action, fields)
}

/// Whether it is certain that the schema has no objection to the message.
#[inline(never)]
fn keeps_formats(source: &Source<'_>, formatted: &Formatted, messages: &MessageSet) -> bool {
    let envelope = [&source.wire.action_key, REFERENCE, VERSION];
    let checker = formatted.checker.as_ref();
    checker.is_some_and(|checker| checker.check(&mut parser(source.text), messages.patterns(), &envelope).is_ok())
}

/// Text that borrows from the input where it has no escapes.
#[derive(serde::Deserialize)]
struct BorrowedText<'a>(#[serde(borrow)] Cow<'a, str>);

/// The last value of the action key, if it is a string and not the first key (which [`read`] has tried already).
fn find_action<'a>(text: &'a str, wire: &WireFormat) -> Option<Cow<'a, str>> {
    let mut deserializer = parser(text);
    deserializer.deserialize_map(ActionVisitor { wire }).ok()?
}

struct ActionVisitor<'a> {
    wire: &'a WireFormat,
}

impl<'de> Visitor<'de> for ActionVisitor<'_> {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let keys = KeyReader { action_key: Some(&self.wire.action_key), action_is_known: false };
        let (mut action, mut is_first) = (None, true);
        while let Some(key) = map.next_key_seed(keys)? {
            match key {
                Key::Action if is_first => return Ok(None),
                Key::Action => action = Some(map.next_value::<BorrowedText<'de>>()?.0),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
            is_first = false;
        }
        Ok(action)
    }
}
