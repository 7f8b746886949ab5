//! What is wrong with a message: a JSON value held against a JSON Schema, every fault at once, in the vocabulary of
//! Pydantic's strict JSON mode.
//!
//! This is the slow path, walked only by messages that the typed path has refused. It understands the schemas that
//! `schemars` writes (draft 2020-12), and is silent about keywords that it does not know. Of Pydantic it takes over
//! that a scalar has at most one fault, and that a list that is too long is not looked into.
//!
//! For messages that are not refused it has a quick answer, the `checker`.

mod array;
mod branches;
mod calendar;
mod checker;
mod described;
mod fault;
mod findings;
mod formats;
mod integers;
mod ipv4;
mod number;
mod object;
mod patterns;
mod place;
mod schema;
mod string;
mod typing;
mod union;
mod uri;
mod walk;
mod wording;

use serde_json::{Map, Value};

use crate::camelize::Naming;

pub(crate) use checker::Checker;
pub(crate) use described::Described;
pub use fault::{Fault, Segment};
pub(crate) use formats::is_known as is_formatted;
pub(crate) use integers::with_integers;
pub(crate) use number::{Whole, whole};
#[cfg(test)]
pub(crate) use patterns::COMPILED;
pub(crate) use patterns::Patterns;
pub(crate) use place::place;
pub(crate) use schema::{Document, constants, count, definition_name, list, properties, requires, types};
pub(crate) use walk::diagnose as diagnose_in;
pub(crate) use wording::shortened;

/// All faults of `value` against `schema`, in the order of the declared fields, then of unknown fields as they came.
///
/// `definitions` are the root's `$defs`; `#` refers to `schema` itself. `loc` is the place of `value`, with which the
/// `loc` of every fault begins. With [`Naming::CamelCase`], declared names are looked for in camelCase and as declared,
/// and stand in `loc` in camelCase.
///
/// The input is not echoed, except for an unknown tag of a union and for text that is no IPv4 address. What one message
/// can cost is bounded: keys and other texts of the client's are cut to 200 bytes, after about a mebibyte of faults the rest is left out, and a message whose unions have too many
/// readings is refused with a `value_error`.
///
/// ```
/// use chanx_core::camelize::Naming;
/// use chanx_core::validation::diagnose;
/// use serde_json::{Map, json};
///
/// let schema = json!({"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]});
/// let faults = diagnose(&schema, &Map::new(), &json!({"age": "7"}), &["join".into()], Naming::AsDeclared);
/// assert_eq!(
///     serde_json::to_value(faults).unwrap(),
///     json!([{"type": "int_type", "loc": ["join", "age"], "msg": "Input should be a valid integer"}])
/// );
/// ```
pub fn diagnose(
    schema: &Value,
    definitions: &Map<String, Value>,
    value: &Value,
    loc: &[Segment],
    naming: Naming,
) -> Vec<Fault> {
    let mut patterns = Patterns::default();
    patterns.collect(schema);
    definitions.values().for_each(|definition| patterns.collect(definition));
    let document = Document::new(schema, definitions, &patterns);
    walk::diagnose(document, schema, value, loc, naming, usize::MAX)
}

#[cfg(test)]
mod tests;
