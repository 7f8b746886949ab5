//! An application with what documents must cope with: unions, recursion, the same names for different things, camelCase.

use std::collections::BTreeMap;

use chanx_core::asyncapi::{ServerDescription, document};
use chanx_core::builtin::Builtin;
use chanx_core::camelize::Naming;
use chanx_core::close::CLOSE_CODES;
use chanx_core::description::{
    Application, CloseCodeDescription, EndpointDescription, PathParameter, QueryParameter, SecurityScheme, Wire,
    describe_group_messages, describe_messages,
};
use chanx_core::message::{Message, MessageSet};
use chanx_core::wire::WireFormat;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only the schema is of interest")]
struct Comment {
    user_name: String,
    /// In Markdown.
    #[schemars(length(min = 1, max = 500))]
    text: String,
    mood: Option<Mood>,
    attachment: Attachment,
    position: (f64, f64),
    labels: BTreeMap<String, i64>,
    #[serde(default)]
    replies: Vec<Comment>,
}

/// How somebody feels.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mood {
    Happy,
    VerySad,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "media_kind", rename_all = "snake_case")]
#[expect(dead_code, reason = "only the schema is of interest")]
enum Attachment {
    Image { width_px: u32 },
    Link(Link),
    Nothing,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only the schema is of interest")]
struct Link {
    #[schemars(url)]
    target_url: String,
}

mod other {
    /// Another type of the same name.
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[expect(dead_code, reason = "only the schema is of interest")]
    pub(super) struct Comment {
        pub(super) id: i64,
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the schema is of interest")]
struct Whole {
    payload: serde_json::Value,
    request_id: i64,
}

fn camel() -> WireFormat {
    WireFormat { naming: Naming::CamelCase, ..WireFormat::default() }
}

fn echo_endpoint() -> EndpointDescription {
    let wire = WireFormat::default();
    let incoming = MessageSet::builder()
        .nothing("ping", "Asks for a sign of life.")
        .payload::<String>("echo", "Asks for the payload back.\n\nAnswered with `echo`: the same text.")
        .payload::<other::Comment>("comment", "")
        .whole::<Whole>("whole", "")
        .build();
    let outgoing =
        MessageSet::builder().nothing("pong", "Answers a ping.").payload::<String>("echo", "Answers an echo.").build();
    let mut endpoint = EndpointDescription::default();
    endpoint.name = "EchoConsumer".to_owned();
    endpoint.route_name = Some("echo".to_owned());
    endpoint.pattern = "ws/echo/".to_owned();
    endpoint.address = Some("/ws/echo/".to_owned());
    endpoint.description = "Says what it hears.".to_owned();
    endpoint.authentication = vec![session()];
    endpoint.permissions = "IsAuthenticated".to_owned();
    endpoint.wire = settings(&wire, false);
    endpoint.incoming = describe_messages(&incoming, &wire);
    endpoint.outgoing = describe_messages(&outgoing, &wire);
    endpoint.builtin = describe_messages(Builtin::messages(), &wire);
    endpoint.builtin.retain(|message| matches!(&*message.action, "authentication" | "error"));
    endpoint.close_codes = close_codes();
    endpoint
}

fn room_endpoint() -> EndpointDescription {
    let wire = camel();
    let incoming = MessageSet::builder()
        .nothing("ping", "Asks for a sign of life.")
        .payload::<Comment>("comment", "Speaks to the room.")
        .build();
    let group = MessageSet::builder().payload::<Comment>("comment", "Somebody spoke.").build();
    let events = MessageSet::builder().payload::<String>("renamed", "The room has another name.").build();
    let mut endpoint = EndpointDescription::default();
    endpoint.name = "RoomConsumer".to_owned();
    endpoint.route_name = Some("chat:room".to_owned());
    endpoint.pattern = "ws/<str:side>/rooms/<int:pk>/".to_owned();
    endpoint.address = Some("/ws/{side}/rooms/{pk}/".to_owned());
    endpoint.tags = vec!["chat".to_owned()];
    endpoint.path_parameters =
        vec![parameter("side", None, "north|south", "north"), parameter("pk", Some("int"), "[0-9]+", "1")];
    endpoint.query_parameters = vec![query()];
    endpoint.authentication = vec![
        session(),
        SecurityScheme::Token { keyword: "Token".to_owned() },
        SecurityScheme::Token { keyword: "Bearer".to_owned() },
        SecurityScheme::Basic,
        SecurityScheme::Custom { name: "Badge".to_owned() },
    ];
    endpoint.wire = settings(&wire, true);
    endpoint.incoming = describe_messages(&incoming, &wire);
    endpoint.group_messages = describe_group_messages(&group, &wire);
    endpoint.events = describe_messages(&events, &wire);
    endpoint.builtin = describe_messages(Builtin::messages(), &wire);
    endpoint.close_codes = close_codes();
    endpoint
}

/// Sends only; its path has no form in braces.
fn ticker_endpoint() -> EndpointDescription {
    let wire = WireFormat::default();
    let outgoing =
        MessageSet::builder().payload::<f64>("tick", "").payload::<String>("echo", "Answers an echo.").build();
    let mut endpoint = EndpointDescription::default();
    endpoint.name = "Ticker".to_owned();
    endpoint.pattern = r"^ws/tick(er|s)/$".to_owned();
    endpoint.wire = settings(&wire, false);
    endpoint.outgoing = describe_messages(&outgoing, &wire);
    endpoint.builtin = describe_messages(Builtin::messages(), &wire);
    endpoint.builtin.retain(|message| message.action == "error");
    endpoint
}

fn session() -> SecurityScheme {
    SecurityScheme::Session { cookie: "sessionid".to_owned() }
}

fn parameter(name: &str, converter: Option<&str>, pattern: &str, example: &str) -> PathParameter {
    let mut parameter = PathParameter::default();
    parameter.name = name.to_owned();
    parameter.converter = converter.map(str::to_owned);
    parameter.pattern = pattern.to_owned();
    parameter.example = example.to_owned();
    parameter
}

fn query() -> QueryParameter {
    let mut parameter = QueryParameter::default();
    parameter.name = "since".to_owned();
    parameter.description = "The last comment that the client has seen.".to_owned();
    parameter.schema = json!({"$ref": "#/$defs/Id", "$defs": {"Id": {"type": "integer", "minimum": 1}}});
    parameter
}

fn settings(wire: &WireFormat, send_completion: bool) -> Wire {
    let mut settings = Wire::default();
    settings.action_key.clone_from(&wire.action_key);
    settings.camelize = wire.naming == Naming::CamelCase;
    settings.send_completion = send_completion;
    settings.send_authentication_message = true;
    settings.max_message_size = 65_536;
    settings
}

fn close_codes() -> Vec<CloseCodeDescription> {
    let describe = |info: &chanx_core::close::CloseCodeInfo| {
        let mut code = CloseCodeDescription::default();
        code.code = info.code.as_u16();
        code.meaning = info.meaning.to_owned();
        code.action = Some("reconnect");
        code
    };
    CLOSE_CODES.iter().take(2).map(describe).collect()
}

pub(crate) fn application() -> Application {
    let mut application = Application::default();
    application.title = "Rooms".to_owned();
    application.version = "1.2.0".to_owned();
    application.description = "Rooms to talk in:\n\n- north\n- south".to_owned();
    application.endpoints = vec![echo_endpoint(), room_endpoint(), ticker_endpoint()];
    application
}

pub(crate) fn whole_document() -> Value {
    let servers = [
        ServerDescription::new("production", "wss", "rooms.example").pathname("/live").description("For everybody."),
        ServerDescription::new("development", "ws", "localhost:8000"),
    ];
    document(&application(), &servers)
}
