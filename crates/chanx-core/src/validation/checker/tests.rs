//! The checker never accepts what the walk refuses, and accepts nearly everything else.

use std::collections::BTreeSet;

use serde_json::{Map, Value, from_str, json};

use super::Checker;
use crate::camelize::Naming;
use crate::validation::schema::Document;
use crate::validation::{Patterns, diagnose};

/// What the checker says about a text, if the schema has one; and whether the walk finds nothing.
fn both(schema: &Value, definitions: &Map<String, Value>, text: &str) -> (Option<bool>, bool) {
    let mut patterns = Patterns::default();
    patterns.collect(schema);
    definitions.values().for_each(|definition| patterns.collect(definition));
    let checker = Checker::new(Document::new(schema, definitions, &patterns), schema);
    let checked = checker
        .map(|checker| checker.check(&mut serde_json::Deserializer::from_str(text), &patterns, &["action"]).is_ok());
    let value = from_str(text).unwrap();
    (checked, diagnose(schema, definitions, &value, &[], Naming::AsDeclared).is_empty())
}

#[track_caller]
fn accepts(schema: &Value, text: &str) {
    assert_eq!(both(schema, &Map::new(), text), (Some(true), true), "{text}");
}

#[track_caller]
fn refuses(schema: &Value, text: &str) {
    assert_eq!(both(schema, &Map::new(), text), (Some(false), false), "{text}");
}

/// The walk takes the text, and the checker cannot know.
#[track_caller]
fn leaves(schema: &Value, text: &str) {
    assert_eq!(both(schema, &Map::new(), text), (Some(false), true), "{text}");
}

