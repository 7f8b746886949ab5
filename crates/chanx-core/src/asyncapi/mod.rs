//! An application's WebSockets as an AsyncAPI 3.0 document, for people and for generators of clients.
//!
//! In AsyncAPI's words the document is the server's: an operation that *receives* is a message that clients send. The
//! document has the shape that Chanx gives it, so that Chanx's generator of clients reads it.

mod channel;
mod components;
mod draft7;
mod flatten;
mod keys;
mod operations;
mod parameters;
mod security;
mod server;
mod yaml;

pub use server::ServerDescription;
pub use yaml::yaml;

use serde_json::{Map, Value, json};

use crate::description::{Application, EndpointDescription};
use crate::wire::{ENVELOPE_VERSION, REFERENCE, VERSION};
use channel::Channel;
use components::Components;
use keys::Keys;

/// The document for clients that find the application at these servers.
///
/// It is the same for the same application, to the byte. Events are internal: only their names are there, as the extension
/// `x-chanx-events` of a channel. Other extensions of channels are `x-close-codes`, `x-permissions`, `x-authentication`
/// and `x-chanx-wire`.
///
/// ```
/// use chanx_core::asyncapi::{ServerDescription, document};
/// use chanx_core::description::Application;
///
/// let document = document(&Application::default(), &[ServerDescription::new("production", "wss", "example.com")]);
/// assert_eq!(document["asyncapi"], "3.0.0");
/// assert_eq!(document["servers"]["production"]["protocol"], "wss");
/// ```
pub fn document(application: &Application, servers: &[ServerDescription]) -> Value {
    let (mut components, mut keys) = (Components::default(), Keys::default());
    let (mut channels, mut operations) = (Map::new(), Map::new());
    for endpoint in &application.endpoints {
        let channel = Channel::new(endpoint, keys.channel(endpoint), &mut components);
        for (name, operation) in operations::of(&channel, endpoint) {
            operations.insert(keys.operation(name), operation);
        }
        let (key, object) = channel.into_object(endpoint, &mut components);
        channels.insert(key, object);
    }
    let security = common_security(&application.endpoints);
    let servers: Map<_, _> = servers.iter().map(|server| (server.name.clone(), server.object(&security))).collect();
    json!({
        "asyncapi": "3.0.0",
        "info": info(application),
        "defaultContentType": "application/json",
        "servers": servers,
        "channels": channels,
        "operations": operations,
        "components": components.into_object(),
        "x-chanx-envelope": envelope(),
    })
}

fn info(application: &Application) -> Value {
    let mut info = Map::new();
    info.insert("title".to_owned(), application.title.as_str().into());
    info.insert("version".to_owned(), application.version.as_str().into());
    if !application.description.is_empty() {
        info.insert("description".to_owned(), application.description.as_str().into());
    }
    let mut tags: Vec<&String> = Vec::new();
    for tag in application.endpoints.iter().flat_map(|endpoint| &endpoint.tags) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if !tags.is_empty() {
        info.insert("tags".to_owned(), tags.into_iter().map(|tag| json!({"name": tag})).collect());
    }
    info.into()
}

/// The sources of identity that all endpoints have in common, if they have the same ones.
fn common_security(endpoints: &[EndpointDescription]) -> Vec<Value> {
    let Some((first, others)) = endpoints.split_first() else { return Vec::new() };
    let is_common = others.iter().all(|endpoint| endpoint.authentication == first.authentication);
    if is_common { security::references(&first.authentication) } else { Vec::new() }
}

/// The keys that any frame may have beside its own: a JSON Schema.
fn envelope() -> Value {
    json!({
        "type": "object",
        "properties": {
            REFERENCE: {
                "type": "string",
                "description": "Chosen by the client; every frame that answers the message carries it.",
            },
            VERSION: {
                "const": ENVELOPE_VERSION,
                "description": "The version of the envelope; answers carry it if the message did.",
            },
        },
    })
}
