//! Examples of schemas, each of which the diagnosis of messages accepts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use chanx_core::camelize::Naming;
use chanx_core::description::example;
use chanx_core::validation::diagnose;
use garde::Validate;
use schemars::{JsonSchema, schema_for};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, from_value, json};

#[track_caller]
fn check(schema: &Value, expected: &Value) {
    let found = example(schema);
    assert_eq!(&found, expected);
    assert_eq!(example(schema), found, "it is always the same");
    let none = Map::new();
    let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
    assert_eq!(diagnose(schema, definitions, &found, &[], Naming::AsDeclared), []);
}

/// The example of a type, which the type reads.
#[track_caller]
fn check_type<T: JsonSchema + DeserializeOwned>(expected: &Value) {
    check(&schema_for!(T).to_value(), expected);
    assert!(from_value::<T>(expected.clone()).is_ok());
}

#[test]
fn what_the_schema_states_comes_first() {
    check(&json!({"const": 5}), &json!(5));
    check(&json!({"type": ["string", "null"], "enum": [null, "a", "b"]}), &json!("a"));
    check(&json!({"type": "string", "examples": ["x", "y"], "default": "z"}), &json!("x"));
    check(&json!({"type": "integer", "default": 12}), &json!(12));
    check(&json!({"type": "integer", "examples": ["no integer", 3]}), &json!(3));
}

#[test]
fn a_default_that_says_nothing_is_no_example() {
    check(&json!({"type": ["string", "null"], "default": null}), &json!("text"));
    check(&json!({"type": "array", "items": {"type": "boolean"}, "default": []}), &json!([true]));
}

#[test]
fn numbers_keep_to_their_bounds() {
    check(&json!({"type": "integer"}), &json!(1));
    check(&json!({"type": "integer", "minimum": 18}), &json!(18));
    check(&json!({"type": "integer", "exclusiveMinimum": 18}), &json!(19));
    check(&json!({"type": "integer", "maximum": -3}), &json!(-3));
    check(&json!({"type": "integer", "exclusiveMaximum": 0}), &json!(-1));
    check(&json!({"type": "integer", "minimum": 0.5, "maximum": 1.5}), &json!(1));
    check(&json!({"type": "integer", "multipleOf": 5}), &json!(5));
    check(&json!({"type": "integer", "multipleOf": 5, "maximum": 4}), &json!(0));
    check(&json!({"type": "integer", "minimum": u64::MAX}), &json!(u64::MAX));
    check(&json!({"type": "number"}), &json!(1.5));
    check(&json!({"type": "number", "minimum": 0.5, "exclusiveMaximum": 1}), &json!(0.5));
    check(&json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5}), &json!(0.25));
    check(&json!({"type": "number", "exclusiveMinimum": 100}), &json!(101.0));
    check(&json!({"type": "number", "minimum": 10, "multipleOf": 0.25}), &json!(11.0));
}

#[test]
fn texts_are_as_long_as_they_must_be() {
    check(&json!({"type": "string"}), &json!("text"));
    check(&json!({"type": "string", "maxLength": 2}), &json!("te"));
    check(&json!({"type": "string", "minLength": 11}), &json!("text text text"));
    check(&json!({"type": "string", "minLength": 7, "maxLength": 7}), &json!("text te"));
    check(&json!({"type": "string", "maxLength": 0}), &json!(""));
}

#[test]
fn texts_match_their_pattern() {
    for (pattern, expected) in [
        (r"^[a-z]+\d*$", "text"),
        ("^[A-Z]{2}[0-9]{3,5}$", "AB123"),
        ("^(red|green)$", "red"),
        ("^#[0-9a-fA-F]{6}$", "#abcdef"),
        (r"^\+?[1-9]\d{4,14}$", "11234"),
        (r"^-?\d+$", "123"),
        (r"^[\p{Cyrillic}]{2}$", "ЀЀ"),
        ("^$", ""),
    ] {
        check(&json!({"type": "string", "pattern": pattern}), &json!(expected));
    }
    check(&json!({"type": "string", "pattern": "^[a-z]+$", "minLength": 6}), &json!("abcdef"));
    check(&json!({"type": "string", "pattern": "^[a-z]{0,2}$"}), &json!("ab"));
    check(&json!({"type": "string", "pattern": "[0-9]", "minLength": 6}), &json!("1 text"));
}

#[test]
fn texts_have_their_format() {
    for (format, expected) in [
        ("uuid", "0b5f9c3e-7d41-4a86-9c2f-3e8d1a6b7c90"),
        ("date-time", "2026-01-31T12:30:00Z"),
        ("date", "2026-01-31"),
        ("time", "12:30:00Z"),
        ("partial-time", "12:30:00"),
        ("email", "alice@example.com"),
        ("uri", "https://example.com/"),
        ("ipv4", "192.0.2.1"),
        ("ipv6", "2001:db8::1"),
        ("ip", "192.0.2.1"),
    ] {
        check(&json!({"type": "string", "format": format}), &json!(expected));
    }
    check(&json!({"type": "string", "contentEncoding": "base64"}), &json!("aGVsbG8="));
}

#[test]
fn fields_are_called_what_they_hold() {
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only reading is of interest")]
    struct Contact {
        user_name: String,
        email: String,
        #[serde(rename = "homepageUrl")]
        homepage_url: Option<String>,
        note: Option<String>,
    }
    check_type::<Contact>(&json!({
        "user_name": "Alice", "email": "alice@example.com", "homepageUrl": "https://example.com/", "note": "text"
    }));
}

