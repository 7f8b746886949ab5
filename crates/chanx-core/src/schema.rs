//! JSON Schemas as values: going through all the schemas inside of one. What they mean is not known here.

use serde_json::{Map, Value};

/// Keywords that hold a schema, or a list of schemas.
const SCHEMAS: &[&str] = &[
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Keywords that hold schemas by name.
const NAMED_SCHEMAS: &[&str] =
    &["$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"];

/// Shows each schema that is an object to `visit`, the outer ones first; what it changes is gone through as changed.
pub(crate) fn visit_all(schema: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(keywords) = schema else { return };
    visit(keywords);
    for (keyword, value) in keywords {
        match value {
            Value::Array(parts) if SCHEMAS.contains(&keyword.as_str()) => {
                parts.iter_mut().for_each(|part| visit_all(part, visit));
            }
            Value::Object(parts) if NAMED_SCHEMAS.contains(&keyword.as_str()) => {
                parts.values_mut().for_each(|part| visit_all(part, visit));
            }
            part if SCHEMAS.contains(&keyword.as_str()) => visit_all(part, visit),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_are_found_and_data_is_not() {
        let mut schema = json!({
            "properties": {"a": {"$ref": "#a"}, "properties": {"items": {"$ref": "#b"}}},
            "prefixItems": [{"$ref": "#c"}, true],
            "additionalProperties": false,
            "default": {"items": {"$ref": "data"}},
            "enum": [{"$ref": "data"}],
            "$defs": {"D": {"not": {"$ref": "#d"}}},
        });
        let mut found = Vec::new();
        visit_all(&mut schema, &mut |keywords| found.extend(keywords.get("$ref").cloned()));
        assert_eq!(found, ["#a", "#b", "#c", "#d"]);
    }
}
