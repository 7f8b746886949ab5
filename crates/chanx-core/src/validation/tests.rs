//! Whole diagnoses: what serde's and schemars' shapes come to.

use std::collections::BTreeMap;

use schemars::{JsonSchema, schema_for};
use serde_json::{Map, Value, json, to_value};

use super::diagnose;
use crate::camelize::Naming;

fn faults(schema: &Value, value: &Value, naming: Naming) -> Vec<Value> {
    let none = Map::new();
    let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
    let faults = diagnose(schema, definitions, value, &[], naming);
    faults.into_iter().map(|fault| to_value(fault).unwrap()).collect()
}

/// The faults as `type loc msg`, one per line.
#[track_caller]
fn check_as(naming: Naming, schema: &Value, value: &Value, expected: &[&str]) {
    let line = |fault: Value| {
        format!("{} {} {}", fault["type"].as_str().unwrap(), fault["loc"], fault["msg"].as_str().unwrap())
    };
    let found: Vec<_> = faults(schema, value, naming).into_iter().map(line).collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn check(schema: &Value, value: &Value, expected: &[&str]) {
    check_as(Naming::AsDeclared, schema, value, expected);
}

fn schema<T: JsonSchema>() -> Value {
    schema_for!(T).to_value()
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only the schema is of interest")]
struct Point {
    x: i64,
    y_axis: i64,
}

/// An enum with documented variants.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only the schema is of interest")]
enum Documented {
    /// The first.
    First,
    Second,
}

#[derive(JsonSchema)]
#[schemars(tag = "kind")]
#[expect(dead_code, reason = "only the schema is of interest")]
enum Internal {
    Here { n: u8 },
    There(Point),
    Nowhere,
}

#[derive(JsonSchema)]
#[schemars(tag = "kind", content = "data")]
#[expect(dead_code, reason = "only the schema is of interest")]
enum Adjacent {
    Number(i64),
    Nothing,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only the schema is of interest")]
enum External {
    Number(i64),
    Pair(i64, String),
    Nothing,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only the schema is of interest")]
enum Untagged {
    Number(u8),
    List(Vec<bool>),
    Tuple(bool, bool),
    Point(Point),
    Map(BTreeMap<String, i64>),
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only the schema is of interest")]
struct Flattened {
    a: i64,
    #[schemars(flatten)]
    rest: Internal,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only the schema is of interest")]
enum Doubling {
    One { next: Box<Doubling>, one: i64 },
    Two { next: Box<Doubling> },
    End(bool),
}

#[test]
fn documented_enums_list_their_names() {
    let expected = "enum [] Input should be 'Second' or 'First'";
    check(&schema::<Documented>(), &json!("First"), &[]);
    check(&schema::<Documented>(), &json!("Third"), &[expected]);
    check(&schema::<Option<Documented>>(), &json!(null), &[]);
    check(&schema::<Option<Documented>>(), &json!(1), &[expected]);
}

#[test]
fn internal_tags_choose_the_branch() {
    let schema = schema::<Internal>();
    check(&schema, &json!({"kind": "Here", "n": 1}), &[]);
    check(&schema, &json!({"kind": "Nowhere"}), &[]);
    check(
        &schema,
        &json!({"n": 256, "kind": "Here"}),
        &[r#"less_than_equal ["Here","n"] Input should be less than or equal to 255"#],
    );
    check(
        &schema,
        &json!({"kind": "There", "x": "1"}),
        &[r#"int_type ["There","x"] Input should be a valid integer"#, r#"missing ["There","y_axis"] Field required"#],
    );
}

#[test]
fn a_tag_may_be_one_of_one() {
    let schema =
        json!({"oneOf": [{"type": "object", "properties": {"kind": {"const": "only"}}, "required": ["kind"]}]});
    check(&schema, &json!({}), &["union_tag_not_found [] Unable to extract tag using discriminator 'kind'"]);
    check(
        &schema,
        &json!({"kind": null}),
        &["union_tag_invalid [] Input tag 'null' found using 'kind' does not match any of the expected tags: 'only'"],
    );
    check(&schema, &json!(null), &["dict_type [] Input should be an object"]);
}

#[test]
fn adjacent_tags_choose_the_content() {
    let schema = schema::<Adjacent>();
    check(&schema, &json!({"kind": "Number", "data": 1}), &[]);
    check(&schema, &json!({"kind": "Nothing"}), &[]);
    check(&schema, &json!({"kind": "Number"}), &[r#"missing ["Number","data"] Field required"#]);
    check(
        &schema,
        &json!({"kind": "Number", "data": "1"}),
        &[r#"int_type ["Number","data"] Input should be a valid integer"#],
    );
}

#[test]
fn external_tags_are_keys() {
    let schema = schema::<External>();
    check(&schema, &json!("Nothing"), &[]);
    check(&schema, &json!({"Number": 1}), &[]);
    check(&schema, &json!({"Number": "1"}), &[r#"int_type ["Number"] Input should be a valid integer"#]);
    check(&schema, &json!({"Pair": [1]}), &[r#"missing ["Pair",1] Field required"#]);
    check(&schema, &json!({"Number": 1, "Other": 2}), &[r#"extra_forbidden ["Other"] Extra inputs are not permitted"#]);
    check(&schema, &json!("Number"), &["dict_type [] Input should be an object"]);
    for value in [json!({"Other": 1}), json!({}), json!(1)] {
        check(&schema, &value, &["enum [] Input should be 'Nothing', 'Number' or 'Pair'"]);
    }
}

#[test]
fn untagged_branches_are_named_by_their_type() {
    let schema = schema::<Untagged>();
    for value in [json!(1), json!([true]), json!([]), json!({"x": 1, "y_axis": 2}), json!({"anything": 2})] {
        check(&schema, &value, &[]);
    }
    check(
        &schema,
        &json!("1"),
        &[
            r#"int_type ["int"] Input should be a valid integer"#,
            r#"list_type ["list"] Input should be a valid array"#,
            r#"tuple_type ["tuple"] Input should be a valid array"#,
            r#"model_type ["Point"] Input should be an object"#,
            r#"dict_type ["dict"] Input should be an object"#,
        ],
    );
}

#[test]
fn several_types_are_told_apart() {
    let schema = json!({"type": ["integer", "string", "null"], "minimum": 1, "minLength": 1});
    for value in [json!(null), json!(1), json!("a")] {
        check(&schema, &value, &[]);
    }
    check(&schema, &json!(0), &["greater_than_equal [] Input should be greater than or equal to 1"]);
    check(&schema, &json!(""), &["string_too_short [] String should have at least 1 character"]);
    check(
        &schema,
        &json!(true),
        &[
            r#"int_type ["int"] Input should be a valid integer"#,
            r#"string_type ["str"] Input should be a valid string"#,
        ],
    );
}

#[test]
fn null_among_the_constants_goes_without_saying() {
    let schema = json!({"type": ["string", "null"], "enum": ["a", "b", null]});
    check(&schema, &json!(null), &[]);
    check(&schema, &json!("c"), &["enum [] Input should be 'a' or 'b'"]);
    check(&json!({"enum": ["a", null]}), &json!("c"), &["literal_error [] Input should be 'a' or null"]);
}

#[test]
fn flattened_enums_stand_beside_the_fields() {
    let schema = schema::<Flattened>();
    check(&schema, &json!({"a": 1, "kind": "Here", "n": 1}), &[]);
    check(
        &schema,
        &json!({"kind": "Here", "n": "1"}),
        &[r#"missing ["a"] Field required"#, r#"int_type ["Here","n"] Input should be a valid integer"#],
    );
}

#[test]
fn keys_of_maps_may_have_a_pattern() {
    let schema = schema::<BTreeMap<i32, String>>();
    check(&schema, &json!({"-1": "a"}), &[]);
    check(
        &schema,
        &json!({"1": 2, "x": "a"}),
        &[
            r#"string_type ["1"] Input should be a valid string"#,
            r#"extra_forbidden ["x"] Extra inputs are not permitted"#,
        ],
    );
    check(&schema, &json!([]), &["dict_type [] Input should be an object"]);
}

#[test]
fn maps_have_a_size() {
    let schema =
        json!({"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1, "maxProperties": 1});
    check(&schema, &json!({}), &["too_short [] Dictionary should have at least 1 item after validation, not 0"]);
    check(
        &schema,
        &json!({"a": 1, "b": 2}),
        &["too_long [] Dictionary should have at most 1 item after validation, not 2"],
    );
    check(&schema, &json!({"a": null, "b": 2}), &[r#"int_type ["a"] Input should be a valid integer"#]);
}

#[test]
fn tuples_may_be_open_or_closed() {
    let closed = json!({"type": "array", "prefixItems": [{"type": "integer"}], "minItems": 1, "items": false});
    check(&closed, &json!([1, 2]), &["too_long [] Tuple should have at most 1 item after validation, not 2"]);
    let open = json!({"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "string"}});
    check(&open, &json!([]), &[]);
    check(&open, &json!([1, "a", 2]), &["string_type [2] Input should be a valid string"]);
}

#[test]
fn a_list_that_is_too_long_is_not_looked_into() {
    let schema = json!({"type": "array", "items": {"type": "integer"}, "maxItems": 1});
    check(&schema, &json!(["a", "b"]), &["too_long [] List should have at most 1 item after validation, not 2"]);
}

#[test]
fn composed_schemas_are_looked_at_together() {
    let schema = json!({
        "$defs": {"A": {"type": "object", "properties": {"a_a": {"type": "integer"}}, "required": ["a_a"]}},
        "$ref": "#/$defs/A",
        "allOf": [{"properties": {"b_b": {"type": "string"}}}],
        "required": ["c"],
        "unevaluatedProperties": false
    });
    check(
        &schema,
        &json!({"a_a": 1, "b_b": "x", "c": 1}),
        &[r#"extra_forbidden ["c"] Extra inputs are not permitted"#],
    );
    check(
        &schema,
        &json!({"b_b": 1}),
        &[
            r#"missing ["c"] Field required"#,
            r#"missing ["a_a"] Field required"#,
            r#"string_type ["b_b"] Input should be a valid string"#,
        ],
    );
    check_as(
        Naming::CamelCase,
        &schema,
        &json!({"aA": 1, "bB": "x", "c": 1, "d": 1}),
        &[
            r#"extra_forbidden ["c"] Extra inputs are not permitted"#,
            r#"extra_forbidden ["d"] Extra inputs are not permitted"#,
        ],
    );
}

#[test]
fn schemas_may_be_booleans_or_say_nothing() {
    check(&json!(true), &json!([1]), &[]);
    check(&json!({}), &json!([1]), &[]);
    check(
        &json!({"properties": {"a": false}}),
        &json!({"a": 1}),
        &[r#"extra_forbidden ["a"] Extra inputs are not permitted"#],
    );
    check(&json!({"minimum": 1, "minLength": 1, "required": ["a"]}), &json!(true), &[]);
}

#[test]
fn names_in_camel_case_are_found_and_reported() {
    let schema = json!({
        "type": "object",
        "properties": {
            "first_name": {"type": "string"},
            "last_name": {"type": "string"},
            "by_key": {"type": "object", "additionalProperties": {"type": "integer"}}
        },
        "required": ["first_name", "last_name"],
        "additionalProperties": false
    });
    let camel = |value: Value, expected: &[&str]| check_as(Naming::CamelCase, &schema, &value, expected);
    camel(json!({"firstName": "a", "last_name": "b"}), &[]);
    camel(
        json!({"firstName": 1, "byKey": {"snake_key": "x"}, "other_key": 1}),
        &[
            r#"string_type ["firstName"] Input should be a valid string"#,
            r#"missing ["lastName"] Field required"#,
            r#"int_type ["byKey","snake_key"] Input should be a valid integer"#,
            r#"extra_forbidden ["other_key"] Extra inputs are not permitted"#,
        ],
    );
    camel(
        json!({"first_name": 1, "firstName": "a", "lastName": "b"}),
        &[r#"extra_forbidden ["first_name"] Extra inputs are not permitted"#],
    );
    check(
        &schema,
        &json!({"firstName": "a", "last_name": "b"}),
        &[
            r#"missing ["first_name"] Field required"#,
            r#"extra_forbidden ["firstName"] Extra inputs are not permitted"#,
        ],
    );
}

#[test]
fn tags_in_camel_case_are_found_and_reported() {
    let branch = |tag| json!({"type": "object", "properties": {"pet_kind": {"const": tag}}, "required": ["pet_kind"]});
    let schema = json!({"oneOf": [branch("cat"), branch("dog")]});
    let camel = |value: Value, expected: &[&str]| check_as(Naming::CamelCase, &schema, &value, expected);
    camel(json!({"petKind": "cat"}), &[]);
    camel(json!({}), &["union_tag_not_found [] Unable to extract tag using discriminator 'petKind'"]);
}

#[test]
fn the_root_may_refer_to_itself() {
    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only the schema is of interest")]
    struct Tree {
        children: Vec<Tree>,
    }
    let mut value = json!({"children": [1]});
    for _ in 0..60 {
        value = json!({"children": [value]});
    }
    let found = faults(&schema::<Tree>(), &value, Naming::AsDeclared);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["loc"].as_array().map(Vec::len), Some(2 * 61));
}

#[test]
fn a_schema_that_only_circles_ends() {
    let schema = json!({"anyOf": [{"$ref": "#"}, {"type": "null"}]});
    check(&schema, &json!(1), &["value_error [] Value error, the message is too complex to be checked"]);
}

#[test]
fn unions_with_too_many_readings_are_refused() {
    let mut value = json!(true);
    for _ in 0..60 {
        value = json!({"next": value, "one": "no number"});
    }
    let found = faults(&schema::<Doubling>(), &value, Naming::AsDeclared);
    assert!(found.iter().any(|fault| fault["msg"] == "Value error, the message is too complex to be checked"));
}

#[test]
fn the_memory_of_faults_is_bounded() {
    let key = "k".repeat(1 << 16);
    let value = json!({key: vec![Value::Null; 100_000]});
    let schema = json!({"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}});
    let found = faults(&schema, &value, Naming::AsDeclared);
    assert_eq!(found[0]["loc"][0].as_str().unwrap(), "k".repeat(200) + "…");
    assert!((1000..10_000).contains(&found.len()), "{}", found.len());
    let short = json!({"k": vec![Value::Null; 1000]});
    assert_eq!(faults(&schema, &short, Naming::AsDeclared).len(), 1000);
}

#[test]
fn a_branch_that_fills_the_memory_does_not_hide_the_next() {
    let key = "k".repeat(1 << 16);
    let schema = json!({"anyOf": [
        {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}},
        {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "null"}}}
    ]});
    check(&schema, &json!({&*key: vec![Value::Null; 100]}), &[]);
    assert!(!faults(&schema, &json!({&*key: vec![json!("x"); 100]}), Naming::AsDeclared).is_empty());
}

#[test]
fn long_messages_are_looked_at_to_the_end() {
    let schema = schema::<Vec<Option<Point>>>();
    let mut items = vec![json!({"x": 1, "y_axis": 2}); 50_000];
    check(&schema, &json!(items), &[]);
    items.push(json!(1));
    check(&schema, &json!(items), &["model_type [50000] Input should be an object"]);
}

#[test]
fn objects_without_fields_are_no_maps() {
    check(&json!({"type": "object"}), &json!([]), &["model_type [] Input should be an object"]);
    check(
        &json!({"type": "object", "additionalProperties": true}),
        &json!([]),
        &["dict_type [] Input should be an object"],
    );
}
