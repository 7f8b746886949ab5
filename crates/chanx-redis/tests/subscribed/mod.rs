//! Trouble that both layers which publish and subscribe get over in the same way.

use chanx_core::layer::LayerError;
use tokio::time::timeout;

use crate::process_at;
use crate::support::{PATIENCE, RedisServer, Seen, note, until};

#[tokio::test]
async fn a_layer_may_begin_before_its_server() {
    let mut server = RedisServer::start().await;
    server.stop();
    let process = process_at(&server, "");
    assert!(process.say("room", "x").await.is_err());
    timeout(PATIENCE, process.join("room")).await.unwrap();
    assert!(process.is_down().await);
    server.start_again().await;
    assert_eq!(process.seen.next().await, Seen::Missed);
    process.say("room", "hello").await.unwrap();
    process.seen.expect_group("room", "hello").await;
    let channel = process.layer.new_channel();
    process.tell(&channel, "hello").await.unwrap();
    assert!(matches!(process.seen.next().await, Seen::Channel(..)));
}

#[tokio::test]
async fn a_killed_subscriber_comes_back_and_tells_the_gap_once() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    for _ in 0..3 {
        let killed: usize = server.command(&["CLIENT", "KILL", "TYPE", "pubsub"]).await;
        assert_eq!(killed, 1);
        assert_eq!(process.seen.next().await, Seen::Missed);
        process.say("room", "back").await.unwrap();
        process.seen.expect_group("room", "back").await;
    }
    assert_eq!(process.seen.drain().await, []);
}

#[tokio::test]
async fn a_server_that_stops_answering_is_lost() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "?timeout=0.2");
    process.join("room").await;
    process.layer.check().await.unwrap();
    let () = server.command(&["CLIENT", "PAUSE", "3000", "ALL"]).await;
    until("silence is noticed", || process.is_down()).await;
    let sent = timeout(PATIENCE, process.say("room", "x")).await.unwrap();
    assert!(matches!(sent, Err(LayerError::Unavailable { .. })), "{sent:?}");
    timeout(PATIENCE, process.join("other")).await.unwrap();
    while process.seen.next().await != Seen::Missed {}
    until("all is well", || process.is_up()).await;
    process.say("other", "awake").await.unwrap();
    while process.seen.next().await != Seen::Group("other".to_owned(), note("awake")) {}
}
