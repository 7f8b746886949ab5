//! The life of a connection, over an in-memory stream and with paused time.

use std::time::Duration;

use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::testing::{Communicator, Connector};
use chanx::{Consumer, Context, HandlerError, Message, Never, Overrides, Result, Settings, Websockets};
use serde_json::{Value, json};

#[derive(Message)]
enum Incoming {
    Ping,
    Echo(String),
    Slow(u64),
    Fail,
    Panic,
    Flood(usize),
    Spawn(String),
    Close(u16),
}

#[derive(Message)]
#[message(outgoing)]
enum Outgoing {
    Pong,
    Echo(String),
}

struct Probe;

impl Consumer for Probe {
    type Authentication = ();
    type Object = ();
    type Incoming = Incoming;
    type Outgoing = Outgoing;
    type GroupMessage = Never;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    fn overrides() -> Overrides {
        Overrides::new().send_completion(true)
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Incoming) -> Result {
        match message {
            Incoming::Ping => cx.send_message(Outgoing::Pong).await?,
            Incoming::Echo(text) => cx.send_message(Outgoing::Echo(text)).await?,
            Incoming::Slow(seconds) => {
                cx.send_message(Outgoing::Echo("begin".to_owned())).await?;
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                cx.send_message(Outgoing::Echo("end".to_owned())).await?;
            }
            Incoming::Fail => return Err(HandlerError::new("secret: hunter2")),
            Incoming::Panic => panic!("secret: hunter2"),
            Incoming::Flood(count) => {
                for _ in 0..count {
                    cx.send_message(Outgoing::Echo("x".repeat(1000))).await?;
                }
            }
            Incoming::Spawn(text) => cx.spawn(async move |peer| {
                tokio::time::sleep(Duration::from_secs(1)).await;
                peer.send_message(Outgoing::Echo(text)).await?;
                Ok(())
            })?,
            Incoming::Close(code) => cx.close_with(code, "bye")?,
        }
        Ok(())
    }
}

fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.allow_missing_origin = true;
    settings
}

async fn connect_with(settings: &Settings) -> Communicator {
    let app = Websockets::new([path("probe/", Probe::endpoint())], settings).unwrap().into_router();
    let mut client = Connector::new(app, "/probe/").connect().await.unwrap();
    client.assert_authenticated_status_ok().await;
    assert_eq!(client.receive_all().await.unwrap(), [] as [Value; 0]);
    client
}

async fn connect() -> Communicator {
    connect_with(&settings()).await
}

#[tokio::test(start_paused = true)]
async fn answers_carry_the_reference_and_end_with_a_completion() {
    let mut client = connect().await;
    client.send_json(&json!({"action": "ping", "ref": "r", "version": 1})).await;
    let pong = client.receive_text().await.unwrap();
    assert_eq!(pong, r#"{"action":"pong","payload":null,"version":1,"ref":"r"}"#);
    let complete = client.receive_json().await.unwrap();
    assert_eq!(complete, json!({"action": "complete", "payload": null, "version": 1, "ref": "r"}));
}

#[tokio::test(start_paused = true)]
async fn replies_leave_in_the_order_of_the_requests() {
    let mut client = connect().await;
    client.send_json(&json!({"action": "slow", "payload": 1})).await;
    client.send_json(&json!({"action": "ping"})).await;
    let actions: Vec<_> = [client.receive_all().await.unwrap(), client.receive_all().await.unwrap()].concat();
    assert_eq!(actions[0]["payload"], "begin");
    assert_eq!(actions[1]["payload"], "end");
    assert_eq!(actions[2]["action"], "pong");
}

#[tokio::test(start_paused = true)]
async fn a_busy_connection_answers_pings_and_sends_at_once() {
    let mut client = connect().await;
    client.send_json(&json!({"action": "slow", "payload": 3600})).await;
    assert_eq!(client.receive_json().await.unwrap()["payload"], "begin");
    client.send_frame(chanx::testing::Opcode::Ping, b"still there?").await;
    assert_eq!(client.receive_pong().await.unwrap(), b"still there?");
}

#[tokio::test(start_paused = true)]
async fn a_failed_handler_tells_an_id_and_nothing_else() {
    let mut client = connect().await;
    client.send_json(&json!({"action": "fail", "ref": "f"})).await;
    let messages = client.receive_all().await.unwrap();
    let [error] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!(error["payload"]["detail"], "Failed to process message");
    assert!(!error.to_string().contains("hunter2"));
    assert_eq!(error["ref"], "f");
    client.send_json(&json!({"action": "ping"})).await;
    assert_eq!(client.receive_all().await.unwrap()[0]["action"], "pong");
}

#[tokio::test(start_paused = true)]
async fn a_panic_closes_its_own_connection_and_no_other() {
    let app = Websockets::new([path("probe/", Probe::endpoint())], &settings()).unwrap().into_router();
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = Connector::new(app.clone(), "/probe/").connect().await.unwrap();
        client.assert_authenticated_status_ok().await;
        client.receive_all().await.unwrap();
        clients.push(client);
    }
    clients[0].send_json(&json!({"action": "panic"})).await;
    let close = clients[0].receive_close().await.unwrap().unwrap();
    assert_eq!(close.code, Some(chanx::CloseCode::INTERNAL));
    assert!(close.reason.starts_with("internal error ") && !close.reason.contains("hunter2"), "{}", close.reason);
    clients[1].send_json(&json!({"action": "ping"})).await;
    assert_eq!(clients[1].receive_all().await.unwrap()[0]["action"], "pong");
}

