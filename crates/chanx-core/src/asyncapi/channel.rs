//! An endpoint as a channel: its address, its messages, and what else there is to know.

use serde_json::{Map, Value, json};

use super::components::Components;
use super::{parameters, security};
use crate::description::{EndpointDescription, MessageDescription};

/// The names of an endpoint's messages in the document.
pub(super) struct Channel {
    pub(super) key: String,
    pub(super) incoming: Vec<String>,
    pub(super) outgoing: Vec<String>,
    pub(super) group: Vec<String>,
    /// Of chanx's own messages, those that answer one.
    pub(super) answers: Vec<String>,
    /// Of chanx's own messages, those that nobody asks for.
    pub(super) notices: Vec<String>,
}

impl Channel {
    pub(super) fn new(endpoint: &EndpointDescription, key: String, components: &mut Components) -> Self {
        components.security(&endpoint.authentication);
        let mut add = |messages: &[MessageDescription], is_wanted: fn(&str) -> bool, side: &str, is_answer: bool| {
            let wanted = messages.iter().filter(|message| is_wanted(&message.action));
            wanted.map(|message| components.message(message, side, is_answer, &endpoint.name)).collect()
        };
        Self {
            key,
            incoming: add(&endpoint.incoming, |_| true, "client", true),
            outgoing: add(&endpoint.outgoing, |_| true, "server", true),
            group: add(&endpoint.group_messages, |_| true, "group", false),
            answers: add(&endpoint.builtin, |action| matches!(action, "error" | "complete"), "server", true),
            // `complete` follows the connection phase and events, too.
            notices: add(&endpoint.builtin, |action| action != "error", "server", false),
        }
    }

    /// Where operations find one of the messages.
    pub(super) fn reference(&self, message: &str) -> Value {
        json!({"$ref": format!("#/channels/{}/messages/{message}", self.key)})
    }

    /// The key and the Channel Object. Its title is its key, since Chanx's generator makes a module of it.
    pub(super) fn into_object(self, endpoint: &EndpointDescription, components: &mut Components) -> (String, Value) {
        let mut object = Map::new();
        let mut add = |key: &str, value: Value| drop(object.insert(key.to_owned(), value));
        add("address", json!(endpoint.address));
        add("title", self.key.as_str().into());
        add("summary", endpoint.name.as_str().into());
        add_text(&mut add, "description", &endpoint.description);
        if !endpoint.path_parameters.is_empty() && endpoint.address.is_some() {
            add("parameters", parameters::of_path(&endpoint.path_parameters).into());
        }
        add("messages", self.messages().into());
        add("bindings", parameters::handshake(endpoint, components));
        if !endpoint.tags.is_empty() {
            add("tags", tags(endpoint));
        }
        add_text(&mut add, "x-permissions", &endpoint.permissions);
        if !endpoint.authentication.is_empty() {
            add("x-authentication", security::names(&endpoint.authentication).into());
        }
        add("x-close-codes", json!(endpoint.close_codes));
        if !endpoint.events.is_empty() {
            add("x-chanx-events", endpoint.events.iter().map(event).collect());
        }
        add("x-chanx-wire", json!(endpoint.wire));
        add("x-chanx-pattern", endpoint.pattern.as_str().into());
        (self.key, object.into())
    }

    fn messages(&self) -> Map<String, Value> {
        let names = [&self.incoming, &self.outgoing, &self.group, &self.answers, &self.notices].into_iter().flatten();
        names.map(|name| (name.clone(), json!({"$ref": format!("#/components/messages/{name}")}))).collect()
    }
}

pub(super) fn tags(endpoint: &EndpointDescription) -> Value {
    endpoint.tags.iter().map(|tag| json!({"name": tag})).collect()
}

fn add_text(add: &mut impl FnMut(&str, Value), key: &str, text: &str) {
    if !text.is_empty() {
        add(key, text.into());
    }
}

/// Events are internal: what may stand in them is not told.
fn event(event: &MessageDescription) -> Value {
    json!({"action": event.action, "description": event.description})
}
