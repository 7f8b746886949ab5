//! No message to groups and events is longer than one message may be, wherever it comes from.

use chanx::layer::MemoryLayer;
use chanx::{Audience, ChannelName, Channels, ChannelsError, Settings};
use serde_json::{Map, Value, json};

use crate::log::Log;
use crate::site::*;

const LIMIT: usize = 1000;
/// The bytes of a message `said` without its text, as clients get it.
const SAID: usize = r#"{"action":"said","payload":"","is_mine":false,"is_current":false}"#.len();

fn narrow() -> Settings {
    let mut settings = settings();
    settings.max_outgoing_message_size = LIMIT;
    settings
}

fn room() -> Audience {
    Audience::group("room").unwrap()
}

/// A message that a client gets in so many bytes.
fn message_of(size: usize) -> RoomMessage {
    RoomMessage::Said("x".repeat(size - SAID))
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(object) = value else { panic!("an object is needed") };
    object
}

fn assert_too_large(sent: Result<(), ChannelsError>) {
    match sent {
        Err(ChannelsError::TooLarge { size, limit: LIMIT }) if size == LIMIT + 1 => {}
        other => panic!("{other:?} instead of a size that is one too large"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_as_large_as_it_may_be_arrives_and_a_byte_more_is_an_error_of_the_sender() {
    let site = Site::with(&narrow(), MemoryLayer::new());
    let mut member = site.member("room").await;
    site.channels.send_group_message(room(), &message_of(LIMIT)).await.unwrap();
    assert_eq!(member.receive_text().await.unwrap().len(), LIMIT);
    assert_eq!(member.receive_json().await.unwrap(), group_complete());
    let channel = ask(&mut member, "name", ()).await[0]["payload"].as_str().unwrap().to_owned();
    let channel = Audience::from(ChannelName::new(&channel).unwrap());
    for audience in [room(), channel, Audience::user(7), Audience::Everyone] {
        assert_too_large(site.channels.send_group_message(audience, &message_of(LIMIT + 1)).await);
    }
    heard_all(&mut member).await;
}

#[tokio::test(start_paused = true)]
async fn events_and_objects_have_the_same_limit() {
    let site = Site::with(&narrow(), MemoryLayer::new());
    let mut member = site.member("room").await;
    let load = |size: usize| RoomEvent::Load("x".repeat(size - r#"{"handler":"load","payload":""}"#.len()));
    site.channels.send_event(room(), &load(LIMIT)).await.unwrap();
    assert_eq!(member.receive_json().await.unwrap()["action"], "complete");
    assert_too_large(site.channels.send_event(room(), &load(LIMIT + 1)).await);
    let foreign =
        |size: usize| object(json!({"type": "x", "text": "x".repeat(size - r#"{"type":"x","text":""}"#.len())}));
    site.channels.send_raw(room(), foreign(LIMIT)).await.unwrap();
    assert_too_large(site.channels.send_raw(room(), foreign(LIMIT + 1)).await);
    let content = json!({"action": "said", "payload": "x".repeat(LIMIT + 1 - SAID)});
    let raw = json!({"type": "send_group_member", "kind": "json", "content": content});
    assert_too_large(site.channels.send_raw(room(), object(raw)).await);
    heard_all(&mut member).await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_sends_too_much_to_its_groups_gets_an_error() {
    let log = Log::begin();
    let site = Site::with(&narrow(), MemoryLayer::new());
    let (mut sender, mut member) = (site.member("room").await, site.member("room").await);
    let text = "x".repeat(LIMIT + 1 - SAID);
    for (action, payload) in
        [("say", json!(text)), ("say_to_all", json!(text)), ("raw", json!({"action": "said", "payload": text}))]
    {
        let answers = ask(&mut sender, action, payload).await;
        assert_eq!(answers[0]["action"], "error", "{answers:?}");
    }
    let failures = log.with("a handler failed");
    assert_eq!(failures.len(), 3, "{failures:#?}");
    for failure in failures {
        let words = format!("the message has {} bytes; max_outgoing_message_size allows {LIMIT}", LIMIT + 1);
        assert!(failure.contains(&words), "{failure}");
    }
    heard_all(&mut member).await;
}

#[tokio::test(start_paused = true)]
async fn what_others_send_beyond_the_limit_is_not_delivered_and_told_as_missed() {
    let log = Log::begin();
    let layer = MemoryLayer::new();
    let (wide, narrow) = (Site::with(&settings(), layer.neighbor()), Site::with(&narrow(), layer.neighbor()));
    let (mut wide_member, mut member) = (wide.member("room").await, narrow.member("room").await);
    for _ in 0..10 {
        wide.channels.send_group_message(room(), &message_of(LIMIT + 1)).await.unwrap();
        wide.channels.send_event(room(), &RoomEvent::Load("x".repeat(LIMIT))).await.unwrap();
        for _ in 0..3 {
            wide_member.receive_json().await.unwrap();
        }
        assert_eq!(ask(&mut member, "name", ()).await, [json!({"action": "missed", "payload": null})]);
        assert_eq!(member.receive_all().await.unwrap()[0]["action"], "name");
    }
    let reports = log.with("what is too large is not delivered");
    assert_eq!(reports.len(), 1, "{reports:#?}");
    assert!(
        reports[0].contains("endpoint=\"Member") && reports[0].contains("max_outgoing_message_size"),
        "{reports:?}"
    );
    wide.channels.send_group_message(room(), &message_of(LIMIT)).await.unwrap();
    assert_eq!(member.receive_text().await.unwrap().len(), LIMIT);
}

#[tokio::test]
async fn a_handle_that_only_sends_can_be_bounded() {
    let channels = Channels::in_memory().limited_by(&narrow());
    assert_too_large(channels.send_group_message(room(), &message_of(LIMIT + 1)).await);
    channels.send_group_message(room(), &message_of(LIMIT)).await.unwrap();
}
