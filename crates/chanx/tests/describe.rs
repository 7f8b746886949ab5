//! What `describe` says of an application, taken from its types.

use chanx::auth::{BasicAuthentication, SessionAuthentication, TokenAuthentication};
use chanx::description::{EndpointDescription, MessageDescription, SecurityScheme};
use chanx::permission::{AllowAny, IsAuthenticated, IsStaff, Permission};
use chanx::routing::{Routes, include, path, re_path};
use chanx::{About, Consumer, Context, Endpoint, Message, Never, Overrides, Result, Settings, describe};
use chanx_core::decode::decode;
use chanx_core::message::IncomingMessage;
use chanx_core::wire::WireFormat;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Message)]
enum Said {
    /// Asks for a sign of life.
    Ping,
    /// Says something to the room.
    Say {
        /// What is said.
        #[garde(length(chars, min = 1, max = 200))]
        text: String,
        reply_to: Option<u64>,
    },
}

#[derive(Debug, Message)]
#[message(outgoing)]
enum Answer {
    /// A sign of life.
    Pong,
}

#[derive(Debug, Message)]
enum Heard {
    /// Somebody said something.
    Said(String),
}

#[derive(Debug, Message)]
#[message(incoming)]
enum Told {
    /// The room was renamed.
    Renamed(String),
}

/// Parameters behind the path.
#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Resume {
    /// The last message that the client has.
    after: Option<u64>,
}

struct Room;

impl Consumer for Room {
    type Authentication = (TokenAuthentication, SessionAuthentication);
    type Object = ();
    type Incoming = Said;
    type Outgoing = Answer;
    type GroupMessage = Heard;
    type Event = Told;

    fn about() -> About {
        About::new("A room.").tag("chat").query::<Resume>().close_code(4900, "the member has left")
    }

    fn permissions() -> impl Permission<Self> {
        (IsAuthenticated, (AllowAny | IsStaff) & !IsStaff)
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, _: Said) -> Result {
        Ok(cx.send_message(Answer::Pong).await?)
    }
}

struct Plain;

impl Consumer for Plain {
    type Authentication = ();
    type Object = ();
    type Incoming = Said;
    type Outgoing = Answer;
    type GroupMessage = Never;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    fn overrides() -> Overrides {
        Overrides::new().camelize(true).message_action_key("type").send_completion(true)
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, _: Said) -> Result {
        Ok(())
    }
}

fn described() -> Vec<EndpointDescription> {
    let rooms = [path("<int:pk>/", Room::endpoint()).name("room")];
    let routes: Routes<Endpoint> = Routes::new([
        path("ws/<slug:tenant>/", include(rooms)).name("chat"),
        path("ws/files/<path:file>", Plain::endpoint()),
        re_path("^ws/(?P<year>20[0-9]{2})/$", Plain::endpoint()),
    ]);
    describe(&routes.compile().unwrap(), &Settings::default())
}

fn actions(messages: &[MessageDescription]) -> Vec<&str> {
    messages.iter().map(|message| &*message.action).collect()
}

#[test]
fn a_route_is_described_with_the_parameters_of_the_routes_around_it() {
    let [room, files, year] = &described()[..] else { panic!("three routes") };
    assert_eq!((&*room.name, room.route_name.as_deref()), ("Room", Some("chat:room")));
    assert_eq!(room.pattern, "ws/<slug:tenant>/<int:pk>/");
    assert_eq!(room.address.as_deref(), Some("/ws/{tenant}/{pk}/"));
    let parameters: Vec<_> =
        room.path_parameters.iter().map(|p| (&*p.name, p.converter.as_deref(), &*p.example)).collect();
    assert_eq!(parameters, [("tenant", Some("slug"), "some-tenant"), ("pk", Some("int"), "1")]);
    assert!(!room.path_parameters[0].takes_slashes && files.path_parameters[0].takes_slashes);
    let [year] = &year.path_parameters[..] else { panic!("one parameter") };
    assert_eq!((&*year.pattern, year.converter.as_deref()), ("20[0-9]{2}", None));
    assert!(year.example.len() == 4 && year.example.starts_with("20"), "{}", year.example);
}

