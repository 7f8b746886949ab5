//! The schemas and examples of whole frames, held against the real decoder and encoder.

use chanx_core::camelize::Naming;
use chanx_core::decode::decode;
use chanx_core::description::{MessageDescription, describe_group_messages, describe_messages};
use chanx_core::encode::encode;
use chanx_core::message::Message;
use chanx_core::validation::diagnose;
use chanx_core::wire::{Envelope, WireFormat};
use serde_json::{Map, Value, json};

use crate::messages::Talk;

fn camel() -> WireFormat {
    WireFormat { action_key: "type".to_owned(), naming: Naming::CamelCase, ..WireFormat::default() }
}

fn describe(wire: &WireFormat) -> Vec<MessageDescription> {
    describe_messages(Talk::messages(), wire)
}

fn named<'a>(messages: &'a [MessageDescription], action: &str) -> &'a MessageDescription {
    messages.iter().find(|message| message.action == action).unwrap()
}

fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let none = Map::new();
    let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
    let faults = diagnose(schema, definitions, value, &[], Naming::AsDeclared);
    faults.into_iter().map(|fault| format!("{fault:?}")).collect()
}

#[test]
fn a_schema_describes_the_whole_frame() {
    let messages = describe(&WireFormat::default());
    let expected = json!({
        "description": "Asks for a sign of life.",
        "type": "object",
        "properties": {"action": {"const": "ping"}, "payload": {"type": "null"}},
        "required": ["action"],
    });
    assert_eq!(messages[0].schema.to_string(), expected.to_string(), "keys are in this order");
    assert_eq!(messages[0].example, json!({"action": "ping", "payload": null}));
}

#[test]
fn a_schema_has_the_definitions_that_it_needs() {
    let messages = describe(&WireFormat::default());
    let definitions = |action| {
        let schema = &named(&messages, action).schema;
        schema.get("$defs").map_or(Vec::new(), |it| it.as_object().unwrap().keys().cloned().collect())
    };
    assert_eq!(definitions("say"), ["Words", "Speaker", "Guest"]);
    assert_eq!(definitions("ping"), [""; 0]);
}

#[test]
fn examples_are_read_by_the_decoder() {
    for wire in [WireFormat::default(), camel()] {
        for message in describe(&wire) {
            let decoded = decode::<Talk>(&message.example.to_string(), &wire);
            let decoded = decoded.unwrap_or_else(|rejected| panic!("{}: {rejected:?}", message.example));
            assert_eq!(decoded.message.action(), message.action);
        }
    }
}

#[test]
fn what_the_encoder_writes_fits_the_schema() {
    for wire in [WireFormat::default(), camel()] {
        // An enum that serde tags externally can be received as a whole message, but not sent.
        for message in describe(&wire).iter().filter(|message| message.action != "choice") {
            let decoded = decode::<Talk>(&message.example.to_string(), &wire).unwrap();
            let mut text = Vec::new();
            encode(&decoded.message, &Envelope::default(), &wire, &mut text).unwrap();
            let frame: Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(faults(&message.schema, &frame), [""; 0], "{frame}");
            assert_eq!(faults(&message.schema, &message.example), [""; 0], "{}", message.example);
        }
    }
}

#[test]
fn declared_names_are_those_of_the_wire() {
    let messages = describe(&camel());
    let example = &named(&messages, "say").example;
    let expected = json!({
        "type": "say",
        "payload": {
            "firstName": "Alice",
            "nestedData": {"key": "text"},
            "spokenBy": {"speakerKind": "registered_user", "userId": 1},
            "readBy": {"speakerKind": "registered_user", "userId": 7},
            "byName": {"key": {"speakerKind": "registered_user", "userId": 1}},
            "aB": 1,
            "a__b": 1,
        },
    });
    assert_eq!(example, &expected);
    let text = named(&messages, "say").schema.to_string();
    assert!(!["first_name", "speaker_kind", "user_id", "read_by"].iter().any(|name| text.contains(name)), "{text}");
    let declared = describe(&WireFormat::default());
    assert_eq!(named(&declared, "say").example["payload"]["read_by"]["user_id"], 7, "a default tells something");
}

#[test]
fn whole_messages_keep_their_fields() {
    let messages = describe(&camel());
    assert_eq!(named(&messages, "closed").example["requestId"], 1);
    assert_eq!(named(&messages, "flat").example, json!({"type": "flat", "payload": "text"}));
    assert_eq!(named(&messages, "choice").example, json!({"type": "choice", "byNumber": {"theNumber": 1}}));
}

#[test]
fn what_refuses_other_fields_takes_the_envelope() {
    let messages = describe(&WireFormat::default());
    for action in ["closed", "choice"] {
        let message = named(&messages, action);
        let mut frame = message.example.clone();
        frame["ref"] = json!("a");
        frame["version"] = json!(1);
        assert_eq!(faults(&message.schema, &frame), [""; 0]);
        frame["other"] = json!(1);
        assert_ne!(faults(&message.schema, &frame), [""; 0]);
    }
}

#[test]
fn members_of_a_group_learn_whose_a_message_is() {
    let keys = |wire: &WireFormat| {
        let messages = describe_group_messages(Talk::messages(), wire);
        assert_eq!(faults(&messages[0].schema, &messages[0].example), [""; 0]);
        messages[0].example.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys(&WireFormat::default()), ["action", "payload", "is_mine", "is_current"]);
    assert_eq!(keys(&camel()), ["type", "payload", "isMine", "isCurrent"]);
}
