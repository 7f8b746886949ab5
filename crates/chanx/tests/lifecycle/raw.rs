//! A consumer of raw messages: the same life, without a word of the protocol's own.

use bytes::Bytes;
use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::testing::{Communicator, Connector, Opcode};
use chanx::{
    Audience, ByteString, Channels, Consumer, Context, Disconnect, GroupName, HandlerError, Message, Never, Overrides,
    Raw, Result, Settings, Websockets,
};
use serde_json::json;
use tokio::time::{Duration, timeout};

use crate::log::Log;
use crate::probe::{Journal, settings};

#[derive(Message)]
enum Event {
    /// Tells the client this text.
    Tell(String),
}

#[derive(Message)]
enum RoomMessage {
    Said(String),
}

/// Does what a text says, and sends back everything else.
struct Echo(Journal);

impl Consumer for Echo {
    type Authentication = ();
    type Object = ();
    type Incoming = Raw;
    type Outgoing = Never;
    type GroupMessage = RoomMessage;
    type Event = Event;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(cx: &mut Context<Self>) -> Result<Self> {
        Ok(Self(cx.state::<Journal>()?.clone()))
    }

    async fn build_groups(&mut self, _: &mut Context<Self>) -> Result<Vec<GroupName>> {
        Ok(vec!["room".try_into()?])
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Raw) -> Result {
        match message {
            Raw::Text(text) => match &*text {
                "error" => return Err(HandlerError::new("the cause")),
                "panic" => panic!("the cause"),
                "hang" => {
                    self.0.note("hanging");
                    std::future::pending::<()>().await;
                }
                "large" => cx.send_binary(&[0; 2000]).await?,
                "say" => cx.send_group_message(RoomMessage::Said("hi".to_owned())).exclude_current(false).await?,
                "say json" => cx.send_group_json(&json!({"any": 1})).exclude_current(false).await?,
                "spawn" => cx.spawn(async move |peer| {
                    peer.send_text("from a task").await?;
                    peer.send_binary(Bytes::from_static(b"\x00")).await?;
                    Ok(())
                })?,
                _ => {
                    self.0.note(&*text);
                    cx.send_text(&text).await?;
                }
            },
            Raw::Binary(bytes) => cx.send_binary(&bytes).await?,
        }
        Ok(())
    }

    async fn receive_event(&mut self, cx: &mut Context<Self>, Event::Tell(text): Event) -> Result {
        cx.send_text(&text).await?;
        Ok(())
    }

    async fn disconnected(&mut self, _: &mut Context<Self>, _: &Disconnect) {
        self.0.note("disconnected");
    }
}

/// For users alone, of whom there are none; tells the outcome if `TELLS`.
struct Guarded<const TELLS: bool>;

impl<const TELLS: bool> Consumer for Guarded<TELLS> {
    type Authentication = ();
    type Object = ();
    type Incoming = Raw;
    type Outgoing = Never;
    type GroupMessage = Never;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        !AllowAny
    }

    fn overrides() -> Overrides {
        if TELLS { Overrides::new().send_authentication_message(true) } else { Overrides::new() }
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, _: Raw) -> Result {
        Ok(())
    }
}

struct Site {
    app: axum::Router,
    journal: Journal,
    channels: Channels,
}

/// Settings with everything that the protocol can say of its own accord.
fn talkative() -> Settings {
    let mut settings = settings();
    (settings.send_completion, settings.send_authentication_message) = (true, true);
    settings
}

impl Site {
    fn new(settings: &Settings) -> Self {
        let journal = Journal::default();
        let routes = [
            path("echo/", Echo::endpoint()),
            path("guarded/", Guarded::<false>::endpoint()),
            path("telling/", Guarded::<true>::endpoint()),
        ];
        let websockets = Websockets::new(routes, settings).unwrap().extension(journal.clone());
        let channels = websockets.channels();
        Self { app: websockets.into_router(), journal, channels }
    }

    async fn connect(&self, path: &str) -> Communicator {
        Connector::new(self.app.clone(), path).connect().await.unwrap().patience(Duration::from_secs(100))
    }

    async fn echo(&self) -> Communicator {
        self.connect("/echo/").await
    }
}

