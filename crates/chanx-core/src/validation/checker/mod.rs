//! Checks a text against a schema in one pass, without a value in memory. The walk over a value is the reference.
//!
//! The schema is translated once, into nodes. A text is parsed along them, and nothing of it is kept. The answer is either that
//! the walk finds no fault, or undecided: then the walk decides. Schemas that cannot be checked from
//! front to back (`allOf`, unions whose branches are found by trying, fields of a reference's own) have no checker.

mod build;
mod check;
mod keys;
#[cfg(test)]
mod tests;

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::formats::Format;

/// A schema of an object, with all that it refers to, as nodes.
#[derive(Debug)]
pub(crate) struct Checker {
    nodes: Vec<Node>,
    root: NodeId,
}

/// The index of a node: schemas may refer to each other in circles.
type NodeId = usize;

#[derive(Debug)]
enum Node {
    /// No value at all.
    Never,
    /// Every value.
    Any,
    /// A reference, or a union with one branch beside null.
    Same {
        node: NodeId,
        or_null: bool,
    },
    Constants(Vec<Value>),
    Typed(Box<Typed>),
    /// Objects, told apart by the value of a key, which has to come first.
    Tagged {
        key: String,
        branches: Vec<(String, NodeId)>,
    },
    /// Objects with one key, which tells them apart, and constants beside them.
    Named {
        constants: Vec<Value>,
        branches: Vec<(String, NodeId)>,
    },
}

/// What a schema says about values of each type.
#[derive(Debug)]
struct Typed {
    types: Types,
    string: Strings,
    number: Numbers,
    array: Array,
    object: Object,
}

#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "JSON has these types, and a schema allows any of them")]
struct Types {
    null: bool,
    boolean: bool,
    integer: bool,
    number: bool,
    string: bool,
    array: bool,
    object: bool,
}

#[derive(Debug)]
struct Strings {
    format: Format,
    /// Whether the format is all that is said about strings.
    is_only_formatted: bool,
    keywords: Map<String, Value>,
}

#[derive(Debug)]
struct Numbers {
    /// Integers that are known to be fine.
    integers: Option<RangeInclusive<i128>>,
    /// Whether every number is.
    is_free: bool,
    keywords: Map<String, Value>,
}

#[derive(Debug)]
struct Array {
    places: Vec<NodeId>,
    items: Option<NodeId>,
    least: u64,
    most: u64,
}

#[derive(Debug)]
struct Object {
    properties: Vec<(String, NodeId)>,
    /// The properties that must be there, each as a bit.
    required: u64,
    /// Values by a pattern of their keys.
    patterned: Vec<(String, NodeId)>,
    /// What stands under other keys, if the schema says so.
    others: Option<NodeId>,
}
