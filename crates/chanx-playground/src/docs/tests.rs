use chanx_core::description::{Application, EndpointDescription, MessageDescription, describe_messages};
use chanx_core::message::MessageSet;
use chanx_core::wire::WireFormat;
use serde_json::{Value, json};

use super::*;

/// A message with this schema.
pub(super) fn message(action: &'static str, schema: Value) -> MessageDescription {
    let set = MessageSet::builder().nothing(action, "").build();
    let mut described = describe_messages(&set, &WireFormat::default()).remove(0);
    described.schema = schema;
    described
}

fn application(endpoints: Vec<EndpointDescription>) -> Application {
    let mut application = Application::default();
    application.endpoints = endpoints;
    application
}

fn endpoint(name: &str, incoming: &[&'static str], outgoing: &[&'static str]) -> EndpointDescription {
    let mut endpoint = EndpointDescription::default();
    endpoint.name = name.to_owned();
    let messages = |actions: &[&'static str]| actions.iter().map(|action| message(action, json!({}))).collect();
    (endpoint.incoming, endpoint.outgoing) = (messages(incoming), messages(outgoing));
    endpoint
}

fn view(application: &Application, playground: Option<&str>) -> Value {
    serde_json::to_value(Page::new(application, "/assets/", playground)).unwrap()
}

#[test]
fn every_place_has_its_own_name() {
    let application = application(vec![endpoint("Echo", &["say"], &["say", "bye"]), endpoint("Echo", &["say"], &[])]);
    let page = view(&application, None);
    let mut names = Vec::new();
    collect_anchors(&page, &mut names);
    let mut unique = names.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), names.len(), "{names:?}");
    for expected in [
        "endpoint-echo",
        "endpoint-echo-2",
        "message-echo-outgoing-say",
        "message-echo-outgoing-bye",
        "message-echo-2-incoming-say",
    ] {
        assert!(names.iter().any(|name| name == expected), "{expected} is missing in {names:?}");
    }
}

fn collect_anchors(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            names.extend(members.get("anchor").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect_anchors(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_anchors(item, names)),
        _ => {}
    }
}

#[test]
fn routes_are_named_by_their_name() {
    let mut room = endpoint("RoomConsumer", &[], &[]);
    room.route_name = Some("chat:room".to_owned());
    assert_eq!(view(&application(vec![room]), None)["endpoints"][0]["anchor"], "endpoint-chat-room");
}

#[test]
fn only_what_clients_send_can_be_tried() {
    let application = application(vec![endpoint("Echo", &["say"], &["said"])]);
    let tried = |page: &Value, group: usize| page["endpoints"][0]["groups"][group]["messages"][0]["playground"].clone();
    let page = view(&application, Some("/playground/"));
    assert!(tried(&page, 0).as_str().unwrap().starts_with("/playground/#endpoint="));
    assert_eq!(tried(&page, 1), Value::Null);
    assert_eq!(tried(&view(&application, None), 0), Value::Null);
}

#[test]
fn the_key_of_the_action_is_told_once_if_it_is_the_same() {
    let with_keys = |keys: &[&str]| {
        let endpoints = keys.iter().map(|key| {
            let mut endpoint = endpoint("Echo", &[], &[]);
            endpoint.wire.action_key = (*key).to_owned();
            endpoint
        });
        view(&application(endpoints.collect()), None)["action_key"].clone()
    };
    assert_eq!(with_keys(&["type", "type"]), "type");
    assert_eq!(with_keys(&["type", "action"]), Value::Null);
    assert_eq!(with_keys(&[]), "action");
}
