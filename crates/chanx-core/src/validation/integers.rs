//! Whole floats where the schema wants integers.
//!
//! Typed fields take them by themselves ([`crate::message`]), but not in what serde reads ahead: the content of untagged and
//! internally tagged enums, and of flattened fields.

use serde_json::{Map, Value};

use super::described::Described;
use super::number::whole;
use super::schema::{Document, constants, same, types};
use crate::camelize::Naming;

/// The value with integers in place of the whole floats that stand where the schema wants integers; none if there are none.
pub(crate) fn with_integers<'a>(document: Document<'a>, schema: &'a Value, value: &Value) -> Option<Value> {
    has_whole_float(value).then(|| convert(document, &[schema], value.clone()))
}

fn has_whole_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64() && number.as_f64().is_some_and(|float| whole(float).is_some()),
        Value::Array(items) => items.iter().any(has_whole_float),
        Value::Object(object) => object.values().any(has_whole_float),
        _ => false,
    }
}

fn convert<'a>(document: Document<'a>, schemas: &[&'a Value], value: Value) -> Value {
    let described = Described::new(document, schemas, &value, Naming::AsDeclared);
    match value {
        Value::Array(items) => {
            let item = |(index, item)| convert(document, &described.item(index), item);
            Value::Array(items.into_iter().enumerate().map(item).collect())
        }
        Value::Object(object) => {
            let fields = described.fields();
            let part = |(key, part): (String, Value)| {
                let field = fields.iter().find(|field| field.declared == key);
                let schemas = field.map_or_else(|| described.extra(&key), |field| vec![field.schema]);
                let part = convert(document, &schemas, part);
                (key, part)
            };
            Value::Object(object.into_iter().map(part).collect())
        }
        other => scalar(described.keywords(), other),
    }
}

fn scalar(schemas: &[&Map<String, Value>], value: Value) -> Value {
    let Some(float) = value.as_f64().filter(|_| value.is_f64()) else { return value };
    let constant = schemas.iter().filter_map(|schema| constants(schema)).flatten().find(|it| same(it, &value));
    if let Some(constant) = constant {
        return constant.clone();
    }
    let wants_integer = schemas.iter().any(|schema| types(schema).contains(&"integer"));
    let takes_floats = schemas.iter().any(|schema| types(schema).contains(&"number"));
    match whole(float).filter(|_| wants_integer && !takes_floats) {
        Some(whole) => Value::Number(whole.into()),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::validation::Patterns;

    #[test]
    fn only_what_is_to_be_an_integer_changes() {
        let schema = json!({
            "properties": {
                "int": {"type": "integer"}, "float": {"type": "number"}, "any": {}, "both": {"type": ["integer", "number"]},
                "list": {"items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
                "pair": {"prefixItems": [{"type": "integer"}, {"type": "number"}]},
                "map": {"additionalProperties": {"$ref": "#/$defs/Level"}},
                "keyed": {"patternProperties": {"^\\d$": {"type": "integer"}}},
                "pet": {"oneOf": [
                    {"properties": {"kind": {"const": "cat"}, "n": {"type": "integer"}}, "required": ["kind"]},
                    {"properties": {"kind": {"const": "dog"}, "n": {"type": "number"}}, "required": ["kind"]},
                ]},
            },
        });
        let definitions = json!({"Level": {"type": "integer", "enum": [1, 2]}});
        let patterns = Patterns::default();
        let document = Document::new(&schema, definitions.as_object().unwrap(), &patterns);
        let value = json!({
            "int": -0.0, "float": 5.0, "any": 5.0, "both": 5.0, "list": [1.0, null, 2.5], "pair": [1.0, 1.0],
            "map": {"int": 2.0}, "keyed": {"1": 1.0, "x": 1.0}, "pet": {"kind": "cat", "n": 1.0}, "other": 1.0,
        });
        let expected = json!({
            "int": 0, "float": 5.0, "any": 5.0, "both": 5.0, "list": [1, null, 2.5], "pair": [1, 1.0],
            "map": {"int": 2}, "keyed": {"1": 1, "x": 1.0}, "pet": {"kind": "cat", "n": 1}, "other": 1.0,
        });
        assert_eq!(with_integers(document, &schema, &value), Some(expected));
        assert_eq!(with_integers(document, &schema, &json!({"int": 5, "float": 2.5})), None);
    }
}
