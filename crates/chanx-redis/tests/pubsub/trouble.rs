//! What servers and networks do to a layer.

use chanx_core::layer::LayerError;
use tokio::time::timeout;

use crate::support::{PATIENCE, RedisServer, Seen, group_name, until};
use crate::{process_at, subscribers};

/// How many groups the server knows.
async fn groups(server: &RedisServer) -> usize {
    let channels: Vec<String> = server.command(&["PUBSUB", "CHANNELS", "asgi__group__*"]).await;
    channels.len()
}

#[tokio::test]
async fn ten_thousand_groups_come_back_after_a_restart() {
    let mut server = RedisServer::start().await;
    let process = process_at(&server, "");
    let waits: Vec<_> = (0..10_000).map(|number| process.layer.subscribe(&group_name(&format!("g{number}")))).collect();
    for wait in waits {
        wait.await.unwrap();
    }
    assert_eq!(groups(&server).await, 10_000);
    server.stop();
    until("that is noticed", || process.is_down()).await;
    let sent = timeout(PATIENCE, process.say("g1", "lost")).await.unwrap();
    assert!(matches!(sent, Err(LayerError::Unavailable { .. })), "{sent:?}");
    assert!(process.layer.check().await.is_err());
    // Meanwhile a group may be entered, and another left.
    timeout(PATIENCE, process.join("new")).await.unwrap();
    process.layer.unsubscribe(&group_name("g0"));
    server.start_again().await;
    assert_eq!(process.seen.next().await, Seen::Missed);
    assert_eq!((groups(&server).await, subscribers(&server, "asgi__group__g0").await), (10_000, 0));
    for group in ["g1", "g9999", "new"] {
        process.say(group, "again").await.unwrap();
        process.seen.expect_group(group, "again").await;
    }
    process.layer.check().await.unwrap();
    until("all is well", || process.is_up()).await;
    assert_eq!(process.seen.drain().await, []);
}

#[tokio::test]
async fn killing_everything_is_survived_too() {
    let server = RedisServer::start().await;
    let (one, two) = (process_at(&server, ""), process_at(&server, ""));
    one.join("room").await;
    two.say("room", "before").await.unwrap();
    one.seen.expect_group("room", "before").await;
    for kind in ["pubsub", "normal"] {
        let _: usize = server.command(&["CLIENT", "KILL", "TYPE", kind]).await;
    }
    assert_eq!(one.seen.next().await, Seen::Missed);
    assert_eq!(two.seen.next().await, Seen::Missed);
    until("it can send", || async { two.layer.check().await.is_ok() }).await;
    two.say("room", "after").await.unwrap();
    one.seen.expect_group("room", "after").await;
}

#[tokio::test]
async fn who_is_cut_off_for_its_backlog_comes_back() {
    let server = RedisServer::start_with(&["--client-output-buffer-limit", "pubsub 1mb 0 0"]).await;
    let (loud, slow) = (process_at(&server, ""), process_at(&server, ""));
    slow.join("room").await;
    // More at once than the limit: the server ends the connection.
    loud.say("room", &"x".repeat(3 << 20)).await.unwrap();
    while slow.seen.next().await != Seen::Missed {}
    loud.say("room", "small").await.unwrap();
    slow.seen.expect_group("room", "small").await;
}
