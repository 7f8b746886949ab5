//! The payload types of the type matrix.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, FixedOffset};
use garde::Validate;
use schemars::{JsonSchema, JsonSchema_repr, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use serde_repr::{Deserialize_repr, Serialize_repr};
use url::Url;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = without_type)]
pub(crate) enum Letter {
    A,
    B,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(transform = constant)]
pub(crate) enum Only {
    Only,
}

/// A choice of literals is no enum: it has values and no type.
fn without_type(schema: &mut Schema) {
    schema.remove("type");
}

fn constant(schema: &mut Schema) {
    *schema = json_schema!({"const": "only"});
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Color {
    Red,
    Green,
}

#[derive(Serialize_repr, Deserialize_repr, JsonSchema_repr)]
#[repr(u8)]
pub(crate) enum Level {
    Low = 1,
    High = 2,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum IntOrStr {
    Int(i64),
    Str(String),
}

/// A URL of the web.
#[derive(Serialize)]
pub(crate) struct HttpUrl(Url);

impl<'de> Deserialize<'de> for HttpUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let url = Url::deserialize(deserializer)?;
        match url.scheme() {
            "http" | "https" => Ok(Self(url)),
            _ => Err(D::Error::custom("not a URL of the web")),
        }
    }
}

impl JsonSchema for HttpUrl {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HttpUrl".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "uri", "x-chanx-schemes": ["http", "https"]})
    }
}

/// Bytes in standard base64.
pub(crate) struct Base64(Vec<u8>);

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(|_| D::Error::custom("not base64"))
    }
}

impl JsonSchema for Base64 {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Base64".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "contentEncoding": "base64"})
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Address {
    street: String,
    #[serde(default)]
    zip_code: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
pub(crate) struct Person {
    name: String,
    #[garde(range(min = 0, max = 150))]
    age: i64,
    address: Address,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    nickname: Option<String>,
}

pub(crate) type PeopleByName = BTreeMap<String, Person>;

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Tree {
    value: i64,
    #[serde(default)]
    children: Vec<Tree>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forbid {
    a: i64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Ignore {
    a: i64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Allow {
    a: i64,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct Aliased {
    #[serde(rename = "userName")]
    user_name: String,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Pet {
    Cat { lives: i64 },
    Dog { good: bool },
}

pub(crate) static LETTERS_THEN_DIGITS: LazyLock<regex::Regex> =
    LazyLock::new(|| regex::Regex::new(r"^[a-z]+\d*$").unwrap_or_else(|error| unreachable!("{error}")));

/// RFC 3339 to the letter; chrono's own reading allows blanks.
pub(crate) fn rfc3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<FixedOffset>, D::Error> {
    let text = String::deserialize(deserializer)?;
    DateTime::parse_from_rfc3339(&text).map_err(|_| D::Error::custom("not a date-time"))
}

/// More than 0, less than 10.
pub(crate) fn strictly_between_0_and_10(number: &i64, _: &()) -> garde::Result {
    holds(0 < *number && *number < 10)
}

pub(crate) fn multiple_of_5(number: &i64, _: &()) -> garde::Result {
    holds(number % 5 == 0)
}

pub(crate) fn less_than_2(number: &f64, _: &()) -> garde::Result {
    holds(*number < 2.0)
}

fn holds(holds: bool) -> garde::Result {
    if holds { Ok(()) } else { Err(garde::Error::new("out of range")) }
}
