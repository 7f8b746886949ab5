//! What reading costs beside the reading: patterns are compiled once for a set of messages.

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
