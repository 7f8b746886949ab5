//! The type matrix: for each payload type, what is wrong with which input, and nothing else.
//!
//! Every row is held against the schema that the Rust type has, and against one written by hand.

mod agreement;
mod matching;
mod types;

use chanx_core::camelize::{Naming, camelize};
use chanx_core::description::example;
use chanx_core::validation::diagnose;
use serde_json::{Map, Value, from_str, to_value};

use matching::matches;

const ROWS: &str = include_str!("../data/errors.json");
const WRITTEN: &str = include_str!("../data/schemas.json");
const CAMELIZED: &str = include_str!("../data/camelize.json");

/// The rows that the schemas get wrong.
fn failures<'a>(
    schema_of: impl Fn(&str) -> &'a Value,
    definitions_of: impl Fn(&str) -> &'a Map<String, Value>,
) -> Vec<String> {
    let matrix: Value = from_str(ROWS).unwrap();
    let rows = matrix["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 451, "the matrix is whole");
    let mut failures = Vec::new();
    for row in rows {
        let [name, type_name, input] = ["name", "type", "input"].map(|key| row[key].as_str().unwrap());
        let input: Value = from_str(input).unwrap();
        let faults = diagnose(schema_of(type_name), definitions_of(type_name), &input, &[], Naming::AsDeclared);
        let faults = to_value(faults).unwrap();
        let expected = if row["valid"] == true { Value::Array(Vec::new()) } else { row["errors"].clone() };
        if !matches(&expected, &faults) {
            failures.push(format!("{name} of {input}:\n  expected {expected}\n  found    {faults}"));
        }
    }
    failures
}

#[test]
fn schemas_of_rust_types_give_the_matrix() {
    let schemas = types::schemas();
    let none = Map::new();
    let definitions = |name: &str| schemas[name].get("$defs").and_then(Value::as_object).unwrap_or(&none);
    let failures = failures(|name| &schemas[name], definitions);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn schemas_written_by_hand_give_the_matrix() {
    let written: Value = from_str(WRITTEN).unwrap();
    let definitions = written["$defs"].as_object().unwrap();
    let failures = failures(|name| &written["types"][name], |_| definitions);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_type_has_an_example_without_fault() {
    let written: Value = from_str(WRITTEN).unwrap();
    let by_hand = written["types"].as_object().unwrap().iter().map(|(name, schema)| {
        let mut schema = schema.clone();
        schema["$defs"] = written["$defs"].clone();
        (name.clone(), schema)
    });
    let of_types = types::schemas().into_iter().map(|(name, schema)| (name.to_owned(), schema));
    for (name, schema) in by_hand.chain(of_types) {
        let found = example(&schema);
        let none = Map::new();
        let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
        assert_eq!(diagnose(&schema, definitions, &found, &[], Naming::AsDeclared), [], "{name}: {found}");
        assert!(!found.is_null() || name == "none", "{name}");
    }
}

#[test]
fn names_are_camelized_as_pyhumps_does() {
    let pairs: Vec<(String, String)> = from_str(CAMELIZED).unwrap();
    assert!(pairs.len() > 50, "the table is whole");
    for (declared, camel) in pairs {
        assert_eq!(camelize(&declared), camel, "{declared}");
    }
}
