//! The envelope of a text that cannot be read as a whole, so that the client knows which of its messages was refused.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::message::{Key, KeyReader};
use crate::wire::{ENVELOPE_VERSION, Envelope, WireFormat};

/// The envelope as far as the text has one: up to its fault, or to the end where only a value is unreadable.
pub(super) fn envelope(text: &str, wire: &WireFormat) -> Envelope {
    let mut envelope = Envelope::default();
    // With its limit on recursion, as the depth of the text is not known to be small.
    let mut parser = serde_json::Deserializer::from_str(text);
    let visitor = EnvelopeVisitor { wire, envelope: &mut envelope };
    // That the text ends with an error is known already.
    let _ = parser.deserialize_map(visitor);
    envelope
}

struct EnvelopeVisitor<'a> {
    wire: &'a WireFormat,
    envelope: &'a mut Envelope,
}

impl<'de> Visitor<'de> for EnvelopeVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let keys = KeyReader { action_key: Some(&self.wire.action_key), action_is_known: false };
        while let Some(key) = map.next_key_seed(keys)? {
            match key {
                Key::Reference => self.envelope.reference = reference(map.next_value()?),
                Key::Version => self.envelope.versioned = is_version(&map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

fn reference(value: Value) -> Option<String> {
    match value {
        Value::String(reference) => Some(reference),
        _ => None,
    }
}

/// Whether this is the only version there is.
pub(super) fn is_version(value: &Value) -> bool {
    value.as_f64() == Some(ENVELOPE_VERSION as f64)
}
