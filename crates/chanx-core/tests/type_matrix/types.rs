//! The payload types of the matrix as an application would declare them.
//!
//! Where Rust has no type for it (an open range, a choice of literals), the schema says it.
#![expect(dead_code, reason = "only the schemas are of interest")]

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use garde::Validate;
use regex::Regex;
use schemars::{JsonSchema, JsonSchema_repr, schema_for};
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub(crate) fn schemas() -> HashMap<&'static str, Value> {
    macro_rules! table {
        ($($name:ident: $type:ty,)*) => { HashMap::from([$((stringify!($name), schema_for!($type).to_value())),*]) };
    }
    let mut schemas = table! {
        int: i64, int_range: IntRange, int_multiple: IntMultiple, float: f64, float_range: FloatRange, bool: bool,
        str: String, str_len: StrLen, str_pattern: StrPattern, none: (), any: Value,
        optional_int: Option<i64>, optional_str: Option<String>, enum_str: Color, enum_int: Level,
        list_int: Vec<i64>, list_len: ListLen, list_list: Vec<Vec<i64>>, tuple_fixed: (i64, String),
        dict_str_int: BTreeMap<String, i64>, int_or_str: IntOrStr,
        uuid: Uuid, datetime: DateTime, date: Date, time: Time, http_url: HttpUrl, ipv4: Ipv4Addr, ip: IpAddr,
        base64: Base64, address: Address, person: Person, people: Vec<Person>,
        people_by_name: BTreeMap<String, Person>, optional_person: Option<Person>, tree: Tree,
        forbid: Forbid, ignore: Ignore, allow: Allow, aliased: Aliased, pet: Pet, pets: Vec<Pet>,
    };
    schemas.insert("int_gt_lt", json!({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10}));
    schemas.insert("literal_str", json!({"enum": ["a", "b"]}));
    schemas.insert("literal_one", json!({"const": "only"}));
    schemas
}

static LETTERS_THEN_DIGITS: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z]+\\d*$").unwrap());

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct IntRange(#[garde(range(min = 0, max = 10))] i64);

#[derive(JsonSchema)]
#[schemars(extend("multipleOf" = 5))]
struct IntMultiple(i64);

#[derive(Deserialize, JsonSchema, Validate)]
#[schemars(extend("exclusiveMaximum" = 2))]
pub(crate) struct FloatRange(#[garde(range(min = 0.5), custom(below_2))] f64);

fn below_2(value: &f64, _context: &()) -> garde::Result {
    if *value < 2.0 { Ok(()) } else { Err(garde::Error::new("not less than 2")) }
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct StrLen(#[garde(length(chars, min = 2, max = 5))] String);

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct StrPattern(#[garde(pattern(LETTERS_THEN_DIGITS))] String);

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct ListLen(#[garde(length(min = 1, max = 3))] Vec<i64>);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Color {
    Red,
    Green,
}

#[derive(JsonSchema_repr)]
#[repr(u8)]
enum Level {
    Low = 1,
    High = 2,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum IntOrStr {
    Int(i64),
    Str(String),
}

#[derive(JsonSchema)]
#[schemars(extend("format" = "uuid"))]
struct Uuid(String);

#[derive(JsonSchema)]
#[schemars(extend("format" = "date-time"))]
struct DateTime(String);

#[derive(JsonSchema)]
#[schemars(extend("format" = "date"))]
struct Date(String);

#[derive(JsonSchema)]
#[schemars(extend("format" = "partial-time"))]
struct Time(String);

#[derive(Deserialize, JsonSchema, Validate)]
#[schemars(extend("x-chanx-schemes" = ["http", "https"]))]
pub(crate) struct HttpUrl(#[garde(url)] String);

#[derive(JsonSchema)]
#[schemars(extend("contentEncoding" = "base64"))]
struct Base64(String);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Address {
    street: String,
    #[serde(default)]
    zip_code: Option<String>,
}

#[derive(Deserialize, JsonSchema, Validate)]
pub(crate) struct Person {
    #[garde(skip)]
    name: String,
    #[garde(range(min = 0, max = 150))]
    age: u8,
    #[garde(skip)]
    address: Address,
    #[garde(skip)]
    #[serde(default)]
    tags: Vec<String>,
    #[garde(skip)]
    #[serde(default)]
    nickname: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Tree {
    value: i64,
    #[serde(default)]
    children: Vec<Tree>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forbid {
    a: i64,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Ignore {
    a: i64,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Allow {
    a: i64,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Aliased {
    #[serde(rename = "userName")]
    user_name: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Pet {
    Cat { lives: i64 },
    Dog { good: bool },
}
