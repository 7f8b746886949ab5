//! From the routes of an application to the one value that all its documents are made from.

use std::sync::Arc;

use chanx_core::builtin::Builtin;
use chanx_core::close::{CLOSE_CODES, ClientAction, CloseCodeInfo};
use chanx_core::deflate::Compression;
use chanx_core::description::{
    CloseCodeDescription, EndpointDescription, MessageDescription, PathParameter, Wire, describe_group_messages,
    describe_messages, example,
};
use chanx_core::message::Message;
use chanx_core::session::SessionConfig;
use regex::Regex;
use serde_json::{Value, json};

use crate::about::About;
use crate::config::session_config;
use crate::endpoint::Endpoint;
use crate::routing::{CompiledRoute, Converter, Parameter, RouteTable};
use crate::settings::Settings;

/// Describes every route: its parameters, who may connect, its messages and its close codes, as they are with these
/// settings. In the order in which routes are tried.
///
/// ```
/// use chanx::routing::Routes;
/// use chanx::{Endpoint, Settings, describe};
///
/// # fn example(routes: Routes<Endpoint>) -> Result<(), Box<dyn std::error::Error>> {
/// for endpoint in describe(&routes.compile()?, &Settings::default()) {
///     println!("/{}: {}", endpoint.pattern, endpoint.description);
/// }
/// # Ok(())
/// # }
/// # example(Routes::new([])).unwrap();
/// ```
pub fn describe(routes: &RouteTable<Endpoint>, settings: &Settings) -> Vec<EndpointDescription> {
    routes.iter().map(|route| describe_route(route, settings)).collect()
}

fn describe_route(route: &CompiledRoute<Endpoint>, settings: &Settings) -> EndpointDescription {
    let endpoint = route.endpoint();
    let config = session_config(settings, endpoint, &Arc::new(Compression::new(0)));
    let About { description, tags, query, close_codes } = endpoint.about();
    let messages = |set| describe_messages(set, &config.wire);
    let mut described = EndpointDescription::default();
    described.name = endpoint.name().to_owned();
    described.route_name = route.name().map(str::to_owned);
    described.pattern = route.pattern().to_owned();
    described.address = route.address();
    described.description = if endpoint.is_raw() { describe_raw(&description) } else { description };
    described.tags = tags;
    described.path_parameters = path_parameters(route);
    described.query_parameters = query;
    described.authentication = endpoint.security_schemes(settings);
    described.subprotocols = endpoint.subprotocols().iter().map(|name| (*name).to_owned()).collect();
    described.permissions = endpoint.permissions();
    described.incoming = messages(endpoint.incoming());
    described.outgoing = messages(endpoint.outgoing());
    described.group_messages = describe_group_messages(endpoint.group_messages(), &config.wire);
    described.events = messages(endpoint.events());
    described.builtin = builtin_messages(&config, !endpoint.group_messages().is_empty());
    described.close_codes = close_codes.into_iter().chain(CLOSE_CODES.iter().map(close_code)).collect();
    described.wire = wire(&config);
    described
}

/// What documents say of messages that no set describes.
fn describe_raw(description: &str) -> String {
    let raw = "Messages are *raw*: texts and binary messages are taken as they are, without an envelope.";
    format!("{description}\n\n{raw}").trim_start().to_owned()
}

/// What chanx itself sends with these settings.
fn builtin_messages(config: &SessionConfig, has_groups: bool) -> Vec<MessageDescription> {
    let is_sent = |message: &MessageDescription| match &*message.action {
        "error" => !config.failure_closes,
        "authentication" => config.send_authentication_message,
        "complete" => config.send_completion,
        "group_complete" => config.send_completion && has_groups,
        _ => true,
    };
    let mut messages = describe_messages(Builtin::messages(), &config.wire);
    messages.retain(is_sent);
    messages
}

fn wire(config: &SessionConfig) -> Wire {
    let mut wire = Wire::default();
    wire.action_key.clone_from(&config.wire.action_key);
    wire.camelize = config.wire.naming == chanx_core::camelize::Naming::CamelCase;
    wire.send_completion = config.send_completion;
    wire.send_authentication_message = config.send_authentication_message;
    wire.max_message_size = config.max_message_size;
    wire
}

fn close_code(info: &CloseCodeInfo) -> CloseCodeDescription {
    let mut described = CloseCodeDescription::default();
    described.code = info.code.as_u16();
    described.meaning = info.meaning.to_owned();
    described.action = action(info.action);
    described
}

fn action(action: ClientAction) -> Option<&'static str> {
    match action {
        ClientAction::StayAway => Some("stay_away"),
        ClientAction::Reconnect => Some("reconnect"),
        ClientAction::ReconnectWithBackOff => Some("reconnect_with_back_off"),
        ClientAction::ReconnectAndResume => Some("reconnect_and_resume"),
        ClientAction::LogIn => Some("log_in"),
        ClientAction::FixClient => Some("fix_client"),
        _ => None,
    }
}

fn path_parameters(route: &CompiledRoute<Endpoint>) -> Vec<PathParameter> {
    route.parameters().map(path_parameter).collect()
}

fn path_parameter(parameter: Parameter<'_>) -> PathParameter {
    let mut described = PathParameter::default();
    described.name = parameter.name.to_owned();
    described.converter = parameter.converter.map(|converter| converter.name().to_owned());
    described.pattern = parameter.expression.unwrap_or(".*").to_owned();
    described.takes_slashes = takes_slashes(&parameter);
    described.example = example_of(&parameter);
    described
}

fn takes_slashes(parameter: &Parameter<'_>) -> bool {
    match (parameter.converter, parameter.expression) {
        (Some(converter), _) => converter == Converter::Path,
        (None, Some(expression)) => Regex::new(&format!("^(?:{expression})$")).is_ok_and(|regex| regex.is_match("a/b")),
        (None, None) => true,
    }
}

/// Something short that the route takes.
fn example_of(parameter: &Parameter<'_>) -> String {
    match parameter.converter {
        Some(Converter::Int) => "1".to_owned(),
        Some(Converter::Slug | Converter::Str) => format!("some-{}", parameter.name.replace('_', "-")),
        Some(Converter::Path) => "some/path".to_owned(),
        Some(Converter::Uuid) => "123e4567-e89b-42d3-a456-426614174000".to_owned(),
        None => parameter.expression.map(example_of_expression).unwrap_or_default(),
    }
}

fn example_of_expression(expression: &str) -> String {
    match example(&json!({"type": "string", "pattern": format!("^(?:{expression})$")})) {
        Value::String(text) => text,
        _ => String::new(),
    }
}
