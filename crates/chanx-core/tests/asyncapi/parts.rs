//! What generators and readers of the document rely on.

use std::collections::HashSet;

use chanx_core::asyncapi::document;
use serde_json::{Value, json};

use crate::application::{application, whole_document};

fn object_keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Every reference in the value.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Object(object) => {
            let own = object.get("$ref").and_then(Value::as_str);
            own.into_iter().chain(object.values().flat_map(references)).collect()
        }
        _ => Vec::new(),
    }
}

fn messages_of(operation: &Value) -> Vec<&str> {
    let messages = operation["messages"].as_array().unwrap();
    messages.iter().map(|message| message["$ref"].as_str().unwrap().rsplit('/').next().unwrap()).collect()
}

#[test]
fn references_lead_somewhere() {
    let document = whole_document();
    let references = references(&document);
    assert!(references.len() > 50, "{}", references.len());
    for reference in references {
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
}

#[test]
fn the_document_is_always_the_same() {
    assert_eq!(whole_document().to_string(), whole_document().to_string());
}

#[test]
fn an_application_without_endpoints_has_a_document() {
    let mut empty = application();
    empty.endpoints.clear();
    let document = document(&empty, &[]);
    assert_eq!((&document["channels"], &document["operations"]), (&json!({}), &json!({})));
}

#[test]
fn each_message_is_received_and_answered() {
    let operations = &whole_document()["operations"];
    let echo = &operations["echo_echo"];
    assert_eq!((&echo["action"], &echo["title"]), (&json!("receive"), &json!("echo")));
    assert_eq!(messages_of(echo), ["EchoMessage"]);
    assert_eq!(messages_of(&echo["reply"]), ["PongMessage", "EchoServerMessage", "ErrorMessage"]);
    let comment = &operations["chat_room_comment"];
    assert_eq!(messages_of(&comment["reply"]), ["ErrorMessage", "CompleteMessage"]);
}

#[test]
fn what_nobody_asks_for_is_sent() {
    let operations = &whole_document()["operations"];
    assert_eq!(operations["chat_room_group"]["action"], "send");
    assert_eq!(messages_of(&operations["chat_room_group"]), ["CommentGroupMessageRoomConsumer"]);
    let connection = messages_of(&operations["chat_room_connection"]);
    assert_eq!(connection, ["AuthenticationMessageRoomConsumer", "CompleteMessage", "GroupCompleteMessage"]);
    assert_eq!(messages_of(&operations["ws_tick_er_s_sends"]), ["TickMessage", "EchoServerMessage"]);
    assert_eq!(messages_of(&operations["ws_tick_er_s_connection"]), ["ErrorMessage"], "nothing may be sent there");
}

#[test]
fn what_is_equal_has_one_name_and_what_differs_has_two() {
    let document = whole_document();
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["PingMessage"]["title"], "PingMessage", "both endpoints have the same");
    assert!(schemas["CommentMessage"]["properties"]["payload"]["$ref"] == "#/components/schemas/Comment");
    assert_eq!(object_keys(&schemas["Comment"]["properties"]), ["id"]);
    let other = &schemas["CommentMessageRoomConsumer"]["properties"]["payload"]["$ref"];
    assert_eq!(other, "#/components/schemas/CommentRoomConsumer");
    let replies = &schemas["CommentRoomConsumer"]["properties"]["replies"]["items"];
    assert_eq!(replies, &json!({"$ref": "#/components/schemas/CommentRoomConsumer"}));
    let titles: HashSet<_> = schemas.as_object().unwrap().values().map(|schema| schema["title"].to_string()).collect();
    assert_eq!(titles.len(), schemas.as_object().unwrap().len(), "generators name types by title");
}

#[test]
fn answers_are_found_by_their_ref() {
    let messages = &whole_document()["components"]["messages"];
    let correlated = messages.as_object().unwrap().values().filter(|message| message.get("correlationId").is_some());
    let names: Vec<_> = correlated.map(|message| message["name"].as_str().unwrap()).collect();
    assert!(
        ["EchoMessage", "EchoServerMessage", "ErrorMessage", "CompleteMessage"].iter().all(|it| names.contains(it))
    );
    assert!(
        !["AuthenticationMessage", "CommentGroupMessage", "GroupCompleteMessage"].iter().any(|it| names.contains(it))
    );
}

#[test]
fn events_are_named_and_no_more() {
    let document = whole_document();
    let events = &document["channels"]["chat_room"]["x-chanx-events"];
    assert_eq!(events, &json!([{"action": "renamed", "description": "The room has another name."}]));
    assert!(document["components"]["messages"].get("RenamedMessage").is_none());
}

#[test]
fn parameters_and_the_handshake_are_described() {
    let document = whole_document();
    let room = &document["channels"]["chat_room"];
    assert_eq!(room["parameters"]["side"]["enum"], json!(["north", "south"]));
    assert_eq!(room["parameters"]["pk"]["examples"], json!(["1"]));
    let query = &room["bindings"]["ws"]["query"];
    assert_eq!(query["properties"]["since"]["$ref"], "#/components/schemas/Id");
    assert_eq!(query.get("required"), None);
    assert_eq!(document["channels"]["ws_tick_er_s"]["address"], Value::Null);
}

#[test]
fn sources_of_identity_are_security_schemes() {
    let document = whole_document();
    let schemes = object_keys(&document["components"]["securitySchemes"]);
    assert_eq!(schemes, ["cookie_sessionid", "header_authorization_token", "bearer", "basic"]);
    let security = document["operations"]["chat_room_ping"]["security"].as_array().unwrap();
    assert_eq!(security.len(), 4, "the application's own source has no scheme");
    assert_eq!(document["channels"]["chat_room"]["x-authentication"][4], "Badge");
    assert_eq!(document["servers"]["production"].get("security"), None, "the endpoints differ");
}
