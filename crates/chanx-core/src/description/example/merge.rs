//! Two schemas that hold at once, as one.

use serde_json::{Map, Value, json};

/// The keywords of both. Where they say the same in two ways, the stricter one stays; a second reference or union waits under `allOf`.
pub(super) fn merge(mut one: Map<String, Value>, other: Map<String, Value>) -> Map<String, Value> {
    for (keyword, value) in other {
        match one.get_mut(&keyword) {
            None => drop(one.insert(keyword, value)),
            Some(own) if *own == value => {}
            Some(own) => {
                if let Some(left_over) = combine(&keyword, own, value) {
                    postpone(&mut one, keyword, left_over);
                }
            }
        }
    }
    one
}

/// The keywords with the parts of their `allOf` merged into them.
pub(super) fn all_of(mut keywords: Map<String, Value>) -> Map<String, Value> {
    let parts = keywords.shift_remove("allOf");
    let parts = parts.as_ref().and_then(Value::as_array).into_iter().flatten();
    parts.filter_map(Value::as_object).cloned().fold(keywords, merge)
}

/// Narrows `own` by `value`; gives back what has no place beside it. Of two patterns, and of all that is not a rule, the
/// first stays.
fn combine(keyword: &str, own: &mut Value, value: Value) -> Option<Value> {
    match (keyword, own, value) {
        ("properties" | "patternProperties", Value::Object(own), Value::Object(more)) => {
            more.into_iter().for_each(|(name, schema)| add_property(own, name, schema));
        }
        ("required", Value::Array(own), Value::Array(more)) => own.extend(more),
        ("type", own, value) => narrow_type(own, &value),
        ("minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties", own, value) => {
            keep(own, value, |own, value| value > own);
        }
        ("maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties", own, value) => {
            keep(own, value, |own, value| value < own);
        }
        ("additionalProperties" | "unevaluatedProperties", own, Value::Bool(false)) => *own = false.into(),
        ("enum", Value::Array(own), Value::Array(others)) => own.retain(|value| others.contains(value)),
        ("allOf", Value::Array(own), Value::Array(more)) => own.extend(more),
        ("items", own, value) => *own = json!({"allOf": [own.take(), value]}),
        ("$ref" | "anyOf" | "oneOf", _, value) => return Some(value),
        _ => {}
    }
    None
}

fn postpone(keywords: &mut Map<String, Value>, keyword: String, value: Value) {
    let mut part = Map::new();
    part.insert(keyword, value);
    if let Some(parts) = keywords.entry("allOf").or_insert_with(|| json!([])).as_array_mut() {
        parts.push(part.into());
    }
}

fn add_property(properties: &mut Map<String, Value>, name: String, schema: Value) {
    match properties.get_mut(&name) {
        None | Some(Value::Bool(true)) => drop(properties.insert(name, schema)),
        Some(own) if *own == schema || schema == true => {}
        Some(own) => *own = json!({"allOf": [own.take(), schema]}),
    }
}

fn narrow_type(own: &mut Value, other: &Value) {
    let as_list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let others = as_list(other);
    let common: Vec<_> = as_list(own).into_iter().filter(|name| others.contains(name)).collect();
    if !common.is_empty() {
        *own = common.into();
    }
}

fn keep(own: &mut Value, value: Value, is_stricter: fn(f64, f64) -> bool) {
    if let (Some(a), Some(b)) = (own.as_f64(), value.as_f64())
        && is_stricter(a, b)
    {
        *own = value;
    }
}
