//! The typed path and the diagnosis are of one mind: what the type refuses has a fault, and nothing else has.

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use chanx_core::camelize::Naming;
use chanx_core::decode::decode;
use chanx_core::description::example;
use chanx_core::message::{Fields, IncomingMessage, Message, MessageSet};
use chanx_core::validation::diagnose;
use chanx_core::wire::WireFormat;
use garde::{Report, Validate};
use schemars::{JsonSchema, schema_for};
use serde::de::{DeserializeOwned, MapAccess};
use serde_json::{Map, Value, from_str, from_value};

use crate::types::*;

/// A message whose payload is a `T`.
struct Holder<T>(T);

thread_local! {
    static SETS: RefCell<HashMap<TypeId, &'static MessageSet>> = RefCell::default();
}

impl<T: JsonSchema + Send + 'static> Message for Holder<T> {
    fn messages() -> &'static MessageSet {
        let set = || Box::leak(Box::new(MessageSet::builder().payload::<T>("hold", "").build()));
        SETS.with_borrow_mut(|sets| *sets.entry(TypeId::of::<T>()).or_insert_with(|| set()))
    }

    fn action(&self) -> &'static str {
        "hold"
    }
}

impl<T: JsonSchema + DeserializeOwned + Send + 'static> IncomingMessage for Holder<T> {
    fn decode<'de, A: MapAccess<'de>>(_: &str, fields: Fields<'_, A>) -> Result<Self, A::Error> {
        fields.payload().map(Self)
    }

    fn validate(&self) -> Result<(), Report> {
        Ok(())
    }
}

/// Holds every input of the matrix against the type, not only those that are meant for it, and the type's example.
fn check<T: JsonSchema + DeserializeOwned + Send + 'static>(is_valid: impl Fn(&T) -> bool) {
    let schema = schema_for!(T).to_value();
    let none = Map::new();
    let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
    let example = example(&schema);
    assert!(from_value(example.clone()).is_ok_and(|value| is_valid(&value)), "{}: {example}", T::schema_name());
    let matrix: Value = from_str(crate::ROWS).unwrap();
    for row in matrix["rows"].as_array().unwrap() {
        let input = row["input"].as_str().unwrap();
        let message = format!(r#"{{"action":"hold","payload":{input}}}"#);
        let decoded = decode::<Holder<T>>(&message, &WireFormat::default());
        let is_accepted = decoded.is_ok_and(|decoded| is_valid(&decoded.message.0));
        let value = from_str(input).unwrap();
        let faults = diagnose(&schema, definitions, &value, &[], Naming::AsDeclared);
        assert!(is_accepted == faults.is_empty(), "{} takes {input}: {is_accepted}; {faults:?}", T::schema_name());
    }
}

macro_rules! check_all {
    ($($type:ty),* $(,)?) => { $(check::<$type>(|_| true);)* };
}

#[test]
fn plain_types_agree() {
    check_all!((), bool, char, String, i8, u8, i32, u32, i64, u64, usize, f64, Value);
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
