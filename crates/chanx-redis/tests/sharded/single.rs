//! One server without a cluster.

use chanx_core::layer::{ChannelName, Health, LayerError};
use tokio::time::timeout;

use crate::process_at;
use crate::support::{PATIENCE, Process, RedisServer, Seen, group_name, note, until};

async fn publish(server: &RedisServer, channel: &str, payload: &[u8]) {
    let mut connection = server.connection().await;
    let () = redis::cmd("SPUBLISH").arg(channel).arg(payload).query_async(&mut connection).await.unwrap();
}

/// The channels that somebody is subscribed to.
async fn channels(server: &RedisServer, pattern: &str) -> Vec<String> {
    server.command(&["PUBSUB", "SHARDCHANNELS", pattern]).await
}

#[tokio::test]
async fn groups_and_channels_are_heard_in_order() {
    let server = RedisServer::start().await;
    let (one, two) = (process_at(&server, ""), process_at(&server, ""));
    one.join("room").await;
    two.join("room").await;
    let channel = one.layer.new_channel();
    for number in 0..300 {
        two.say("room", &number.to_string()).await.unwrap();
        two.tell(&channel, &number.to_string()).await.unwrap();
    }
    for number in 0..300 {
        one.seen.expect_group("room", &number.to_string()).await;
        assert_eq!(one.seen.next().await, Seen::Channel(channel.to_string(), note(&number.to_string())));
        two.seen.expect_group("room", &number.to_string()).await;
    }
    for process in [one, two] {
        assert_eq!(process.seen.drain().await, []);
    }
}

#[tokio::test]
async fn channels_of_nobody_are_no_error() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    for name in ["plain", "specific.0123!45"] {
        process.tell(&ChannelName::new(name).unwrap(), "x").await.unwrap();
    }
    process.tell(&process.layer.new_channel(), "y").await.unwrap();
    assert!(matches!(process.seen.next().await, Seen::Channel(_, message) if message == note("y")));
}

#[tokio::test]
async fn garbage_is_passed_over() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    let own = channels(&server, "asgi:process:*").await.pop().unwrap();
    let garbage: [&[u8]; 5] = [b"", b"garbage", b"\x81\x01\x02", b"\x81\xb0__asgi_channel__\x01", b"\x81\xa4type\xa1t"];
    for payload in garbage {
        publish(&server, &own, payload).await;
    }
    publish(&server, "asgi:group:room", b"\xc1").await;
    process.say("room", "still here").await.unwrap();
    process.seen.expect_group("room", "still here").await;
    publish(&server, &own, b"\x83\xa4type\xa4note\xa4text\xa1x\xb0__asgi_channel__\xa1c").await;
    assert_eq!(process.seen.next().await, Seen::Channel("c".to_owned(), note("x")));
    assert_eq!(process.seen.drain().await, []);
}

#[tokio::test]
async fn what_is_encrypted_is_read_by_those_who_have_a_key() {
    let server = RedisServer::start().await;
    let [old, new] =
        ["?encryption_key=old", "?encryption_key=new&encryption_key=old"].map(|keys| process_at(&server, keys));
    old.join("room").await;
    new.join("room").await;
    new.say("room", "unreadable for the old").await.unwrap();
    new.seen.expect_group("room", "unreadable for the old").await;
    old.tell(&new.layer.new_channel(), "sealed").await.unwrap();
    assert!(matches!(new.seen.next().await, Seen::Channel(_, message) if message == note("sealed")));
    old.say("room", "end").await.unwrap();
    old.seen.expect_group("room", "end").await;
}

#[tokio::test]
async fn the_last_call_about_a_group_counts() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    let mut waits = Vec::new();
    for round in 0..50 {
        for number in 0..20 {
            let group = group_name(&format!("g{number}"));
            waits.push(process.layer.subscribe(&group));
            // In the end the odd ones are left.
            if round < 49 || number % 2 == 1 {
                process.layer.unsubscribe(&group);
            }
        }
        tokio::task::yield_now().await;
    }
    for wait in waits {
        wait.await.unwrap();
    }
    let mut expected: Vec<_> = (0..20).step_by(2).map(|number| format!("asgi:group:g{number}")).collect();
    expected.sort();
    until("only those are left", || async {
        let mut left = channels(&server, "asgi:group:*").await;
        left.sort();
        left == expected
    })
    .await;
    process.layer.unsubscribe(&group_name("g0"));
    process.join("g0").await;
    process.say("g0", "here").await.unwrap();
    process.seen.expect_group("g0", "here").await;
    assert_eq!(process.seen.drain().await, [], "leaving is no trouble");
}

