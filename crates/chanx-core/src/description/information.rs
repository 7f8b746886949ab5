//! What Chanx's information API says about the endpoints, and everything else that is known about them.

use serde_json::{Value, json};

use super::names::class_name;
use super::pattern::{friendly, without_anchors};
use super::{Application, EndpointDescription, MessageDescription, PathParameter};

/// Where clients find the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base<'a> {
    /// `ws` or `wss`.
    pub scheme: &'a str,
    /// The host, and the port where it is not the scheme's own: `localhost:8000`.
    pub host: &'a str,
    /// What comes before the paths of the routes, without a slash at its end; usually nothing.
    pub path: &'a str,
}

/// A list with an object for each endpoint, in the order of the routes.
///
/// An object has Chanx's keys first, with Chanx's values: `name`, `url`, `friendly_url`, `description`,
/// `message_examples` and `path_params`. All fields of [`EndpointDescription`] follow.
pub fn information(application: &Application, base: &Base<'_>) -> Value {
    application.endpoints.iter().map(|endpoint| describe(endpoint, base)).collect()
}

fn describe(endpoint: &EndpointDescription, base: &Base<'_>) -> Value {
    let Base { scheme, host, path } = base;
    let origin = format!("{scheme}://{host}{path}");
    let chanx = json!({
        "name": endpoint.name,
        "url": format!("{origin}/{}", without_anchors(&endpoint.pattern)),
        "friendly_url": format!("{origin}/{}", friendly_path(endpoint)),
        "description": endpoint.description,
        "message_examples": endpoint.incoming.iter().map(message_example).collect::<Value>(),
        "path_params": endpoint.path_parameters.iter().map(path_parameter).collect::<Value>(),
    });
    let all = serde_json::to_value(endpoint).unwrap_or_default();
    merged(chanx, all)
}

/// The path with its parameters as `:name`, without a leading slash.
fn friendly_path(endpoint: &EndpointDescription) -> String {
    match &endpoint.address {
        Some(address) => address.trim_start_matches('/').replace('{', ":").replace('}', ""),
        None => friendly(&without_anchors(&endpoint.pattern)),
    }
}

fn merged(first: Value, more: Value) -> Value {
    let (Value::Object(mut object), Value::Object(more)) = (first, more) else { return Value::Null };
    for (key, value) in more {
        object.entry(key).or_insert(value);
    }
    object.into()
}

fn message_example(message: &MessageDescription) -> Value {
    json!({"name": class_name(&message.action), "description": message.description, "example": message.example})
}

fn path_parameter(parameter: &PathParameter) -> Value {
    let description = format!("Path parameter: {}", parameter.name);
    json!({"name": parameter.name, "pattern": parameter.pattern, "description": description})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camelize::Naming;
    use crate::description::{SecurityScheme, Wire, describe_messages};
    use crate::message::MessageSet;
    use crate::wire::WireFormat;

    fn endpoint() -> EndpointDescription {
        let set = MessageSet::builder()
            .nothing("ping", "Asks for a sign of life.")
            .payload::<String>("new_message", "Speaks.")
            .build();
        let wire = WireFormat { naming: Naming::CamelCase, ..WireFormat::default() };
        EndpointDescription {
            name: "RoomConsumer".to_owned(),
            route_name: Some("chat:room".to_owned()),
            pattern: "ws/<slug:tenant>/rooms/<int:pk>/".to_owned(),
            address: Some("/ws/{tenant}/rooms/{pk}/".to_owned()),
            description: "A room.".to_owned(),
            path_parameters: ["tenant", "pk"].map(parameter).into(),
            authentication: vec![SecurityScheme::Basic],
            wire: Wire { action_key: "action".to_owned(), ..Wire::default() },
            incoming: describe_messages(&set, &wire),
            ..EndpointDescription::default()
        }
    }

    fn parameter(name: &str) -> PathParameter {
        PathParameter {
            name: name.to_owned(),
            converter: None,
            pattern: "[0-9]+".to_owned(),
            takes_slashes: false,
            example: "1".to_owned(),
        }
    }

    fn base() -> Base<'static> {
        Base { scheme: "wss", host: "example.com", path: "" }
    }

    #[test]
    fn chanxs_keys_come_first_with_chanxs_values() {
        let application = Application { endpoints: vec![endpoint()], ..Application::default() };
        let information = information(&application, &base());
        let object = information[0].as_object().unwrap();
        let expected = json!({
            "name": "RoomConsumer",
            "url": "wss://example.com/ws/<slug:tenant>/rooms/<int:pk>/",
            "friendly_url": "wss://example.com/ws/:tenant/rooms/:pk/",
            "description": "A room.",
            "message_examples": [
                {"name": "PingMessage", "description": "Asks for a sign of life.", "example": {"action": "ping", "payload": null}},
                {"name": "NewMessage", "description": "Speaks.", "example": {"action": "new_message", "payload": "text"}},
            ],
            "path_params": [
                {"name": "tenant", "pattern": "[0-9]+", "description": "Path parameter: tenant"},
                {"name": "pk", "pattern": "[0-9]+", "description": "Path parameter: pk"},
            ],
        });
        let expected = expected.as_object().unwrap();
        assert!(object.keys().zip(expected.keys()).all(|(found, expected)| found == expected), "{:?}", object.keys());
        assert!(expected.iter().all(|(key, value)| object[key] == *value), "{information:#}");
    }

    #[test]
    fn everything_else_follows() {
        let application = Application { endpoints: vec![endpoint()], ..Application::default() };
        let information = information(&application, &base());
        let described = serde_json::to_value(endpoint()).unwrap();
        let missing: Vec<_> =
            described.as_object().unwrap().iter().filter(|(key, value)| information[0][*key] != **value).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn expressions_have_no_address() {
        let regex = EndpointDescription {
            pattern: r"^ws/<int:pk>/(?P<name>[^/$()]+\d{2}(a|b))/x$".to_owned(),
            ..EndpointDescription::default()
        };
        let application = Application { endpoints: vec![regex], ..Application::default() };
        let information = information(&application, &base());
        assert_eq!(information[0]["url"], r"wss://example.com/ws/<int:pk>/(?P<name>[^/$()]+\d{2}(a|b))/x");
        assert_eq!(information[0]["friendly_url"], "wss://example.com/ws/:pk/:name/x");
    }
}
