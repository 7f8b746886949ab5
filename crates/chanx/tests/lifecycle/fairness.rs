//! Clients that always have something to say, beside one that has little.

use chanx_core::frame::{Opcode, write_masked};
use serde_json::json;

use crate::probe::{Site, settings};

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