#[test]
fn the_matrix_of_types_is_judged_as_the_walk_does() {
    let matrix: Value = from_str(include_str!("../../../tests/data/errors.json")).unwrap();
    let written: Value = from_str(include_str!("../../../tests/data/schemas.json")).unwrap();
    let definitions = written["$defs"].as_object().unwrap();
    let (mut without, mut left, mut accepted) = (BTreeSet::new(), BTreeSet::new(), 0);
    for row in matrix["rows"].as_array().unwrap() {
        let [name, input] = ["type", "input"].map(|key| row[key].as_str().unwrap());
        match both(&written["types"][name], definitions, input) {
            (None, _) => drop(without.insert(name)),
            (Some(checked), walked) if checked == walked => accepted += usize::from(checked),
            (Some(false), _) => drop(left.insert((name, input))),
            (Some(true), _) => panic!("{input} is no {name}"),
        }
    }
    assert_eq!(without, BTreeSet::from(["int_or_str"]));
    let whole_floats = [
        ("dict_str_int", r#"{"a":1.0,"":2}"#),
        ("enum_int", "2.0"),
        ("int", "-0.0"),
        ("int", "1.0"),
        ("int", "1e3"),
        ("int_range", "1e1"),
        ("optional_int", "1.0"),
        ("optional_int", "3.0"),
        ("pet", r#"{"kind":"cat","lives":9.0}"#),
    ];
    assert_eq!(left, BTreeSet::from(whole_floats));
    assert_eq!(accepted, 95);
}

#[test]
fn no_type_of_the_matrix_takes_a_value_that_the_walk_refuses() {
    let matrix: Value = from_str(include_str!("../../../tests/data/errors.json")).unwrap();
    let written: Value = from_str(include_str!("../../../tests/data/schemas.json")).unwrap();
    let inputs: BTreeSet<_> =
        matrix["rows"].as_array().unwrap().iter().map(|row| row["input"].as_str().unwrap()).collect();
    let mut accepted = 0;
    for (name, schema) in written["types"].as_object().unwrap() {
        for input in &inputs {
            let (checked, walked) = both(schema, written["$defs"].as_object().unwrap(), input);
            assert!(checked != Some(true) || walked, "{input} is no {name}");
            accepted += usize::from(checked == Some(true));
        }
    }
    assert!(accepted > 0);
}

#[test]
fn each_format_is_judged_as_the_walk_does() {
    for (format, good, odd) in [
        (
            "uuid",
            &["2f1b6c0e-7d1f-4f0a-9a66-3a1f1a2b3c4d", "2F1B6C0E-7D1F-4F0A-9A66-3A1F1A2B3C4D"][..],
            &[
                "",
                "2f1b6c0e7d1f4f0a9a663a1f1a2b3c4d",
                "{2f1b6c0e-7d1f-4f0a-9a66-3a1f1a2b3c4d}",
                "urn:uuid:2f1b6c0e-7d1f-4f0a-9a66-3a1f1a2b3c4d",
                "2f1b6c0e-7d1f-4f0a-9a66-3a1f1a2b3c4",
                "2f1b6c0e-7d1f-4f0a-9a66-3a1f1a2b3c4g",
                "2f1b6c0e-7d1f-4f0a-9a66-3a1f1a2b3c4-",
                "2f1b6c0ea7d1f-4f0a-9a66-3a1f1a2b3c4d",
                "2f1b6c0-e7d1f-4f0a-9a66-3a1f1a2b3c4d",
                "2f1b6c0é-7d1f-4f0a-9a66-3a1f1a2b3c4",
            ][..],
        ),
        ("date", &["2026-11-30", "2024-02-29"], &["2026-6-7", "2023-02-29", "+026-11-30", "2026-11-30T00:00:00Z"]),
        (
            "date-time",
            &["2026-11-30T10:00:00Z", "2026-11-30t10:00:00.123456789+07:00", "2026-11-30 10:00:00z"],
            &["2026-11-30", "2026-11-30T10:00:00", "2026-11-30T10:00Z", "1796353693"],
        ),
        ("time", &["10:00:00", "10:00:00.5Z", "23:59:59-01:30"], &["10:00", "24:00:00", "10:00:60", "10:00:00."]),
        ("partial-time", &["10:00:00", "10:00:00.5"], &["10:00:00Z", "1:00:00"]),
        ("uri", &["https://a.example/b?c#d", "mailto:a@example.com"], &["example", "http:/a/", " http://a/"]),
        ("email", &["a@example.com"], &["a", "a@", "@example.com", "a b@example.com"]),
        ("ipv4", &["127.0.0.1"], &["127.1", "127.0.0.01", "256.0.0.1", "::1"]),
        ("ipv6", &["::1", "::ffff:127.0.0.1"], &["127.0.0.1", "[::1]", "::1%eth0"]),
        ("ip", &["::1", "127.0.0.1"], &["localhost"]),
        ("duration", &["P1D", "anything"], &[]),
        ("hostname", &["example.com", "anything"], &[]),
    ] {
        let schema = json!({"type": "string", "format": format});
        for text in good {
            accepts(&schema, &json!(text).to_string());
        }
        for text in odd {
            refuses(&schema, &json!(text).to_string());
        }
        refuses(&schema, "5");
    }
    let encoded = json!({"type": "string", "contentEncoding": "base64"});
    accepts(&encoded, r#""aGk=""#);
    refuses(&encoded, r#""aGk""#);
    let web = json!({"type": "string", "format": "uri", "x-chanx-schemes": ["https"]});
    accepts(&web, r#""https://example.com""#);
    refuses(&web, r#""http://example.com""#);
    let short = json!({"type": "string", "format": "email", "maxLength": 13, "pattern": "^a"});
    accepts(&short, r#""\u0061@example.com""#);
    refuses(&short, r#""aa@example.com""#);
    refuses(&short, r#""b@example.com""#);
}

#[test]
fn objects_are_judged_as_the_walk_does() {
    let schema = json!({
        "type": "object",
        "properties": {"id": {"type": "string", "format": "uuid"}, "n": {"type": ["integer", "null"]}},
        "required": ["id"],
        "patternProperties": {"^\\d$": {"type": "boolean"}},
        "additionalProperties": {"type": "string", "format": "date"},
    });
    let id = r#""id":"2f1b6c0e-7d1f-4f0a-9a66-3a1f1a2b3c4d""#;
    accepts(&schema, &format!("{{{id}}}"));
    accepts(&schema, &format!(r#"{{"1":true,"n":null,"x":"2026-11-30",{id}}}"#));
    for text in [
        "{}".to_owned(),
        "[]".to_owned(),
        format!(r#"{{{id},"1":"2026-11-30"}}"#),
        format!(r#"{{{id},"x":true}}"#),
        format!(r#"{{{id},"n":0.5}}"#),
    ] {
        refuses(&schema, &text);
    }
    // The last of two equal keys counts, and a whole float is an integer.
    leaves(&schema, &format!(r#"{{"id":"1",{id}}}"#));
    refuses(&schema, &format!(r#"{{{id},"id":"1"}}"#));
    refuses(&schema, &format!(r#"{{{id},"x":"2026-11-30","x":"1"}}"#));
    leaves(&schema, &format!(r#"{{{id},"n":5.0}}"#));
    let closed = json!({"type": "object", "properties": {"a": {}}, "additionalProperties": false});
    accepts(&closed, r#"{"a":[{}]}"#);
    refuses(&closed, r#"{"b":1}"#);
}

#[test]
fn arrays_and_numbers_are_judged_as_the_walk_does() {
    let day = json!({"type": "string", "format": "date"});
    let list =
        json!({"type": "array", "prefixItems": [{"type": "integer"}], "items": day, "minItems": 1, "maxItems": 3});
    accepts(&list, r#"[1,"2026-11-30","2026-12-01"]"#);
    for text in ["[]", r#"["2026-11-30"]"#, r#"[1,"2026-6-7"]"#, r#"[1,"2026-11-30","2026-11-30","2026-11-30"]"#] {
        refuses(&list, text);
    }
    let pair = json!({"type": "array", "prefixItems": [day], "items": false});
    accepts(&pair, "[]");
    refuses(&pair, r#"["2026-11-30",1]"#);
    for (schema, good, odd) in [
        (json!({"type": "integer", "format": "uint8"}), "255", "256"),
        (json!({"type": "integer", "format": "int8", "minimum": -3}), "-3", "-4"),
        (json!({"type": "integer", "minimum": 0.5}), "1", "0"),
        (json!({"type": "integer", "exclusiveMaximum": 9}), "8", "9"),
        (json!({"type": "integer", "multipleOf": 3}), "9", "8"),
        (json!({"type": "number", "minimum": 0}), "0.5", "-0.5"),
        (json!({"type": "number"}), "1e300", "true"),
        (json!({"type": "boolean"}), "false", "0"),
        (json!({"enum": ["a", 1, null, false]}), "1", "2"),
        (json!({"const": "a"}), r#""a""#, r#""b""#),
    ] {
        accepts(&schema, good);
        refuses(&schema, odd);
    }
}

#[test]
fn unions_are_judged_as_the_walk_does() {
    let day = json!({"type": "string", "format": "date"});
    let optional = json!({"anyOf": [day, {"type": "null"}]});
    accepts(&optional, "null");
    accepts(&optional, r#""2026-11-30""#);
    refuses(&optional, r#""2026-6-7""#);
    let address = json!({"anyOf": [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]});
    accepts(&address, r#""::1""#);
    refuses(&address, r#""localhost""#);
    let named = |name: &str| json!({"type": "object", "properties": {name: day}, "required": [name]});
    let external = json!({"oneOf": [{"const": "never"}, named("on"), named("by")]});
    accepts(&external, r#""never""#);
    accepts(&external, r#"{"by":"2026-11-30"}"#);
    for text in [r#""on""#, "{}", r#"{"by":"2026-6-7"}"#, r#"{"in":1}"#, "null"] {
        refuses(&external, text);
    }
    // The branch that comes first in the schema counts, wherever its key is.
    leaves(&external, r#"{"by":1,"on":"2026-11-30"}"#);
    refuses(&external, r#"{"by":"2026-11-30","on":1}"#);
    let tagged = |tag: &str, part: &Value| json!({"type": "object", "properties": {"t": {"const": tag}, "c": part}, "required": ["t", "c"]});
    let internal = json!({"oneOf": [tagged("day", &day), tagged("any", &json!({}))]});
    accepts(&internal, r#"{"t":"day","c":"2026-11-30"}"#);
    accepts(&internal, r#"{"t":"any","c":"2026-6-7"}"#);
    for text in [r#"{"t":"day","c":"2026-6-7"}"#, r#"{"t":"day"}"#, r#"{"t":"x","c":1}"#, r#"{"c":1}"#, "[]"] {
        refuses(&internal, text);
    }
    leaves(&internal, r#"{"c":"2026-11-30","t":"day"}"#);
    leaves(&internal, r#"{"t":"any","c":"2026-6-7","t":"any"}"#);
}

#[test]
fn references_are_followed_in_circles() {
    let definitions = json!({
        "Tree": {
            "type": "object",
            "properties": {"day": {"$ref": "#/$defs/Day"}, "parts": {"items": {"$ref": "#/$defs/Tree"}}},
        },
        "Day": {"type": "string", "format": "date"},
        "Circle": {"$ref": "#/$defs/Circle"},
        "A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/C"}, "C": {"$ref": "#/$defs/Day"},
    });
    let definitions = definitions.as_object().unwrap();
    let tree = json!({"$ref": "#/$defs/Tree"});
    let text = |day| format!(r#"{{"parts":[{{"day":"2026-11-30","parts":[{{"day":"{day}"}}]}}]}}"#);
    assert_eq!(both(&tree, definitions, &text("2026-12-01")), (Some(true), true));
    assert_eq!(both(&tree, definitions, &text("2026-6-7")), (Some(false), false));
    let to = |name: &str| json!({"$ref": format!("#/$defs/{name}")});
    assert_eq!(both(&to("B"), definitions, r#""2026-12-01""#), (Some(true), true));
    assert_eq!(both(&to("A"), definitions, r#""2026-12-01""#), (Some(false), true), "it goes too far");
    assert_eq!(both(&json!({"$ref": "#/$defs/Circle"}), definitions, "1"), (Some(false), false));
}

#[test]
fn what_cannot_be_told_from_front_to_back_has_no_checker() {
    let day = json!({"type": "string", "format": "date"});
    for schema in [
        json!({"allOf": [day]}),
        json!({"anyOf": [day, {"type": "integer"}]}),
        json!({"type": "object", "properties": {"a": {"anyOf": [day, {"type": "integer"}]}}}),
        json!({"type": "string", "oneOf": [day, {"const": 1}]}),
        json!({"$ref": "#", "type": "string"}),
        json!({"$ref": "#/$defs/Missing"}),
        json!({"type": "object", "unevaluatedProperties": false}),
        json!({"type": "object", "minProperties": 1}),
        json!({"type": "object", "required": ["undeclared"]}),
        json!({"type": "thing"}),
    ] {
        let (checked, _) = both(&schema, &Map::new(), "1");
        assert_eq!(checked, None, "{schema}");
    }
    let properties: Map<_, _> = (0..65).map(|n| (format!("p{n}"), json!({}))).collect();
    let schema = json!({"properties": properties, "required": ["p64"]});
    assert_eq!(both(&schema, &Map::new(), "{}").0, None);
}