#[tokio::test(start_paused = true)]
async fn messages_come_back_as_they_are_and_nothing_else_comes() {
    let site = Site::new(&talkative());
    let mut client = site.echo().await;
    for text in ["", "no json", "{\"action\": 1}", "Grüße, 🦀"] {
        client.send_text(text).await;
        assert_eq!(client.receive_text().await.unwrap(), text);
    }
    for size in [0, 1, 125, 126, 5000, 60_000] {
        let bytes: Vec<_> = (0..size).map(|index| (index % 251) as u8).collect();
        client.send_binary(&bytes).await;
        assert_eq!(client.receive_binary().await.unwrap(), bytes);
    }
    client.assert_silent(Duration::from_secs(10)).await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_a_close_code_and_told_only_where_the_consumer_says_so() {
    let site = Site::new(&talkative());
    site.connect("/guarded/").await.assert_closed(4403).await;
    let mut client = site.connect("/telling/").await;
    assert_eq!(client.wait_for_auth().await.unwrap().status_code, 403);
    client.assert_closed(4403).await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_handler_closes_with_1011_and_is_told_once() {
    for (text, cause) in [("error", "the cause"), ("panic", "the cause"), ("hang", "handler_timeout")] {
        let (log, site) = (Log::begin(), Site::new(&talkative()));
        let mut client = site.echo().await;
        client.send_text(text).await;
        client.assert_closed(1011).await;
        site.journal.has("disconnected").await;
        assert_eq!(site.journal.count("disconnected"), 1, "{text}");
        assert_eq!((log.with("ERROR").len(), log.with(cause).len()), (1, 1), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_client_sent_before_it_closed_is_handled() {
    let site = Site::new(&talkative());
    let mut client = site.echo().await;
    for text in ["a", "b", "c"] {
        client.send_text(text).await;
    }
    client.send_frame(Opcode::Close, b"\x03\xe8").await;
    drop(client);
    site.journal.has("disconnected").await;
    assert_eq!(site.journal.entries(), ["a", "b", "c", "disconnected"]);
}

#[tokio::test(start_paused = true)]
async fn messages_are_bounded_in_both_directions() {
    let mut settings = talkative();
    (settings.max_message_size, settings.max_outgoing_message_size) = (1000, 1500);
    let (log, site) = (Log::begin(), Site::new(&settings));
    let mut client = site.echo().await;
    client.send_binary(&[0; 1001]).await;
    client.assert_closed(1009).await;
    let mut client = site.echo().await;
    client.send_text("large").await;
    client.assert_closed(1011).await;
    assert_eq!(log.with("max_outgoing_message_size allows 1500").len(), 1);
}

/// What a server holds for a client whose handler is busy: binary messages count with their bytes.
#[tokio::test(start_paused = true)]
async fn binary_messages_that_wait_for_a_handler_stop_the_reading() {
    let mut settings = talkative();
    (settings.max_message_size, settings.max_waiting_messages) = (10_000, 1_000_000);
    settings.handler_timeout = None;
    let site = Site::new(&settings);
    let mut client = site.echo().await;
    client.send_text("hang").await;
    site.journal.has("hanging").await;
    let mut sent = 0;
    while timeout(Duration::from_secs(1), client.send_binary(&[0; 1000])).await.is_ok() {
        sent += 1;
        assert!(sent < 200, "the server reads on and on");
    }
}

/// The same in allocated bytes: messages that share what they were read into count with at least half of it.
#[test]
fn binary_messages_that_wait_hold_no_more_than_texts() {
    let mut settings = settings();
    (settings.handler_timeout, settings.ping_interval) = (None, None);
    for size in [1, 1000, 9000, 60_000] {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let site = Site::new(&settings);
        let mut client = runtime.block_on(site.echo());
        let held = allocation_counter::measure(|| {
            runtime.block_on(async {
                client.send_text("hang").await;
                site.journal.has("hanging").await;
                for _ in 0..10_000 {
                    if timeout(Duration::from_millis(10), client.send_binary(&vec![7; size])).await.is_err() {
                        break;
                    }
                }
            });
        });
        // What `held` allows for texts: the stream in memory, and twice two messages over the limit.
        assert!(held.bytes_current <= (256 + 4 * 64) * 1024, "{size}: {} bytes are held", held.bytes_current);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_of_the_connection_sends_both_kinds() {
    let site = Site::new(&talkative());
    let mut client = site.echo().await;
    client.send_text("spawn").await;
    assert_eq!(client.receive_text().await.unwrap(), "from a task");
    assert_eq!(client.receive_binary().await.unwrap(), b"\x00");
}

#[tokio::test(start_paused = true)]
async fn group_messages_are_json_and_events_run_a_handler() {
    let site = Site::new(&settings());
    let (mut speaker, mut listener) = (site.echo().await, site.echo().await);
    for client in [&mut speaker, &mut listener] {
        client.send_text("there?").await;
        client.receive_text().await.unwrap();
    }
    speaker.send_text("say").await;
    for (client, is_current) in [(&mut speaker, true), (&mut listener, false)] {
        let expected = json!({"action": "said", "payload": "hi", "is_mine": false, "is_current": is_current});
        assert_eq!(client.receive_json().await.unwrap(), expected);
    }
    speaker.send_text("say json").await;
    assert_eq!(listener.receive_json().await.unwrap()["any"], 1);
    speaker.receive_json().await.unwrap();
    let room = Audience::group("room").unwrap();
    site.channels.send_event(room, &Event::Tell("as it is".to_owned())).await.unwrap();
    for client in [&mut speaker, &mut listener] {
        assert_eq!(client.receive_text().await.unwrap(), "as it is");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_of_raw_messages_finds_no_fault_in_any_text() {
    let endpoint = Echo::endpoint();
    assert!(endpoint.is_raw());
    assert!(endpoint.check_message("no json", &settings()).is_ok());
    let text = ByteString::from_static("kept");
    assert_eq!(Raw::Text(text.clone()).into_bytes(), text.into_bytes());
}
