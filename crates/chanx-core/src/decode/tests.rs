//! What reading costs: patterns are compiled once for a set of messages, and the quick way is taken where it can be.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use garde::Report;
use schemars::JsonSchema;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};

use super::*;
use crate::encode::encode;
use crate::message::{Message, MessageSet, OutgoingMessage};
use crate::validation::COMPILED;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Names {
    #[schemars(extend("pattern" = "^[a-z]{3,20}$"))]
    first_name: String,
    by_number: BTreeMap<u8, Either>,
}

/// The branch is found by trying, in both directions.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Either {
    Short {
        #[schemars(extend("pattern" = "^\\w{1,4}$"))]
        short_name: String,
    },
    Long {
        #[schemars(extend("pattern" = "^\\w{5,64}$"))]
        short_name: String,
    },
}

impl Message for Names {
    fn messages() -> &'static MessageSet {
        static MESSAGES: OnceLock<MessageSet> = OnceLock::new();
        MESSAGES.get_or_init(|| MessageSet::builder().payload::<Names>("names", "").build())
    }

    fn action(&self) -> &'static str {
        "names"
    }
}

impl IncomingMessage for Names {
    fn decode<'de, A: MapAccess<'de>>(_: &str, fields: Fields<'_, A>) -> Result<Self, A::Error> {
        fields.payload()
    }

    fn validate(&self) -> Result<(), Report> {
        Ok(())
    }
}

impl OutgoingMessage for Names {
    fn encode<M: SerializeMap>(&self, fields: &mut M) -> Result<(), M::Error> {
        fields.serialize_entry("payload", self)
    }
}

fn text(first_name: &str) -> String {
    let by_number = r#"{"1":{"short_name":"x"},"2":{"shortName":"xxxxx"}}"#;
    format!(r#"{{"action":"names","payload":{{"first_name":"{first_name}","by_number":{by_number}}}}}"#)
}

#[test]
fn patterns_are_compiled_once_for_all_messages() {
    let before = COMPILED.get();
    for naming in [Naming::AsDeclared, Naming::CamelCase] {
        let wire = WireFormat { naming, ..WireFormat::default() };
        for _ in 0..100 {
            assert!(decode::<Names>(&text("no name"), &wire).is_err());
            if let Ok(decoded) = decode::<Names>(&text("name"), &wire) {
                encode(&decoded.message, &decoded.envelope, &wire, Vec::new()).unwrap();
            }
        }
    }
    // Three of strings, and that of the keys of the map.
    assert_eq!(COMPILED.get() - before, 4);
}

/// Formats in texts that the type takes as they are.
#[derive(Debug, PartialEq)]
enum Formats {
    Meet(Meeting),
    Open(Open),
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Meeting {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    #[schemars(extend("format" = "date"))]
    day: Option<String>,
    #[serde(default)]
    by_host: BTreeMap<u8, Vec<Host>>,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Host {
    #[schemars(extend("format" = "email"))]
    mail: String,
}

/// Its schema can only be tried branch by branch.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Open {
    Host(Host),
    Day {
        #[schemars(extend("format" = "date"))]
        day: String,
    },
}

impl Message for Formats {
    fn messages() -> &'static MessageSet {
        static MESSAGES: OnceLock<MessageSet> = OnceLock::new();
        MESSAGES.get_or_init(|| MessageSet::builder().whole::<Meeting>("meet", "").payload::<Open>("open", "").build())
    }

    fn action(&self) -> &'static str {
        match self {
            Self::Meet(_) => "meet",
            Self::Open(_) => "open",
        }
    }
}

impl IncomingMessage for Formats {
    fn decode<'de, A: MapAccess<'de>>(action: &str, fields: Fields<'_, A>) -> Result<Self, A::Error> {
        match action {
            "meet" => fields.whole().map(Self::Meet),
            "open" => fields.payload().map(Self::Open),
            _ => fields.unknown_action(),
        }
    }

    fn validate(&self) -> Result<(), Report> {
        Ok(())
    }
}

/// Whether the quick way is taken. What is said is the same either way.
#[track_caller]
fn is_quick(text: &str) -> bool {
    let wire = WireFormat::default();
    let (quick, diagnosed) = (quick::<Formats>(text, &wire), diagnosis::decode::<Formats>(text, &wire));
    assert_eq!(decode(text, &wire), diagnosed);
    quick.is_some_and(|quick| {
        assert_eq!(Ok(quick), diagnosed);
        true
    })
}

const ID: &str = r#""id":"2f1b6c0e-7d1f-4f0a-9a66-3a1f1a2b3c4d""#;

#[test]
fn messages_that_keep_to_their_formats_are_read_the_quick_way() {
    for text in [
        format!(r#"{{"action":"meet",{ID}}}"#),
        format!(r#"{{"action":"meet",{ID},"day":null}}"#),
        format!(r#"{{{ID},"day":"2026-11-30","action":"meet"}}"#),
        format!(r#"{{"action":"meet","ref":"1","version":1,{ID},"by_host":{{"1":[{{"mail":"a@example.com"}}]}}}}"#),
        format!(r#"{{"\u0061ction":"meet",{},"\u0064ay":"2026-11-3\u0030"}}"#, ID.replace('f', "\\u0066")),
    ] {
        assert!(is_quick(&text), "{text}");
    }
}

#[test]
fn formats_of_other_spellings_are_refused_although_the_type_takes_them() {
    for text in [
        r#"{"action":"meet","id":"2f1b6c0e7d1f4f0a9a663a1f1a2b3c4d"}"#.to_owned(),
        format!(r#"{{"action":"meet",{ID},"day":"2026-6-7"}}"#),
        format!(r#"{{{ID},"day":"2026-6-7","ref":"1","action":"meet"}}"#),
        format!(r#"{{"action":"meet",{ID},"by_host":{{"1":[{{"mail":"a@example.com"}},{{"mail":"a"}}]}}}}"#),
        format!(r#"{{"action":"meet",{ID},"id":"1"}}"#),
    ] {
        assert!(!is_quick(&text), "{text}");
        assert!(decode::<Formats>(&text, &WireFormat::default()).is_err(), "{text}");
    }
}

#[test]
fn what_the_schema_can_only_try_is_read_along_it() {
    let open = |payload: &str| format!(r#"{{"action":"open","payload":{payload}}}"#);
    for payload in [r#"{"mail":"a@example.com"}"#, r#"{"day":"2026-11-30"}"#] {
        assert!(!is_quick(&open(payload)), "{payload}");
        assert!(decode::<Formats>(&open(payload), &WireFormat::default()).is_ok(), "{payload}");
    }
    assert!(decode::<Formats>(&open(r#"{"day":"2026-6-7"}"#), &WireFormat::default()).is_err());
}
