//! What a connection leaves in the log, and what it never does.

use std::io;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::testing::{Communicator, Connector};
use chanx::{
    ConnectionLabel, Consumer, Context, FromHandshake, HandlerError, Handshake, Message, Never, Rejection, Result,
};
use chanx::{Settings, Websockets};
use serde_json::json;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{self, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

#[path = "support/log.rs"]
mod log;

use log::Log;

#[derive(Message)]
enum Incoming {
    Ping,
    Secret(String),
    Many(Vec<String>),
    /// Logs a line, and has spawned work log another one.
    Note,
    Fail,
}

#[derive(Message)]
#[message(outgoing)]
enum Outgoing {
    Pong,
}

struct Logged<O>(PhantomData<O>);

impl<O: FromHandshake> Consumer for Logged<O> {
    type Authentication = ();
    type Object = O;
    type Incoming = Incoming;
    type Outgoing = Outgoing;
    type GroupMessage = Never;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self(PhantomData))
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Incoming) -> Result {
        match message {
            Incoming::Ping => cx.send_message(Outgoing::Pong).await?,
            Incoming::Secret(text) => drop(text),
            Incoming::Many(texts) => drop(texts),
            Incoming::Note => {
                tracing::info!("noted");
                cx.spawn(async |_| {
                    tokio::task::yield_now().await;
                    tracing::info!("noted beside");
                    Ok(())
                })?;
            }
            Incoming::Fail => return Err(HandlerError::new("the cause")),
        }
        Ok(())
    }
}

/// Something that cannot be looked for.
struct Unfindable;

