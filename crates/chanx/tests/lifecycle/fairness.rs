//! Clients that always have something to say, beside one that has little.

use chanx::Audience;
use chanx_core::frame::{Opcode, write_masked};
use serde_json::json;

use crate::probe::{Event, Site, settings};

#[tokio::test]
async fn a_client_with_many_messages_does_not_keep_a_worker_for_itself() {
    let site = Site::new(&settings());
    let (mut flood, mut quiet) = (site.connect().await, site.connect().await);
    let mut wire = Vec::new();
    for _ in 0..1000 {
        write_masked(&mut wire, Opcode::Text, br#"{"action":"read","payload":"flood"}"#, [1, 2, 3, 4]);
    }
    flood.send_raw(&wire).await;
    quiet.send_json(&json!({"action": "read", "payload": "quiet"})).await;
    site.journal.has("quiet").await;
    let before = site.journal.entries().iter().take_while(|entry| *entry != "quiet").count();
    assert!(before < 400, "{before} messages of one client came before one of another");
}

#[tokio::test]
async fn a_handler_that_sends_on_and_on_does_not_keep_a_worker_for_itself() {
    let site = Site::new(&settings());
    let (mut flood, mut quiet) = (site.connect().await, site.connect().await);
    flood.send_json(&json!({"action": "flood", "payload": 10})).await;
    // Its client takes everything, so that the handler never has to wait for it.
    let reading = tokio::spawn(async move { while flood.receive_text().await.is_ok() {} });
    for _ in 0..20 {
        quiet.send_json(&json!({"action": "read", "payload": "quiet"})).await;
        quiet.receive_all().await.unwrap();
    }
    assert_eq!(site.journal.count("quiet"), 20);
    reading.abort();
}

#[tokio::test(start_paused = true)]
async fn events_and_messages_take_turns_although_each_fills_the_output() {
    let mut settings = settings();
    // Less than a completion takes, and more than an event.
    settings.max_outgoing_bytes = 35;
    settings.ping_interval = None;
    let site = Site::new(&settings);
    let mut client = site.connect().await;
    let mut wire = Vec::new();
    for (action, payload) in [("act", "hang"), ("note", "a"), ("note", "b")] {
        let text = json!({"action": action, "payload": payload}).to_string();
        write_masked(&mut wire, Opcode::Text, text.as_bytes(), [1, 2, 3, 4]);
    }
    client.send_raw(&wire).await;
    site.journal.has("acting").await;
    for _ in 0..2 {
        site.channels.send_event(Audience::Everyone, &Event::Act("ok".to_owned())).await.unwrap();
    }
    site.journal.has("b").await;
    assert_eq!(site.journal.entries(), ["connect", "acting", "event", "a", "event", "b"]);
}