#[test]
fn the_consumer_says_what_its_types_do_not() {
    let room = &described()[0];
    assert_eq!((&*room.description, &room.tags[..]), ("A room.", &["chat".to_owned()][..]));
    assert_eq!((&*room.query_parameters[0].name, room.query_parameters[0].required), ("after", false));
    assert_eq!(room.query_parameters[0].description, "The last message that the client has.");
    assert_eq!((room.close_codes[0].code, &*room.close_codes[0].meaning), (4900, "the member has left"));
    assert!(room.close_codes.iter().any(|code| code.code == 4403 && code.action == Some("log_in")));
}

#[test]
fn who_may_connect_is_told_in_names() {
    let [room, files, _] = &described()[..] else { panic!("three routes") };
    let session = SecurityScheme::Session { cookie: "sessionid".to_owned() };
    assert_eq!(room.authentication, [SecurityScheme::Token { keyword: "Token".to_owned() }, session]);
    assert_eq!(room.permissions, "IsAuthenticated, (AllowAny | IsAdmin) & !IsAdmin");
    assert_eq!((files.authentication.len(), &*files.permissions), (0, "AllowAny"));
    let basic = <BasicAuthentication as chanx::auth::Authentication>::schemes(&Settings::default());
    assert_eq!(basic, [SecurityScheme::Basic]);
}

#[test]
fn messages_stand_as_they_are_on_the_wire() {
    let [room, files, _] = &described()[..] else { panic!("three routes") };
    assert_eq!((actions(&room.incoming), actions(&room.outgoing)), (vec!["ping", "say"], vec!["pong"]));
    assert_eq!((actions(&room.group_messages), actions(&room.events)), (vec!["said"], vec!["renamed"]));
    assert_eq!(actions(&room.builtin), ["authentication", "error"]);
    assert_eq!(actions(&files.builtin), ["authentication", "error", "complete"]);
    let say = &room.incoming[1];
    assert_eq!(say.description, "Says something to the room.");
    assert_eq!(say.schema["properties"]["action"], json!({"const": "say"}));
    assert_eq!(say.example["action"], "say");
    let said = &files.incoming[1].example;
    assert!(said["type"] == "say" && said["payload"]["replyTo"].is_u64(), "{said}");
    assert!(room.group_messages[0].schema["properties"].get("is_mine").is_some());
}

#[test]
fn examples_are_messages() {
    let room = &described()[0];
    for message in &room.incoming {
        accepted::<Said>(message);
    }
    for message in &room.events {
        accepted::<Told>(message);
    }
}

fn accepted<M: IncomingMessage>(message: &MessageDescription) {
    let text = message.example.to_string();
    if let Err(rejected) = decode::<M>(&text, &WireFormat::default()) {
        panic!("{text}: {rejected:?}");
    }
}

#[test]
fn a_message_is_checked_as_the_consumer_would() {
    let endpoint = Plain::endpoint();
    let check = |text| endpoint.check_message(text, &Settings::default());
    assert_eq!(check(r#"{"type": "say", "payload": {"text": "hello", "replyTo": 1}}"#), Ok(()));
    let faults = check(r#"{"type": "say", "payload": {"text": ""}}"#).unwrap_err();
    assert_eq!(faults[0].kind, "string_too_short");
}

struct Bytes;

impl Consumer for Bytes {
    type Authentication = ();
    type Object = ();
    type Incoming = chanx::Raw;
    type Outgoing = Never;
    type GroupMessage = Never;
    type Event = Never;

    fn about() -> About {
        About::new("Takes files.")
    }

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, _: chanx::Raw) -> Result {
        Ok(())
    }
}

#[test]
fn documents_say_that_messages_are_raw_and_name_none() {
    let routes: Routes<Endpoint> = Routes::new([path("ws/files/", Bytes::endpoint())]);
    let mut settings = Settings::default();
    settings.send_completion = true;
    let mut application = chanx::description::Application::default();
    application.endpoints = describe(&routes.compile().unwrap(), &settings);
    let [files] = &application.endpoints[..] else { panic!("one route") };
    assert!(files.description.starts_with("Takes files.\n\nMessages are *raw*"), "{}", files.description);
    assert!(!files.wire.send_completion && !files.wire.send_authentication_message);
    for messages in [&files.incoming, &files.outgoing, &files.group_messages, &files.builtin] {
        assert!(messages.is_empty(), "{messages:?}");
    }
}