#[tokio::test]
async fn ten_thousand_groups_come_back_after_a_restart() {
    let mut server = RedisServer::start().await;
    let process = process_at(&server, "");
    let waits: Vec<_> = (0..10_000).map(|number| process.layer.subscribe(&group_name(&format!("g{number}")))).collect();
    for wait in waits {
        wait.await.unwrap();
    }
    assert_eq!(channels(&server, "asgi:group:*").await.len(), 10_000);
    server.stop();
    until("that is noticed", || process.is_down()).await;
    let sent = timeout(PATIENCE, process.say("g1", "lost")).await.unwrap();
    assert!(matches!(sent, Err(LayerError::Unavailable { .. })), "{sent:?}");
    assert!(process.layer.check().await.is_err());
    timeout(PATIENCE, process.join("new")).await.unwrap();
    process.layer.unsubscribe(&group_name("g0"));
    server.start_again().await;
    assert_eq!(process.seen.next().await, Seen::Missed);
    let groups = channels(&server, "asgi:group:*").await;
    assert_eq!((groups.len(), groups.contains(&"asgi:group:g0".to_owned())), (10_000, false));
    for group in ["g1", "g9999", "new"] {
        process.say(group, "again").await.unwrap();
        process.seen.expect_group(group, "again").await;
    }
    until("all is well", || process.is_up()).await;
    process.layer.check().await.unwrap();
    assert_eq!(process.seen.drain().await, []);
}

#[tokio::test]
async fn who_may_not_enter_is_told() {
    let server = RedisServer::start().await;
    let rules =
        ["ACL", "SETUSER", "guest", "on", ">word", "+@all", "resetchannels", "&asgi:process:*", "&asgi:group:open.*"];
    let () = server.command(&rules).await;
    let process = Process::of(&format!("redis+sharded://guest:word@{}", server.address()));
    process.join("open.room").await;
    let refused = process.layer.subscribe(&group_name("secret")).await;
    assert!(matches!(refused, Err(LayerError::Refused { .. })), "{refused:?}");
    let sent = process.say("secret", "x").await;
    assert!(matches!(sent, Err(LayerError::Refused { .. })), "{sent:?}");
    assert_eq!(process.layer.health(), Health::Up);
    process.say("open.room", "allowed").await.unwrap();
    process.seen.expect_group("open.room", "allowed").await;
}

#[tokio::test]
async fn a_process_that_cannot_be_answered_is_reported() {
    let server = RedisServer::start().await;
    let () =
        server.command(&["ACL", "SETUSER", "guest", "on", ">word", "+@all", "resetchannels", "&asgi:group:*"]).await;
    let process = Process::of(&format!("redis+sharded://guest:word@{}", server.address()));
    process.join("room").await;
    let Health::Down { reason } = process.layer.health() else { panic!("it cannot work") };
    assert!(reason.contains("NOPERM"), "{reason}");
    let () = server.command(&["ACL", "SETUSER", "guest", "&asgi:process:*"]).await;
    until("all is well", || process.is_up()).await;
    process.tell(&process.layer.new_channel(), "hello").await.unwrap();
    assert!(matches!(process.seen.next().await, Seen::Channel(_, message) if message == note("hello")));
}

#[tokio::test]
async fn who_closes_hears_and_says_nothing_more() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    assert_eq!(channels(&server, "*").await.len(), 2);
    process.layer.close().await.unwrap();
    until("the server forgets it", || async { channels(&server, "*").await.is_empty() }).await;
    assert!(matches!(process.say("room", "x").await, Err(LayerError::Unavailable { .. })));
    process.join("late").await;
    process.layer.unsubscribe(&group_name("room"));
    process.layer.close().await.unwrap();
    assert_eq!(process.seen.drain().await, []);
}

#[tokio::test]
async fn two_servers_that_are_no_cluster_are_a_mistake() {
    let (first, second) = (RedisServer::start().await, RedisServer::start().await);
    let process = Process::of(&format!("redis+sharded://{},{}", first.address(), second.address()));
    process.join("room").await;
    let Health::Down { reason } = process.layer.health() else { panic!("it cannot work") };
    assert!(reason.contains("cluster"), "{reason}");
    assert!(process.say("room", "x").await.is_err());
}
