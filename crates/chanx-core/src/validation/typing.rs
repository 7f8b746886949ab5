//! JSON types and constants: whether a value is of the schema's kind at all.

use serde_json::{Map, Value};

use super::number::is_whole;
use super::schema::{constants, definition_name, same, types};
use super::wording::{Complaint, not_an_object, one_of};
use super::{formats, object};

/// Whether the value has one of the schema's types. A schema without a type takes any.
pub(super) fn fits(schema: &Map<String, Value>, value: &Value) -> bool {
    let types = types(schema);
    types.is_empty() || types.iter().any(|name| is(name, value))
}

/// The types to name when the value has none of them: null goes without saying beside another.
pub(super) fn wanted(schema: &Map<String, Value>) -> Vec<&str> {
    match types(schema) {
        types if types.len() > 1 => types.into_iter().filter(|name| *name != "null").collect(),
        types => types,
    }
}

pub(super) fn wrong_type(schema: &Map<String, Value>, name: &str) -> Complaint {
    match name {
        "integer" => Complaint::new("int_type", "Input should be a valid integer"),
        "number" => Complaint::new("float_type", "Input should be a valid number"),
        "boolean" => Complaint::new("bool_type", "Input should be a valid boolean"),
        "null" => Complaint::new("none_required", "Input should be null"),
        "array" if is_tuple(schema) => Complaint::new("tuple_type", "Input should be a valid array"),
        "array" => Complaint::new("list_type", "Input should be a valid array"),
        "object" if object::is_map(schema) => not_an_object("dict_type"),
        "object" => not_an_object("model_type"),
        _ => formats::not_a_string(schema),
    }
}

/// An enum has a type; a mere choice of literals has none. Null goes without saying where the type allows it.
pub(super) fn wrong_constant(schema: &Map<String, Value>, allowed: &[Value], value: &Value) -> Option<Complaint> {
    if allowed.iter().any(|allowed| same(allowed, value)) {
        return None;
    }
    let kind = if schema.contains_key("enum") && schema.contains_key("type") { "enum" } else { "literal_error" };
    let is_nullable = types(schema).contains(&"null");
    let listed: Vec<_> = allowed.iter().filter(|value| !(is_nullable && value.is_null())).collect();
    Some(one_of(kind, &listed))
}

/// What a branch of a union is called in `loc`: a definition by its name, anything else by its type.
pub(super) fn branch_name(branch: &Value) -> String {
    let Some(schema) = branch.as_object() else { return "any".to_owned() };
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(definition_name) {
        return name.into_owned();
    }
    let title = schema.get("title").and_then(Value::as_str);
    match *types(schema).as_slice() {
        ["object"] if !object::is_map(schema) => title.unwrap_or("dict").to_owned(),
        _ if constants(schema).is_some() => "literal".to_owned(),
        ["array"] if is_tuple(schema) => "tuple".to_owned(),
        [name, ..] => short_name(name).to_owned(),
        [] => title.unwrap_or("any").to_owned(),
    }
}

/// Pydantic's name of a JSON type.
pub(super) fn short_name(name: &str) -> &str {
    match name {
        "integer" => "int",
        "number" => "float",
        "boolean" => "bool",
        "string" => "str",
        "array" => "list",
        "object" => "dict",
        "null" => "none",
        other => other,
    }
}

/// Whether the schema allows null and nothing else.
pub(super) fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|name| name == "null")
}

fn is_tuple(schema: &Map<String, Value>) -> bool {
    schema.contains_key("prefixItems")
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.as_number().is_some_and(is_whole),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}
