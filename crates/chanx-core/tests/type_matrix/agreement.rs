//! The typed path and the diagnosis are of one mind: what the type refuses has a fault, and nothing else has.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chanx_core::camelize::Naming;
use chanx_core::description::example;
use chanx_core::validation::diagnose;
use garde::Validate;
use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, from_str, from_value};

use crate::types::*;

/// Holds every input of the matrix against the type, not only those that are meant for it, and the type's example.
fn check<T: JsonSchema + DeserializeOwned>(is_valid: impl Fn(&T) -> bool) {
    let schema = schema_for!(T).to_value();
    let none = Map::new();
    let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
    let example = example(&schema);
    assert!(from_value(example.clone()).is_ok_and(|value| is_valid(&value)), "{}: {example}", T::schema_name());
    let matrix: Value = from_str(crate::ROWS).unwrap();
    for row in matrix["rows"].as_array().unwrap() {
        let input = row["input"].as_str().unwrap();
        let is_accepted = from_str(input).is_ok_and(|value| is_valid(&value));
        let value = from_str(input).unwrap();
        let faults = diagnose(&schema, definitions, &value, &[], Naming::AsDeclared);
        // Serde by itself takes an array for a struct, field by field; a schema does not, and messages do not either.
        let is_array_for_struct = faults.iter().any(|fault| fault.kind == "model_type") && value.is_array();
        assert!(
            is_accepted == faults.is_empty() || is_array_for_struct,
            "{} takes {input}: {is_accepted}; {faults:?}",
            T::schema_name()
        );
    }
}

macro_rules! check_all {
    ($($type:ty),* $(,)?) => { $(check::<$type>(|_| true);)* };
}

#[test]
fn plain_types_agree() {
    check_all!((), bool, char, String, i8, u8, i32, u32, i64, u64, i128, usize, f64, Value);
    check_all!(Option<i64>, Vec<i64>, (i64, String), [i64; 2], BTreeMap<String, i64>, BTreeMap<i32, Value>);
    check_all!(IpAddr, Ipv4Addr, Ipv6Addr, Result<i64, String>);
}

#[test]
fn declared_types_agree() {
    check_all!(Color, IntOrStr, Address, Tree, Vec<Tree>, Option<Tree>, Forbid, Ignore, Allow, Aliased);
    check_all!(Pet, Vec<Pet>, Option<Pet>, BTreeMap<String, Person>);
}

#[test]
fn types_with_rules_agree() {
    fn keeps_rules<T: Validate<Context = ()>>(value: &T) -> bool {
        value.validate().is_ok()
    }
    check::<IntRange>(keeps_rules);
    check::<FloatRange>(keeps_rules);
    check::<StrLen>(keeps_rules);
    check::<StrPattern>(keeps_rules);
    check::<ListLen>(keeps_rules);
    check::<HttpUrl>(keeps_rules);
    check::<Person>(keeps_rules);
}
