//! What some members of a group do not take: it reaches nobody else's log, and its own once for each kind of consumer.

use std::time::Duration;

use chanx::layer::MemoryLayer;
use chanx::{Audience, Channels, Message};
use serde_json::{Map, Value, json};

use crate::log::Log;
use crate::site::*;

fn room() -> Audience {
    Audience::group("room").unwrap()
}

async fn send_foreign(channels: &Channels) {
    let Value::Object(object) = json!({"type": "chat.message", "text": "hi"}) else { unreachable!() };
    channels.send_raw(room(), object).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_consumers_do_not_take_is_one_line_for_each_kind_and_minute() {
    let log = Log::begin();
    let site = Site::new();
    let mut members = Vec::new();
    for path in ["/stranger/", "/member/"] {
        for _ in 0..5 {
            members.push(site.other(path, "room").await);
        }
    }
    for minute in 0..2 {
        for _ in 0..10 {
            site.channels.send_event(room(), &RoomEvent::Note("hi".to_owned())).await.unwrap();
            site.channels.send_group_message(room(), &RoomMessage::Said("hi".to_owned())).await.unwrap();
            send_foreign(&site.channels).await;
        }
        // Time passes once all connections have nothing to do.
        tokio::time::sleep(Duration::from_millis(1)).await;
        let events = log.with("an event is not delivered");
        assert_eq!(events.len(), minute + 1, "{events:#?}");
        for part in ["endpoint=\"Stranger\"", "to=\"room\"", "note"] {
            assert!(events[0].contains(part), "{part} is not in {}", events[0]);
        }
        let messages = log.with("a group message is not delivered");
        assert_eq!(messages.len(), minute + 1, "{messages:#?}");
        let foreign = log.with("is not understood");
        assert_eq!(foreign.len(), minute + 1, "{foreign:#?}");
        assert!(foreign[0].contains("chat.message") && foreign[0].contains("to=\"room\""), "{}", foreign[0]);
        tokio::time::advance(Duration::from_secs(61)).await;
    }
    assert!(log.with("an event is not delivered")[1].contains("times=10"));
}

#[tokio::test(start_paused = true)]
async fn one_message_to_many_is_one_line() {
    let log = Log::begin();
    let mut settings = settings();
    settings.log_sent_message = true;
    let site = Site::with(&settings, MemoryLayer::new());
    let mut members = Vec::new();
    for path in ["/member/", "/camel/", "/member/"] {
        members.push(site.other(path, "room").await);
    }
    site.channels.send_group_message(room(), &RoomMessage::Said("hi".to_owned())).await.unwrap();
    for member in &mut members {
        member.receive_text().await.unwrap();
        member.receive_text().await.unwrap();
    }
    let sent = log.with("action=\"said\"");
    assert_eq!(sent.len(), 1, "{sent:#?}");
    assert!(sent[0].contains("members=3") && sent[0].contains("to=\"room\""), "{}", sent[0]);
    assert!(!sent[0].contains("hi\""), "{}", sent[0]);
}

#[derive(Message)]
#[message(outgoing)]
enum Unknown {
    Renamed(Map<String, Value>),
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_not_taken_is_not_queued_where_it_completes_nothing() {
    let mut settings = settings();
    settings.max_queued_deliveries = 2;
    let site = Site::with(&settings, MemoryLayer::new());
    let mut brief = site.connector("/brief/").header("x-groups", "room").connect().await.unwrap();
    brief.wait_for_auth().await.unwrap();
    let mut brief = brief.patience(Duration::from_secs(100));
    tell(&mut brief, "sleep", 60).await;
    brief.send_frame(chanx::testing::Opcode::Ping, b"").await;
    brief.receive_pong().await.unwrap();
    for _ in 0..10 {
        site.channels.send_event(room(), &Unknown::Renamed(Map::new())).await.unwrap();
    }
    tell(&mut brief, "name", ()).await;
    assert_eq!(brief.receive_json().await.unwrap()["action"], "name", "more than may wait were sent");
}