#[test]
fn lists_hold_what_they_must() {
    check(&json!({"type": "array", "items": {"type": "integer"}}), &json!([1]));
    check(&json!({"type": "array", "items": {"type": "integer"}, "minItems": 3}), &json!([1, 1, 1]));
    check(
        &json!({"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": true}),
        &json!([1, 2, 3]),
    );
    check(&json!({"type": "array", "items": {"type": "string"}, "maxItems": 0}), &json!([]));
    check(
        &json!({"type": "array", "contains": {"const": 7}, "items": {"type": "integer"}, "minItems": 2}),
        &json!([7, 1]),
    );
    check_type::<(i64, String)>(&json!([1, "text"]));
    check_type::<[u8; 3]>(&json!([1, 1, 1]));
    check_type::<BTreeSet<String>>(&json!(["text"]));
    let words = json!({"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": true});
    check(&words, &json!(["text", "text 2"]));
}

#[test]
fn maps_have_an_entry() {
    check_type::<HashMap<String, i64>>(&json!({"key": 1}));
    check_type::<BTreeMap<i32, bool>>(&json!({"123": true}));
    check_type::<Map<String, Value>>(&json!({"key": "text"}));
    check(
        &json!({"type": "object", "additionalProperties": true, "minProperties": 2}),
        &json!({"key": "text", "key2": "text"}),
    );
    check(&json!({"type": "object", "additionalProperties": true, "maxProperties": 0}), &json!({}));
    check(
        &json!({"type": "object", "propertyNames": {"format": "date", "type": "string"}, "additionalProperties": {"type": "null"}}),
        &json!({"2026-01-31": null}),
    );
}

#[test]
fn unions_take_a_branch_that_fits() {
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only reading is of interest")]
    enum External {
        Unit,
        Value(i64),
    }
    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "kind", content = "content")]
    #[expect(dead_code, reason = "only reading is of interest")]
    enum Adjacent {
        Value(i64),
    }
    check_type::<External>(&json!("Unit"));
    check_type::<Adjacent>(&json!({"kind": "Value", "content": 1}));
    check_type::<Option<i64>>(&json!(1));
    check_type::<IpAddr>(&json!("192.0.2.1"));
    check_type::<Result<i64, String>>(&json!({"Ok": 1}));
    check(&json!({"anyOf": [false, {"type": "null"}, {"type": "integer"}]}), &json!(1));
    let both = json!({"type": "object", "anyOf": [{"required": ["a"]}], "oneOf": [{"required": ["b"]}],
        "properties": {"a": true, "b": {"type": "integer"}}});
    check(&both, &json!({"a": "text", "b": 1}));
}

#[test]
fn composed_schemas_hold_at_once() {
    let all = json!({
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "integer", "minimum": 3}}},
            {"properties": {"a": {"maximum": 3.5}, "b": {"$ref": "#/$defs/B"}}, "required": ["b"]},
            {"$ref": "#/$defs/C"},
        ],
        "$ref": "#/$defs/D",
        "$defs": {"B": {"type": "string", "maxLength": 1}, "C": {"required": ["c"]}, "D": {"properties": {"d": {"const": 4}}}},
    });
    check(&all, &json!({"d": 4, "a": 3, "b": "t", "c": "text"}));
}

#[test]
fn the_stricter_of_two_rules_counts() {
    check(&json!({"type": "integer", "minimum": 3, "allOf": [{"minimum": 5}, {"minimum": 4}]}), &json!(5));
    check(&json!({"type": "integer", "maximum": 0, "allOf": [{"maximum": -2}, {"maximum": -1}]}), &json!(-2));
    check(&json!({"type": ["integer", "string"], "allOf": [{"type": ["null", "string"]}]}), &json!("text"));
    check(&json!({"type": "array", "items": {"minimum": 2}, "allOf": [{"items": {"type": "integer"}}]}), &json!([2]));
}

#[test]
fn what_contains_itself_ends() {
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only reading is of interest")]
    struct Tree {
        value: i64,
        parent: Option<Box<Tree>>,
        children: Vec<Tree>,
        by_name: BTreeMap<String, Tree>,
        other: Box<Leaf>,
    }
    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only reading is of interest")]
    enum Leaf {
        Tree(Box<Tree>),
        Number(i64),
    }
    check_type::<Vec<Tree>>(&json!([{"value": 1, "children": [], "by_name": {}, "other": {"Number": 1}}]));
}

#[test]
fn nothing_finite_is_null() {
    let endless = json!({"$ref": "#/$defs/A", "$defs": {"A": {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "required": ["a"]}}});
    assert_eq!(example(&endless), Value::Null);
    assert_eq!(example(&json!(false)), Value::Null);
}

/// Each type has two of the next: 2^40 values, if all of them were made.
#[test]
fn wide_types_do_not_take_for_ever() {
    let definitions: Map<_, _> = (0..40)
        .map(|level: u32| {
            let next = json!({"$ref": format!("#/$defs/T{}", level + 1)});
            (format!("T{level}"), json!({"type": "object", "properties": {"a": next, "b": next}}))
        })
        .chain([("T40".to_owned(), json!({"type": "null"}))])
        .collect();
    let wide = json!({"$ref": "#/$defs/T0", "$defs": definitions});
    assert!(example(&wide).is_object());
}

#[test]
fn rules_of_garde_are_kept() {
    #[derive(Deserialize, JsonSchema, Validate)]
    struct Ruled {
        #[garde(length(min = 3, max = 4))]
        short: String,
        #[garde(range(min = 18, max = 150))]
        age: u8,
        #[garde(email)]
        mail: String,
        #[garde(url)]
        link: String,
        #[garde(length(min = 2), inner(range(min = 5)))]
        numbers: Vec<u32>,
        #[garde(contains("x"))]
        with_x: String,
    }
    let found = example(&schema_for!(Ruled).to_value());
    let read: Ruled = from_value(found).unwrap();
    read.validate().unwrap();
}
