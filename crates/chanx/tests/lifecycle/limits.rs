//! Bounds of one connection: tasks, the size of what leaves, and how slowly a client may read.

use chanx::testing::Opcode;
use chanx_core::frame::write_masked;
use serde_json::json;
use tokio::time::{Duration, Instant};

use crate::log::Log;
use crate::probe::{Site, settings};

#[tokio::test(start_paused = true)]
async fn a_client_cannot_make_the_server_spawn_any_number_of_tasks() {
    let mut settings = settings();
    settings.max_spawned_tasks = 3;
    let (log, site) = (Log::begin(), Site::new(&settings));
    let mut client = site.connect().await;
    client.send_json(&json!({"action": "spawn", "payload": 3})).await;
    assert!(client.receive_all().await.unwrap().is_empty());
    client.send_json(&json!({"action": "spawn", "payload": 1})).await;
    assert_eq!(client.receive_all().await.unwrap()[0]["payload"]["detail"], "Failed to process message");
    assert_eq!(log.with("max_spawned_tasks").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_spawned_work_is_logged() {
    let (log, site) = (Log::begin(), Site::new(&settings()));
    let mut client = site.connect().await;
    client.send_json(&json!({"action": "spawn_panic"})).await;
    site.journal.has("spawned").await;
    client.send_json(&json!({"action": "note", "payload": "alive"})).await;
    site.journal.has("alive").await;
    assert_eq!(log.with("spawned work failed error=\"panic: the cause\"").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_too_long_to_be_sent_is_a_failure_of_its_handler() {
    let mut settings = settings();
    settings.max_outgoing_message_size = 1000;
    let (log, site) = (Log::begin(), Site::new(&settings));
    let mut client = site.connect().await;
    client.send_json(&json!({"action": "large", "payload": 900})).await;
    assert_eq!(client.receive_all().await.unwrap()[0]["action"], "text");
    client.send_json(&json!({"action": "large", "payload": 1000})).await;
    assert_eq!(client.receive_all().await.unwrap()[0]["payload"]["detail"], "Failed to process message");
    assert_eq!(log.with("max_outgoing_message_size allows 1000").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_a_byte_now_and_then_is_closed() {
    let site = Site::new(&settings());
    let mut stream = site.connect_raw().await;
    stream.send("stream", json!(60_000)).await;
    let start = Instant::now();
    while site.journal.count("disconnected") == 0 {
        stream.read_some(1).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(start.elapsed() < Duration::from_secs(300), "a byte a second keeps the connection");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_closed_in_time() {
    for action in ["stream", "flood"] {
        let mut settings = settings();
        settings.handler_timeout = None;
        let site = Site::new(&settings);
        let mut stream = site.connect_raw().await;
        stream.send(action, json!(60_000)).await;
        let start = Instant::now();
        site.journal.has("disconnected").await;
        // `send_timeout`, and two ticks of a quarter of `ping_interval`.
        assert!(start.elapsed() <= Duration::from_secs(40), "{action}: {:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_but_steadily_is_not() {
    let mut settings = settings();
    (settings.handler_timeout, settings.ping_interval) = (None, None);
    let site = Site::new(&settings);
    let mut stream = site.connect_raw().await;
    stream.send("stream", json!(60_000)).await;
    for _ in 0..300 {
        stream.read_some(8 * 1024).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(site.journal.count("disconnected"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_others_must_see_does_not_wait_for_a_handler_whose_messages_are_held_back() {
    let mut settings = settings();
    settings.send_message_immediately = false;
    let site = Site::new(&settings);
    let mut client = site.connect().await;
    client.send_json(&json!({"action": "act", "payload": "hang"})).await;
    site.journal.has("acting").await;
    let start = Instant::now();
    client.send_frame(Opcode::Ping, b"there?").await;
    assert_eq!(client.receive_pong().await.unwrap(), b"there?");
    client.send_frame(Opcode::Close, b"\x03\xe8").await;
    assert_eq!(client.receive_close().await.unwrap().unwrap().code.map(u16::from), Some(1000));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_a_handler_sent_that_is_done_does_not_wait_for_the_next_one() {
    let mut settings = settings();
    settings.send_message_immediately = false;
    let site = Site::new(&settings);
    let mut client = site.connect().await;
    let mut wire = Vec::new();
    for text in [r#"{"action":"large","payload":10}"#, r#"{"action":"act","payload":"hang"}"#] {
        write_masked(&mut wire, Opcode::Text, text.as_bytes(), [1, 2, 3, 4]);
    }
    let start = Instant::now();
    client.send_raw(&wire).await;
    for action in ["text", "complete"] {
        assert_eq!(client.receive_json().await.unwrap()["action"], action);
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
}
