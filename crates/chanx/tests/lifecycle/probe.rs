//! A consumer that fails where and how its client wants, and a journal of what it lived through.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chanx::permission::{Permission, Permitted, Request};
use chanx::routing::path;
use chanx::testing::{Communicator, Connector};
use chanx::{
    Channels, Consumer, Context, Disconnect, HandlerError, Message, Overrides, Query, Result, SendError, Settings,
    Websockets,
};
use serde::{Deserialize, Deserializer};
use tokio::sync::Notify;

/// A text whose reading panics if it is `panic`.
#[derive(Debug, schemars::JsonSchema)]
#[schemars(transparent)]
pub(crate) struct Fragile(String);

impl<'de> Deserialize<'de> for Fragile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        assert!(text != "panic", "the type panics");
        Ok(Self(text))
    }
}

#[derive(Message)]
#[message(incoming)]
pub(crate) enum Incoming {
    /// Comes to this outcome.
    Act(String),
    /// Notes a text, after a pause that lets other messages arrive.
    Note(String),
    /// Is read by a type that may panic.
    Read(Fragile),
    /// Sends answers of this size for ever.
    Flood(usize),
    /// The same, with errors of the application's own.
    FloodWrapped(usize),
    /// Sends answers of this size through the connection's own handle, for ever.
    Stream(usize),
    /// Sends one answer of this size.
    Large(usize),
    /// Sends one answer of this size, and never ends.
    Hold(usize),
    /// Spawns tasks that never end.
    Spawn(usize),
    /// Spawns a task that panics.
    SpawnPanic,
}

#[derive(Message)]
#[message(outgoing)]
pub(crate) enum Outgoing {
    Text(String),
}

#[derive(Message)]
pub(crate) enum Event {
    Act(String),
}

/// Where the consumer fails, and how.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Script {
    #[serde(default)]
    phase: String,
    #[serde(default)]
    outcome: String,
}

impl Script {
    async fn at(&self, phase: &str) -> Result {
        if self.phase == phase { act(&self.outcome).await } else { Ok(()) }
    }
}

async fn act(outcome: &str) -> Result {
    match outcome {
        "ok" => Ok(()),
        "error" => Err(HandlerError::new("the cause")),
        // What a handler gets that sends to another connection, which is closed.
        "closed" => Err(SendError::Closed.into()),
        // The same in an error that does not name it as its cause.
        "wrapped" => Err(Wrapped::from(SendError::Closed).into()),
        "panic" => panic!("the cause"),
        "hang" => std::future::pending().await,
        other => Err(HandlerError::new(format!("no outcome {other}"))),
    }
}

/// An error of the application that shows another one as it is.
#[derive(Debug, thiserror::Error)]
enum Wrapped {
    #[error(transparent)]
    Send(#[from] SendError),
}

/// What consumers lived through, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<(Mutex<Vec<String>>, Notify)>);

impl Journal {
    pub(crate) fn note(&self, entry: impl Into<String>) {
        self.0.0.lock().unwrap().push(entry.into());
        self.0.1.notify_waiters();
    }

    pub(crate) fn entries(&self) -> Vec<String> {
        self.0.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, entry: &str) -> usize {
        self.entries().iter().filter(|noted| *noted == entry).count()
    }

    /// Waits until an entry is there.
    pub(crate) async fn has(&self, entry: &str) {
        let wait = async {
            loop {
                let changed = self.0.1.notified();
                if self.count(entry) > 0 {
                    return;
                }
                changed.await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(3600), wait).await;
        assert!(waited.is_ok(), "{entry:?} is not in {:?}", self.entries());
    }
}

pub(crate) struct Scripted;

impl Permission<Probe> for Scripted {
    async fn has_permission(&self, _: &Request<'_, Probe>) -> Permitted {
        Ok(())
    }

