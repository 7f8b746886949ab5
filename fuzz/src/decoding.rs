//! Texts as messages: what is read can be written and read again, and both ways to read agree.

use std::collections::BTreeMap;

use chanx::{IncomingMessage, Message};
use chanx_core::camelize::Naming;
use chanx_core::decode::{Decoded, decode};
use chanx_core::encode::encode;
use chanx_core::wire::WireFormat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) const WORDS: &[&[u8]] = &[
    b"\"action\":",
    b"\"payload\":",
    b"\"echo\"",
    b"\"ping\"",
    b"\"move\"",
    b"\"draw\"",
    b"\"ref\":\"1\"",
    b"\"version\":1",
    b"null",
    b"true",
    b"-0",
    b"1e400",
    b"5.0",
    b"0.1",
    b"18446744073709551616",
    b"\\ud800",
    b"\\u0000",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"\"red\"",
    b"\"x\":",
    b"\"points\":",
    b"\"tags\":",
    b"\"colour\":",
    b"\"note\":",
    b"\"meet\"",
    b"\"id\":",
    b"\"days\":",
    b"\"2026-11-30\"",
    b"\"2026-11-3\"",
    b"\"10:00:00\"",
    b"\"2026-11-30T10:00:00Z\"",
    b"\"a@example.com\"",
    b"\"mailto:a\"",
    b"\"127.0.0.1\"",
    b"\"::1\"",
    b"\"mail\":",
    b"\"by\":",
    b"\"train\"",
    b"\"at\":",
    b"\"late\":",
    b"\"until\":",
    b"\"home\"",
    b"\"server\":",
    b"\"1\":",
    b"5",
];

/// Names of one word, which are the same in camelCase.
#[derive(Debug, PartialEq, Message)]
enum Sample {
    Ping,
    Echo(#[garde(length(chars, max = 8))] String),
    Move {
        #[garde(range(min = -10, max = 10))]
        x: i32,
        y: Option<f64>,
    },
    Draw(Drawing),
    Meet(Meeting),
}

/// Strings of every format, which the type takes as they are, in all places that a schema can be followed to.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, garde::Validate)]
#[garde(allow_unvalidated)]
struct Meeting {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    #[garde(length(max = 3))]
    days: Vec<Day>,
    #[schemars(extend("format" = "date-time"))]
    start: Option<String>,
    hosts: BTreeMap<u8, Host>,
    place: Option<Place>,
    way: Option<Way>,
    #[garde(range(min = 0.5, max = 1e3))]
    price: Option<f64>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("format" = "date"))]
struct Day(String);

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Host {
    #[schemars(extend("format" = "email"))]
    mail: String,
    #[schemars(extend("format" = "uri"))]
    page: Option<String>,
    #[serde(default)]
    guests: Vec<Host>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Place {
    Home,
    Server(#[schemars(extend("format" = "ipv4"))] String),
    Both(#[schemars(extend("format" = "ipv6"))] String, #[schemars(extend("format" = "ip"))] String),
    Late {
        #[schemars(extend("format" = "time"))]
        until: String,
    },
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "lowercase")]
enum Way {
    Foot,
    Train {
        #[schemars(extend("format" = "partial-time"))]
        at: String,
        seat: Option<i64>,
    },
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, garde::Validate)]
#[garde(allow_unvalidated)]
struct Drawing {
    #[garde(length(max = 4))]
    points: Vec<Point>,
    colour: Colour,
    tags: BTreeMap<String, bool>,
    note: Option<String>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Point {
    x: u8,
    y: i64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

fn camel_case() -> WireFormat {
    WireFormat { naming: Naming::CamelCase, ..WireFormat::default() }
}

fn read(text: &str, wire: &WireFormat) -> Result<Decoded<Sample>, Vec<String>> {
    let read = decode::<Sample>(text, wire);
    read.map_err(|rejected| {
        assert!(!rejected.faults.is_empty(), "refused for no reason");
        rejected.faults.iter().map(|fault| format!("{fault:?}")).collect()
    })
}

pub(crate) fn round_trip(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for wire in [WireFormat::default(), camel_case()] {
        let Ok(decoded) = read(text, &wire) else { continue };
        assert!(decoded.message.validate().is_ok());
        let mut written = Vec::new();
        if let Err(error) = encode(&decoded.message, &decoded.envelope, &wire, &mut written) {
            panic!("{error}");
        }
        let written = String::from_utf8(written).unwrap_or_default();
        match read(&written, &wire) {
            Ok(again) => assert_eq!((again.message, again.envelope), (decoded.message, decoded.envelope), "{written}"),
            Err(faults) => panic!("{written} was written, and is refused: {faults:?}"),
        }
    }
}

/// The quick way, which is tried first where names are as declared, and the diagnosis, which alone can rename.
pub(crate) fn both_ways(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (quick, diagnosed) = (read(text, &WireFormat::default()), read(text, &camel_case()));
    if quick.is_ok() && diagnosed.as_ref().is_err_and(|faults| is_unread(faults)) {
        return;
    }
    assert_eq!(quick, diagnosed);
}

/// What is checked only where it is used, unless all of the text is read as a value.
fn is_unread(faults: &[String]) -> bool {
    let known = ["number out of range", "surrogate"];
    matches!(faults, [fault] if fault.contains("json_invalid") && known.iter().any(|known| fault.contains(known)))
}
