//! A schema as clients see it who are spoken to in camelCase.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{Naming, camelize, fields, rename_outgoing};
use crate::schema::visit_all;
use crate::validation::properties;

/// The schema with its declared names in camelCase, also where a default or an example has them.
///
/// `definitions` are the root's `$defs`, as declared. The names are those that [`rename_outgoing`] writes.
pub(crate) fn camelize_schema(schema: &Value, definitions: &Map<String, Value>) -> Value {
    let mut schema = schema.clone();
    visit_all(&mut schema, &mut |keywords| {
        rename_values(keywords, definitions);
        rename_properties(keywords);
    });
    schema
}

fn rename_values(keywords: &mut Map<String, Value>, definitions: &Map<String, Value>) {
    let declared = Value::Object(keywords.clone());
    if let Some(default) = keywords.get_mut("default") {
        *default = rename_outgoing(&declared, definitions, default.take());
    }
    for example in keywords.get_mut("examples").and_then(Value::as_array_mut).into_iter().flatten() {
        *example = rename_outgoing(&declared, definitions, example.take());
    }
}

fn rename_properties(keywords: &mut Map<String, Value>) {
    let declared: Vec<_> = properties(keywords).collect();
    let names: HashMap<_, _> = fields(&declared, Naming::CamelCase)
        .into_iter()
        .map(|field| (field.declared.to_owned(), field.wire.into_owned()))
        .collect();

    if let Some(properties) = keywords.get_mut("properties").and_then(Value::as_object_mut) {
        let rename = |(name, part)| (names.get(&name).unwrap_or(&name).clone(), part);
        *properties = std::mem::take(properties).into_iter().map(rename).collect();
    }
    for required in keywords.get_mut("required").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(name) = required.as_str().and_then(|name| names.get(name)) {
            *required = name.as_str().into();
        }
    }
    if let Some(tag) = keywords.get_mut("discriminator").and_then(|it| it.get_mut("propertyName")) {
        *tag = camelize(tag.as_str().unwrap_or_default()).into();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema: &Value, expected: &Value) {
        assert_eq!(&camelize_schema(schema, &Map::new()), expected);
    }

    #[test]
    fn declared_names_change_and_others_do_not() {
        check(
            &json!({
                "properties": {"user_id": {"properties": {"deep_key": true}}},
                "required": ["user_id", "not_declared"],
                "patternProperties": {"^x_y$": {"properties": {"in_map": true}}},
                "$defs": {"Some_Name": {"properties": {"of_it": {"$ref": "#/$defs/Some_Name"}}}},
            }),
            &json!({
                "properties": {"userId": {"properties": {"deepKey": true}}},
                "required": ["userId", "not_declared"],
                "patternProperties": {"^x_y$": {"properties": {"inMap": true}}},
                "$defs": {"Some_Name": {"properties": {"ofIt": {"$ref": "#/$defs/Some_Name"}}}},
            }),
        );
    }

    #[test]
    fn the_key_of_a_tag_changes_and_the_tag_does_not() {
        let branch = |key: &str| json!({"properties": {key: {"const": "big_one"}}, "required": [key]});
        check(
            &json!({"oneOf": [branch("the_kind")], "discriminator": {"propertyName": "the_kind"}}),
            &json!({"oneOf": [branch("theKind")], "discriminator": {"propertyName": "theKind"}}),
        );
    }

    #[test]
    fn values_change_with_their_schema() {
        let schema = |value: &Value| {
            let name = value.as_object().unwrap().keys().next().unwrap();
            json!({"properties": {name: {"type": "object"}}, "default": value, "examples": [value]})
        };
        check(&schema(&json!({"a_b": {"c_d": 1}})), &schema(&json!({"aB": {"c_d": 1}})));
    }
}
