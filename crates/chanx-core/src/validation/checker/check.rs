//! A text, held against the nodes while it is parsed. An error means that the walk has to decide.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::keys::{Entry, Text, index};
use super::{Array, Checker, Node, NodeId, Object, Strings, Typed};
use crate::decode::MAX_DEPTH;
use crate::validation::patterns::Patterns;
use crate::validation::walk::{MAX_NESTING, MAX_VISITS_PER_VALUE};
use crate::validation::{number, string};

/// How many references may lead to the schema of a value, and how many from there to that of its branch.
const MOST_REFERENCES: usize = 3;
const MOST_REFERENCES_OF_BRANCH: usize = 2;
/// The walk gives up on values to which too many schemas lead. It never does where these are the most for each value.
const MOST_SCHEMAS: usize = MOST_REFERENCES + 1 + MOST_REFERENCES_OF_BRANCH + 1;
const _: () = assert!(MOST_SCHEMAS * (MAX_DEPTH + 1) < MAX_NESTING && MOST_SCHEMAS <= MAX_VISITS_PER_VALUE);

impl Checker {
    /// Fails unless the walk would surely find no fault in the object. It does not see the entries with the `hidden` keys.
    pub(crate) fn check<'de, D: Deserializer<'de>>(
        &self,
        object: D,
        patterns: &Patterns,
        hidden: &[&str],
    ) -> Result<(), D::Error> {
        Place { checker: self, patterns, node: self.root, hidden }.deserialize(object)
    }
}

pub(super) fn undecided<T, E: Error>() -> Result<T, E> {
    Err(E::custom("this is read along its schema"))
}

fn decided<E: Error>(is_fine: bool) -> Result<(), E> {
    if is_fine { Ok(()) } else { undecided() }
}

/// A place in the text that has a node.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    checker: &'a Checker,
    pub(super) patterns: &'a Patterns,
    node: NodeId,
    /// Keys of the envelope, where there is one.
    pub(super) hidden: &'a [&'a str],
}

impl<'a> Place<'a> {
    /// A place inside of this one.
    fn at(self, node: NodeId) -> Self {
        Self { node, hidden: &[], ..self }
    }

    /// The node that says something about the value, and whether null is fine in any case.
    fn resolved<E: Error>(self, node: NodeId, references: usize) -> Result<(&'a Node, bool), E> {
        let (mut node, mut takes_null) = (&self.checker.nodes[node], false);
        for _ in 0..=references {
            match node {
                Node::Same { node: next, or_null } => {
                    takes_null |= or_null;
                    node = &self.checker.nodes[*next];
                }
                _ => return Ok((node, takes_null)),
            }
        }
        undecided()
    }

    /// What a branch says about the object that stands here.
    fn object_of<E: Error>(self, branch: NodeId) -> Result<&'a Object, E> {
        match self.resolved(branch, MOST_REFERENCES_OF_BRANCH)?.0 {
            Node::Typed(typed) if typed.types.object => Ok(&typed.object),
            _ => undecided(),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let (node, takes_null) = self.resolved(self.node, MOST_REFERENCES)?;
        match node {
            Node::Any => deserializer.deserialize_ignored_any(IgnoredAny).map(drop),
            _ => deserializer.deserialize_any(Checking { place: self, node, takes_null }),
        }
    }
}

struct Checking<'a> {
    place: Place<'a>,
    node: &'a Node,
    takes_null: bool,
}

impl<'a> Checking<'a> {
    fn typed(&self, is_allowed: impl Fn(&Typed) -> bool) -> Option<&'a Typed> {
        match self.node {
            Node::Typed(typed) if is_allowed(typed) => Some(typed),
            _ => None,
        }
    }

    /// Whether the value is one of some constants. Other ways to write a number are left to the walk.
    fn is_constant(&self, is_value: impl Fn(&Value) -> bool) -> bool {
        match self.node {
            Node::Constants(constants) | Node::Named { constants, .. } => constants.iter().any(is_value),
            _ => false,
        }
    }

    fn integer<E: Error>(self, integer: i128, number: impl FnOnce() -> Number) -> Result<(), E> {
        let Some(typed) = self.typed(|typed| typed.types.integer || typed.types.number) else {
            return decided(
                self.is_constant(|constant| constant.as_number().and_then(Number::as_i128) == Some(integer)),
            );
        };
        let numbers = &typed.number;
        decided(match &numbers.integers {
            Some(integers) => integers.contains(&integer),
            None => number::fault(&numbers.keywords, &number()).is_none(),
        })
    }

    fn has_string_fault(&self, strings: &Strings, text: &str) -> bool {
        if strings.is_only_formatted {
            strings.format.fault(&strings.keywords, text).is_some()
        } else {
            string::fault(self.place.patterns, &strings.keywords, text).is_some()
        }
    }
}

