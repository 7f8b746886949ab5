//! What can be done on a channel, from the server's side: it receives each message that clients may send, and sends what
//! nobody asked for.

use serde_json::{Map, Value, json};

use super::channel::{Channel, tags};
use super::components::summarized;
use super::keys::identifier;
use super::security;
use crate::description::{EndpointDescription, MessageDescription};

/// The operations of an endpoint with the names that they should have.
pub(super) fn of(channel: &Channel, endpoint: &EndpointDescription) -> Vec<(String, Value)> {
    let received = endpoint.incoming.iter().zip(&channel.incoming);
    let received = received.map(|(message, name)| receive(channel, endpoint, message, name));
    received.chain(sent(channel, endpoint)).collect()
}

fn receive(
    channel: &Channel,
    endpoint: &EndpointDescription,
    message: &MessageDescription,
    name: &str,
) -> (String, Value) {
    let mut operation = operation(channel, endpoint, "receive", &message.action);
    let (summary, has_more) = summarized(&message.description);
    if !summary.is_empty() {
        operation.insert("summary".to_owned(), summary.into());
    }
    if has_more {
        operation.insert("description".to_owned(), message.description.as_str().into());
    }
    operation.insert("messages".to_owned(), json!([channel.reference(name)]));
    let answers: Vec<_> = channel.outgoing.iter().chain(&channel.answers).collect();
    if !answers.is_empty() {
        let reply = json!({"channel": channel_reference(channel), "messages": references(channel, &answers)});
        operation.insert("reply".to_owned(), reply);
    }
    (format!("{}_{}", channel.key, identifier(&message.action)), operation.into())
}

/// What the server sends without being asked, by who causes it.
fn sent(channel: &Channel, endpoint: &EndpointDescription) -> Vec<(String, Value)> {
    // Where clients may send nothing, an error still answers what they send nevertheless.
    let errors = channel.answers.iter().filter(|_| endpoint.incoming.is_empty());
    let mut notices: Vec<_> = channel.notices.iter().collect();
    notices.extend(errors.filter(|name| !channel.notices.contains(name)));
    let kinds = [
        (
            "sends",
            "What the server tells the client, in answer or by its own accord.",
            channel.outgoing.iter().collect(),
        ),
        ("group", "What the members of the client's groups send each other.", channel.group.iter().collect()),
        ("connection", "What becomes of the connection.", notices),
    ];
    let kinds = kinds.into_iter().filter(|(_, _, names): &(_, _, Vec<_>)| !names.is_empty());
    kinds
        .map(|(kind, summary, names)| {
            let mut operation = operation(channel, endpoint, "send", kind);
            operation.insert("summary".to_owned(), summary.into());
            operation.insert("messages".to_owned(), references(channel, &names));
            (format!("{}_{kind}", channel.key), operation.into())
        })
        .collect()
}

fn operation(channel: &Channel, endpoint: &EndpointDescription, action: &str, title: &str) -> Map<String, Value> {
    let mut operation = Map::new();
    operation.insert("action".to_owned(), action.into());
    operation.insert("channel".to_owned(), channel_reference(channel));
    operation.insert("title".to_owned(), title.into());
    let security = security::references(&endpoint.authentication);
    if !security.is_empty() {
        operation.insert("security".to_owned(), security.into());
    }
    if !endpoint.tags.is_empty() {
        operation.insert("tags".to_owned(), tags(endpoint));
    }
    operation
}

fn channel_reference(channel: &Channel) -> Value {
    json!({"$ref": format!("#/channels/{}", channel.key)})
}

fn references(channel: &Channel, names: &[&String]) -> Value {
    let mut distinct: Vec<_> = Vec::new();
    for name in names {
        if !distinct.contains(name) {
            distinct.push(*name);
        }
    }
    distinct.into_iter().map(|name| channel.reference(name)).collect()
}
