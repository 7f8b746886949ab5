//! Keys and other names, which are compared and not kept.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

use super::check::{Place, undecided};
use super::{NodeId, Object};

/// An entry of an object, as far as its key tells.
pub(super) enum Entry {
    /// It belongs to the envelope.
    Hidden,
    /// A property that is declared, by its index.
    Property(usize),
    /// Any other, with what the schema says about its value.
    Other(Option<NodeId>),
}

impl Entry {
    /// The entry with this key; none if several patterns say something about its value.
    pub(super) fn find(place: Place<'_>, object: &Object, key: &str) -> Option<Self> {
        if place.hidden.contains(&key) {
            return Some(Self::Hidden);
        }
        if let Some(index) = index(&object.properties, key) {
            return Some(Self::Property(index));
        }
        let mut patterned = object.patterned.iter().filter(|(pattern, _)| place.patterns.matches(pattern, key));
        match (patterned.next(), patterned.next()) {
            (None, _) => Some(Self::Other(object.others)),
            (Some((_, node)), None) => Some(Self::Other(Some(*node))),
            _ => None,
        }
    }
}

/// Which of the names it is.
pub(super) fn index(named: &[(String, NodeId)], name: &str) -> Option<usize> {
    named.iter().position(|(known, _)| known == name)
}

/// What a function makes of a string.
pub(super) struct Text<F>(pub(super) F);

impl<'de, T, F: FnOnce(&str) -> Option<T>> DeserializeSeed<'de> for Text<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<T, F: FnOnce(&str) -> Option<T>> Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name that the schema knows")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_or_else(undecided, Ok)
    }
}