#[derive(Debug, thiserror::Error)]
#[error("the store does not answer")]
struct StoreError(#[source] io::Error);

impl FromHandshake for Unfindable {
    async fn from_handshake(_: &Handshake) -> std::result::Result<Self, Rejection> {
        Err(StoreError(io::Error::other("the cable is cut")).into())
    }
}

/// The log of one connection that sends these messages; each is answered, or fails, before the next.
async fn log_of(settings: &Settings, messages: &[serde_json::Value]) -> String {
    let log = Log::begin();
    let mut client = connect::<()>(settings).await;
    client.assert_authenticated_status_ok().await;
    client.receive_all().await.unwrap();
    for message in messages {
        client.send_json(message).await;
        client.receive_all().await.unwrap();
    }
    client.disconnect().await.unwrap();
    log.text()
}

async fn connect<O: FromHandshake>(settings: &Settings) -> Communicator {
    let app = Websockets::new([path("ws/", Logged::<O>::endpoint())], settings).unwrap().into_router();
    Connector::new(app, "/ws/").origin("http://a.example").connect().await.unwrap()
}

/// Messages leave lines.
fn settings() -> Settings {
    let mut settings = defaults();
    settings.log_received_message = true;
    settings.log_sent_message = true;
    settings
}

/// The defaults, but for what the client of these tests needs.
fn defaults() -> Settings {
    let mut settings = Settings::default();
    settings.send_completion = true;
    settings.allowed_origins = vec!["http://a.example".to_owned()];
    settings
}

#[tokio::test]
async fn messages_are_logged_by_action_and_never_by_content() {
    let messages = [json!({"action": "ping"}), json!({"action": "secret", "payload": "hunter2"})];
    let log = log_of(&settings(), &messages).await;
    for expected in ["received message_id=1 action=\"ping\"", "sent message_id=1 action=\"pong\"", "action=\"secret\""]
    {
        assert!(log.contains(expected), "{expected:?} is not in\n{log}");
    }
    assert!(log.contains("websocket{id="), "every line names its connection:\n{log}");
    assert!(!log.contains("hunter2"), "{log}");
}

#[tokio::test]
async fn what_a_bad_message_held_is_not_logged_either() {
    let log = log_of(&settings(), &[json!({"action": "secret", "payload": {"password": "hunter2"}})]).await;
    assert!(log.contains("refused") && log.contains("string_type"), "{log}");
    assert!(!log.contains("hunter2") && !log.contains("password"), "{log}");
}

#[tokio::test]
async fn ignored_actions_and_switched_off_directions_leave_no_line() {
    let mut settings = settings();
    settings.log_ignored_actions = vec!["ping".to_owned()];
    settings.log_sent_message = false;
    let log = log_of(&settings, &[json!({"action": "ping"}), json!({"action": "secret", "payload": "x"})]).await;
    assert!(!log.contains("\"ping\"") && !log.contains("sent"), "{log}");
    assert!(log.contains("\"secret\""), "{log}");
}

#[tokio::test]
async fn messages_leave_no_line_unless_a_setting_asks_for_it() {
    let log = log_of(&defaults(), &[json!({"action": "ping"}), json!({"action": "nonsense"})]).await;
    for line in log.lines() {
        assert!(
            line.ends_with("connected") || line.contains("disconnected"),
            "more than the beginning and the end:\n{log}"
        );
    }
}

#[tokio::test]
async fn a_message_with_many_faults_is_a_short_line() {
    let list: Vec<u32> = (0..5_000).collect();
    let log = log_of(&settings(), &[json!({"action": "many", "payload": list})]).await;
    let line = log.lines().find(|line| line.contains("refused")).unwrap();
    assert!(line.contains("faults=20") && line.contains("string_type (20)") && line.len() < 1_000, "{line}");
}

#[tokio::test]
async fn a_failure_is_logged_with_its_cause_under_an_id() {
    let log = log_of(&settings(), &[json!({"action": "fail"})]).await;
    let line = log.lines().find(|line| line.contains("ERROR")).unwrap_or_else(|| panic!("no error in\n{log}"));
    assert!(line.contains("the cause") && line.contains("message_id=1") && line.contains("-1\""), "{line}");
}

#[tokio::test]
async fn why_nobody_can_tell_who_is_welcome_is_logged_with_all_causes() {
    let log = Log::begin();
    let mut client = connect::<Unfindable>(&settings()).await;
    assert_eq!(client.wait_for_auth().await.unwrap().status_code, 500);
    client.assert_closed(1011).await;
    let log = log.text();
    let line = log.lines().find(|line| line.contains("ERROR")).unwrap_or_else(|| panic!("no error in\n{log}"));
    assert!(line.contains("the store does not answer: the cable is cut"), "{line}");
}

#[tokio::test]
async fn every_line_has_the_span_of_its_connection() {
    let log = log_of(&settings(), &[json!({"action": "note"})]).await;
    for expected in ["connected", "noted", "noted beside"] {
        let line = log.lines().find(|line| line.contains(&format!(": {expected}")));
        let line = line.unwrap_or_else(|| panic!("{expected:?} is not in\n{log}"));
        assert_eq!(line.matches("websocket{id=\"").count(), 1, "{line}");
        assert!(line.contains("path=\"/ws/\"}"), "{line}");
    }
}

/// A log that declines the spans of connections. What it knows of each line is the label, and whether there was a span.
#[derive(Clone, Default)]
struct Labels(Arc<Mutex<Vec<Known>>>);

/// The label of a line, and whether there was a span.
type Known = (Option<ConnectionLabel>, bool);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Labels {
    fn enabled(&self, metadata: &Metadata<'_>, _: layer::Context<'_, S>) -> bool {
        metadata.target() != "chanx::connection"
    }

    fn on_event(&self, _: &Event<'_>, cx: layer::Context<'_, S>) {
        self.0.lock().unwrap().push((ConnectionLabel::current(), cx.lookup_current().is_some()));
    }
}

#[tokio::test]
async fn a_log_that_declines_the_span_finds_the_label_on_every_line() {
    let labels = Labels::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(labels.clone()));
    let mut client = connect::<()>(&settings()).await;
    client.receive_all().await.unwrap();
    for action in ["note", "ping"] {
        client.send_json(&json!({"action": action})).await;
        client.receive_all().await.unwrap();
    }
    let lines = labels.0.lock().unwrap();
    // Connected, authentication and completion sent, received, noted, noted beside, completion sent, received, two sent.
    assert_eq!(lines.len(), 10, "{lines:?}");
    let first = lines[0].0.clone().expect("there is a label");
    assert_eq!(first.path(), "/ws/");
    assert!(first.id().ends_with("-0") && !first.id().contains(' '), "{first:?}");
    assert!(lines.iter().all(|(label, has_span)| label.as_ref() == Some(&first) && !has_span), "{lines:?}");
    assert_eq!(ConnectionLabel::current(), None, "and there is none elsewhere");
}