impl<'de> Visitor<'de> for Checking<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what the schema says")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        let is_allowed = self.typed(|typed| typed.types.null).is_some();
        decided(self.takes_null || is_allowed || self.is_constant(Value::is_null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        let is_allowed = self.typed(|typed| typed.types.boolean).is_some();
        decided(is_allowed || self.is_constant(|constant| *constant == value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.integer(value.into(), || value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.integer(value.into(), || value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let (Some(typed), Some(value)) = (self.typed(|typed| typed.types.number), Number::from_f64(value)) else {
            return undecided();
        };
        decided(typed.number.is_free || number::fault(&typed.number.keywords, &value).is_none())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match self.typed(|typed| typed.types.string) {
            Some(typed) => decided(!self.has_string_fault(&typed.string, text)),
            None => decided(self.is_constant(|constant| *constant == text)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        match self.typed(|typed| typed.types.array) {
            Some(typed) => check_items(self.place, &typed.array, items),
            None => undecided(),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        match self.node {
            Node::Typed(typed) if typed.types.object => check_entries(self.place, &typed.object, entries, 0),
            Node::Tagged { key, branches } => check_tagged(self.place, key, branches, entries),
            Node::Named { branches, .. } => check_named(self.place, branches, entries),
            _ => undecided(),
        }
    }
}

/// An object whose first value says which branch it is of.
fn check_tagged<'de, A: MapAccess<'de>>(
    place: Place<'_>,
    key: &str,
    branches: &[(String, NodeId)],
    mut entries: A,
) -> Result<(), A::Error> {
    if entries.next_key_seed(Text(|found: &str| (found == key).then_some(())))?.is_none() {
        return undecided();
    }
    let branch = entries.next_value_seed(Text(|tag: &str| index(branches, tag)))?;
    let object = place.object_of(branches[branch].1)?;
    match index(&object.properties, key) {
        Some(tag) => check_entries(place, object, entries, 1 << tag),
        None => undecided(),
    }
}

/// An object whose only key says which branch it is of.
fn check_named<'de, A: MapAccess<'de>>(
    place: Place<'_>,
    branches: &[(String, NodeId)],
    mut entries: A,
) -> Result<(), A::Error> {
    let Some(branch) = entries.next_key_seed(Text(|name: &str| index(branches, name)))? else { return undecided() };
    let (name, node) = &branches[branch];
    match place.object_of(*node)?.properties.as_slice() {
        [(only, content)] if only == name => entries.next_value_seed(place.at(*content))?,
        _ => return undecided(),
    }
    decided(entries.next_key::<IgnoredAny>()?.is_none())
}

fn check_items<'de, A: SeqAccess<'de>>(place: Place<'_>, array: &Array, mut items: A) -> Result<(), A::Error> {
    let mut length = 0;
    loop {
        let item = match array.places.get(length).copied().or(array.items) {
            Some(node) => items.next_element_seed(place.at(node))?,
            None => items.next_element::<IgnoredAny>()?.map(drop),
        };
        match item {
            Some(()) => length += 1,
            None => return decided((array.least..=array.most).contains(&(length as u64))),
        }
    }
}

/// Visits the entries of an object; the state says which properties it has seen so far.
fn check_entries<'de, A: MapAccess<'de>>(
    place: Place<'_>,
    object: &Object,
    mut entries: A,
    mut seen: u64,
) -> Result<(), A::Error> {
    while let Some(entry) = entries.next_key_seed(Text(|key: &str| Entry::find(place, object, key)))? {
        let node = match entry {
            Entry::Hidden => None,
            // Of two values under one key the last counts.
            Entry::Property(index) if seen & (1 << index) != 0 => return undecided(),
            Entry::Property(index) => {
                seen |= 1 << index;
                Some(object.properties[index].1)
            }
            Entry::Other(node) => node,
        };
        match node {
            Some(node) => entries.next_value_seed(place.at(node))?,
            None => drop(entries.next_value::<IgnoredAny>()?),
        }
    }
    decided(object.required & !seen == 0)
}