#[tokio::test(start_paused = true)]
async fn a_handler_waits_for_a_slow_reader_and_loses_nothing() {
    let mut settings = settings();
    settings.max_outgoing_bytes = 4096;
    let mut client = connect_with(&settings).await;
    client.send_json(&json!({"action": "flood", "payload": 500})).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(client.receive_all().await.unwrap().len(), 500);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_nothing_is_given_up() {
    let mut settings = settings();
    settings.max_outgoing_bytes = 4096;
    let mut client = connect_with(&settings).await;
    client.send_json(&json!({"action": "flood", "payload": 10_000})).await;
    tokio::time::sleep(Duration::from_secs(120)).await;
    let close = client.receive_close().await.unwrap();
    assert_eq!(close, None, "the stream ends without room for a close frame");
}

#[tokio::test(start_paused = true)]
async fn spawned_work_answers_later_under_the_same_reference() {
    let mut client = connect().await;
    client.send_json(&json!({"action": "spawn", "payload": "later", "ref": "s"})).await;
    assert_eq!(client.receive_all().await.unwrap(), [] as [Value; 0]);
    let later = client.receive_json().await.unwrap();
    assert_eq!(later, json!({"action": "echo", "payload": "later", "ref": "s"}));
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_pinged_and_then_closed() {
    let mut client = connect().await;
    client.assert_silent(Duration::from_secs(300)).await; // it answers pings
    client.send_json(&json!({"action": "ping"})).await;
    client.receive_all().await.unwrap();
    // Whoever does not poll does not answer.
    tokio::time::sleep(Duration::from_secs(300)).await;
    client.receive_close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_handler_closes_with_its_code_and_nothing_follows() {
    let mut client = connect().await;
    client.send_json(&json!({"action": "close", "payload": 4001})).await;
    client.send_json(&json!({"action": "ping"})).await;
    client.assert_closed(4001).await;
}

#[tokio::test(start_paused = true)]
async fn a_code_that_must_not_be_sent_is_a_failure_of_the_handler() {
    let mut client = connect().await;
    client.send_json(&json!({"action": "close", "payload": 1005})).await;
    assert_eq!(client.receive_all().await.unwrap()[0]["action"], "error");
}

#[tokio::test(start_paused = true)]
async fn a_message_over_the_limit_closes_with_1009() {
    let mut client = connect().await;
    client.send_json(&json!({"action": "echo", "payload": "x".repeat(70_000)})).await;
    client.assert_closed(1009).await;
}

#[tokio::test(start_paused = true)]
async fn draining_tells_every_connection_and_waits_for_its_end() {
    let websockets = Websockets::new([path("probe/", Probe::endpoint())], &settings()).unwrap();
    let connections = websockets.connections();
    let app = websockets.into_router();
    let mut client = Connector::new(app.clone(), "/probe/").connect().await.unwrap();
    client.assert_authenticated_status_ok().await;
    assert_eq!(connections.len(), 1);
    let (close, ()) = tokio::join!(client.receive_close(), connections.drain());
    assert_eq!(close.unwrap().unwrap().code, Some(chanx::CloseCode::GOING_AWAY));
    assert!(connections.is_empty());
    assert!(Connector::new(app, "/probe/").connect().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_a_long_handler_holds_back_does_not_make_its_client_slow() {
    let mut settings = settings();
    settings.send_message_immediately = false;
    let mut client = connect_with(&settings).await.patience(Duration::from_secs(900));
    client.send_json(&json!({"action": "slow", "payload": 600})).await;
    assert_eq!(client.receive_all().await.unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_not_read_from_is_not_called_silent() {
    let mut settings = settings();
    settings.max_waiting_messages = 1;
    let mut client = connect_with(&settings).await.patience(Duration::from_secs(900));
    client.send_json(&json!({"action": "slow", "payload": 600})).await;
    for _ in 0..3 {
        client.send_json(&json!({"action": "ping"})).await;
    }
    assert_eq!(client.receive_all().await.unwrap().len(), 2);
    for _ in 0..3 {
        assert_eq!(client.receive_all().await.unwrap()[0]["action"], "pong");
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_faults_are_told_than_the_settings_say() {
    let mut settings = settings();
    for (max_faults, told) in [(1, 1), (2, 2), (20, 3)] {
        settings.max_faults = max_faults;
        let mut client = connect_with(&settings).await;
        client.send_json(&json!({"action": "echo", "ref": 1, "version": 2, "payload": 3})).await;
        let answer = client.receive_all().await.unwrap();
        assert_eq!(answer[0]["payload"].as_array().map(Vec::len), Some(told), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_an_answer_is_not_idle() {
    let mut settings = settings();
    settings.idle_timeout = Some(Duration::from_secs(60));
    let mut client = connect_with(&settings).await.patience(Duration::from_secs(900));
    client.send_json(&json!({"action": "slow", "payload": 600})).await;
    assert_eq!(client.receive_all().await.unwrap().len(), 2);
    client.assert_closed(4408).await;
}