    async fn has_object_permission(&self, _: &Request<'_, Probe>, script: &Query<Script>) -> Permitted {
        Ok(script.0.at("admission").await.map_err(|_| std::io::Error::other("the cause"))?)
    }
}

pub(crate) struct Probe(Journal);

impl Consumer for Probe {
    type Authentication = ();
    type Object = Query<Script>;
    type Incoming = Incoming;
    type Outgoing = Outgoing;
    type GroupMessage = chanx::Never;
    type Event = Event;

    fn permissions() -> impl Permission<Self> {
        Scripted
    }

    fn overrides() -> Overrides {
        Overrides::new().send_completion(true)
    }

    async fn connect(cx: &mut Context<Self>) -> Result<Self> {
        cx.object().0.at("connect").await?;
        let journal = cx.state::<Journal>()?.clone();
        journal.note("connect");
        Ok(Self(journal))
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        cx.object().0.at("greet").await
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Incoming) -> Result {
        match message {
            Incoming::Act(outcome) => {
                self.0.note("acting");
                act(&outcome).await?;
            }
            Incoming::Note(text) => {
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                self.0.note(text);
            }
            Incoming::Read(Fragile(text)) => self.0.note(text),
            Incoming::Flood(size) => loop {
                cx.send_message(Outgoing::Text("x".repeat(size))).await?;
            },
            Incoming::FloodWrapped(size) => loop {
                cx.send_message(Outgoing::Text("x".repeat(size))).await.map_err(Wrapped::from)?;
            },
            Incoming::Stream(size) => {
                let handle = cx.peer();
                self.0.note("streaming");
                loop {
                    handle.send_message(Outgoing::Text("x".repeat(size))).await?;
                }
            }
            Incoming::Large(size) => cx.send_message(Outgoing::Text("x".repeat(size))).await?,
            Incoming::Hold(size) => {
                cx.send_message(Outgoing::Text("x".repeat(size))).await?;
                self.0.note("acting");
                act("hang").await?;
            }
            Incoming::Spawn(count) => {
                for _ in 0..count {
                    cx.spawn(|_| std::future::pending())?;
                }
            }
            Incoming::SpawnPanic => {
                let journal = self.0.clone();
                cx.spawn(async move |_| {
                    journal.note("spawned");
                    panic!("the cause")
                })?;
            }
        }
        Ok(())
    }

    async fn receive_event(&mut self, _: &mut Context<Self>, Event::Act(outcome): Event) -> Result {
        self.0.note("event");
        act(&outcome).await
    }

    async fn disconnected(&mut self, cx: &mut Context<Self>, _: &Disconnect) {
        self.0.note("disconnected");
        // The farewell cannot fail, but it can panic, and take for ever.
        let _ = cx.object().0.at("farewell").await;
    }
}

/// A server with this consumer.
pub(crate) struct Site {
    pub(crate) app: axum::Router,
    pub(crate) journal: Journal,
    pub(crate) channels: Channels,
}

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.allow_missing_origin = true;
    settings.handler_timeout = Some(Duration::from_secs(60));
    settings
}

impl Site {
    pub(crate) fn new(settings: &Settings) -> Self {
        let journal = Journal::default();
        let websockets =
            Websockets::new([path("ws/", Probe::endpoint())], settings).unwrap().extension(journal.clone());
        let channels = websockets.channels();
        Self { app: websockets.into_router(), journal, channels }
    }

    /// A client of a consumer with this script, such as `phase=greet&outcome=panic`.
    pub(crate) async fn begin(&self, script: &str) -> Communicator {
        let client = Connector::new(self.app.clone(), &format!("/ws/?{script}")).connect().await.unwrap();
        client.patience(Duration::from_secs(100))
    }

    /// A client that was let in.
    pub(crate) async fn connect(&self) -> Communicator {
        let mut client = self.begin("").await;
        client.assert_authenticated_status_ok().await;
        assert!(client.receive_all().await.unwrap().is_empty());
        client
    }
}
