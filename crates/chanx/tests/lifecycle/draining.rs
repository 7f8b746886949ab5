//! What a client sent before it closed.

use chanx_core::frame::{Opcode, write_masked};
use serde_json::json;
use tokio::time::{Duration, Instant};

use crate::log::Log;
use crate::probe::{Site, settings};

fn message(action: &str, payload: &str) -> Vec<u8> {
    frame(Opcode::Text, json!({"action": action, "payload": payload}).to_string().as_bytes())
}

fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    write_masked(&mut wire, opcode, payload, [1, 2, 3, 4]);
    wire
}

fn close() -> Vec<u8> {
    frame(Opcode::Close, b"\x03\xe8")
}

#[tokio::test(start_paused = true)]
async fn all_messages_before_a_close_frame_are_handled() {
    let site = Site::new(&settings());
    let mut client = site.connect().await;
    client.send_raw(&[message("note", "a"), message("note", "b"), message("note", "c"), close()].concat()).await;
    drop(client);
    site.journal.has("disconnected").await;
    assert_eq!(site.journal.entries(), ["connect", "a", "b", "c", "disconnected"]);
}

#[tokio::test(start_paused = true)]
async fn all_messages_before_the_end_of_the_transport_are_handled() {
    let site = Site::new(&settings());
    let mut client = site.connect().await;
    client.send_raw(&[message("note", "a"), message("note", "b")].concat()).await;
    drop(client);
    site.journal.has("disconnected").await;
    assert_eq!(site.journal.entries(), ["connect", "a", "b", "disconnected"]);
}

#[tokio::test(start_paused = true)]
async fn the_close_frame_is_answered_before_the_messages_are_handled() {
    let site = Site::new(&settings());
    let mut client = site.connect().await;
    client.send_raw(&[message("act", "hang"), message("note", "b"), close()].concat()).await;
    let start = Instant::now();
    assert_eq!(client.receive_close().await.unwrap().unwrap().code.map(u16::from), Some(1000));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_into_the_time_is_counted() {
    let (log, site) = (Log::begin(), Site::new(&settings()));
    let mut client = site.connect().await;
    let messages = [message("note", "a"), message("act", "hang"), message("note", "b"), message("note", "c"), close()];
    client.send_raw(&messages.concat()).await;
    let start = Instant::now();
    site.journal.has("disconnected").await;
    assert_eq!(start.elapsed().as_secs(), 4, "four fifths of close_timeout");
    assert_eq!(site.journal.entries(), ["connect", "a", "acting", "disconnected"]);
    drop(client);
    while log.with("unhandled=2").is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_is_deaf_to_what_waits() {
    let site = Site::new(&settings());
    let mut client = site.connect().await;
    client.send_raw(&[message("act", "panic"), message("note", "b"), close()].concat()).await;
    client.assert_closed(1011).await;
    site.journal.has("disconnected").await;
    assert_eq!(site.journal.entries(), ["connect", "acting", "disconnected"]);
}
