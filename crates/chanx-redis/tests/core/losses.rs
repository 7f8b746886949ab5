//! Messages and memberships that are lost: their members are told, and their senders where that is possible.

use std::time::Duration;

use chanx_core::layer::{Health, LayerError};
use serde_json::json;
use tokio::time::timeout;

use crate::support::{Halting, PATIENCE, Process, RedisServer, Seen, group_name, note, until};
use crate::{key_of, members, process_at};

/// Members are told in this time of a loss that a look at the server shows.
const TOLD_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_process_for_which_too_many_messages_wait_is_told_and_so_is_the_sender() {
    let server = RedisServer::start().await;
    let mut slow = Halting::start(server.url("redis", "?capacity=5")).await;
    let alias = members(&server, &group_name("room")).await.remove(0);
    let sender = process_at(&server, "?capacity=5");
    sender.join("room").await;
    sender.say("room", "0").await.unwrap();
    slow.seen.expect_group("room", "0").await;
    sender.seen.expect_group("room", "0").await;
    let mut refused = 0;
    for number in 1..=8 {
        match sender.say("room", &number.to_string()).await {
            Ok(()) => assert_eq!(refused, 0, "there is no more room than before"),
            Err(LayerError::PassedOver { processes: 1 }) => refused += 1,
            Err(error) => panic!("{error:?}"),
        }
        // Its own process has them all.
        sender.seen.expect_group("room", &number.to_string()).await;
    }
    assert_eq!((refused, zcard(&server, &key_of(&alias)).await), (3, 5));
    slow.go_on();
    for number in 1..=5 {
        slow.seen.expect_group("room", &number.to_string()).await;
    }
    assert_eq!(timeout(TOLD_WITHIN, slow.seen.next()).await, Ok(Seen::Missed));
    sender.say("room", "later").await.unwrap();
    slow.seen.expect_group("room", "later").await;
    assert_eq!(sender.layer.health(), Health::Up);
    sender.seen.expect_group("room", "later").await;
    assert_eq!(sender.seen.drain().await, []);
}

#[tokio::test]
async fn a_process_that_stood_still_until_its_messages_expired_is_told() {
    let server = RedisServer::start().await;
    let mut slow = Halting::start(server.url("redis", "")).await;
    let alias = members(&server, &group_name("room")).await.remove(0);
    let sender = process_at(&server, "");
    sender.say("room", "0").await.unwrap();
    slow.seen.expect_group("room", "0").await;
    sender.say("room", "it will not see this").await.unwrap();
    // As after a minute: messages expire, and so does the heartbeat.
    let key = key_of(&alias);
    let gone: usize = server.command(&["DEL", &key, &format!("{key}alive")]).await;
    assert_eq!(gone, 2);
    slow.go_on();
    assert_eq!(timeout(TOLD_WITHIN, slow.seen.next()).await, Ok(Seen::Missed));
    sender.say("room", "later").await.unwrap();
    slow.seen.expect_group("room", "later").await;
}

#[tokio::test]
async fn a_mailbox_that_others_filled_is_noticed() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "?serializer=json&capacity=4");
    process.join("room").await;
    let alias = members(&server, &group_name("room")).await.remove(0);
    let fill = |count: usize| {
        let mut fill = redis::cmd("ZADD");
        fill.arg(key_of(&alias));
        for number in 0..count {
            let message = json!({"type": "note", "text": number.to_string(), "__asgi_channel__": [alias]});
            fill.arg(number).arg(format!("twelve bytes{message}"));
        }
        fill
    };
    fill(3).exec_async(&mut server.connection().await).await.unwrap();
    for number in 0..3 {
        process.seen.expect_group("room", &number.to_string()).await;
    }
    fill(4).exec_async(&mut server.connection().await).await.unwrap();
    for number in 0..4 {
        process.seen.expect_group("room", &number.to_string()).await;
    }
    assert_eq!(timeout(TOLD_WITHIN, process.seen.next()).await, Ok(Seen::Missed));
    assert_eq!(process.seen.drain().await, []);
}

#[tokio::test]
async fn after_a_flush_all_members_are_told_and_registered_again() {
    let server = RedisServer::start().await;
    let (here, there) = (process_at(&server, ""), process_at(&server, ""));
    here.join("room").await;
    there.join("room").await;
    there.join("other").await;
    let _: String = server.command(&["FLUSHALL"]).await;
    // The sender knows that its own process should be there.
    let sent = here.say("room", "to nobody").await;
    assert!(matches!(sent, Err(LayerError::Unavailable { .. })), "{sent:?}");
    for process in [&here, &there] {
        assert_eq!(timeout(TOLD_WITHIN, process.seen.next()).await, Ok(Seen::Missed));
    }
    here.say("room", "to both").await.unwrap();
    here.seen.expect_group("room", "to both").await;
    there.seen.expect_group("room", "to both").await;
    here.say("other", "to one").await.unwrap();
    there.seen.expect_group("other", "to one").await;
    assert_eq!((here.seen.drain().await, there.seen.drain().await), (vec![], vec![]));
    assert_eq!(here.layer.health(), Health::Up);
}

#[tokio::test]
async fn an_evicted_group_is_entered_again_and_the_others_are_left_alone() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    for group in ["evicted", "other"] {
        process.join(group).await;
    }
    let before = members(&server, &group_name("evicted")).await;
    let _: i64 = server.command(&["DEL", "asgi:group:evicted"]).await;
    assert_eq!(timeout(TOLD_WITHIN, process.seen.next()).await, Ok(Seen::Missed));
    assert_eq!(members(&server, &group_name("evicted")).await, before);
    process.say("evicted", "again").await.unwrap();
    process.seen.expect_group("evicted", "again").await;
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_a_loss() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    let alias = members(&server, &group_name("room")).await.remove(0);
    let _: i64 = server.command(&["ZADD", &key_of(&alias), "1", "twelve bytesgarbage"]).await;
    assert_eq!(timeout(TOLD_WITHIN, process.seen.next()).await, Ok(Seen::Missed));
}

#[tokio::test]
async fn a_process_that_died_is_removed_by_senders() {
    let server = RedisServer::start().await;
    let (here, there) = (process_at(&server, ""), process_at(&server, ""));
    there.join("room").await;
    let dead = members(&server, &group_name("room")).await.remove(0);
    drop(there);
    here.join("room").await;
    let heartbeat = format!("{}alive", key_of(&dead));
    let ttl: i64 = server.command(&["TTL", &heartbeat]).await;
    assert!((1..=60).contains(&ttl), "{ttl}");
    until("its last connection is gone", || async {
        let clients: String = server.command(&["CLIENT", "LIST", "TYPE", "normal"]).await;
        clients.matches("lib-name=chanx-redis").count() <= 2
    })
    .await;
    // A minute passes.
    let _: i64 = server.command(&["DEL", &heartbeat]).await;
    here.say("room", "who is there?").await.unwrap();
    here.seen.expect_group("room", "who is there?").await;
    assert_eq!(members(&server, &group_name("room")).await.len(), 1);
    assert_eq!(zcard(&server, &key_of(&dead)).await, 0);
}

/// Members that are not chanx's have no heartbeat, and are left alone.
#[tokio::test]
async fn a_process_of_python_is_no_dead_one() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    let python = "specific.0123456789abcdef0123456789abcdef!0123456789abcdef0123456789abcdef";
    let _: i64 = server.command(&["ZADD", "asgi:group:room", "9999999999", python]).await;
    process.say("room", "hello").await.unwrap();
    assert_eq!(members(&server, &group_name("room")).await.len(), 2);
    assert_eq!(zcard(&server, &key_of(python)).await, 1);
}

#[tokio::test]
async fn a_living_process_that_was_forgotten_comes_back_and_is_told() {
    let server = RedisServer::start().await;
    let there = process_at(&server, "");
    there.join("room").await;
    let alias = members(&server, &group_name("room")).await.remove(0);
    let heartbeat = format!("{}alive", key_of(&alias));
    // The process may beat its heart between the two commands; a sender looks at a group's heartbeats only now and then.
    until("a sender takes the process for dead", || async {
        let _: i64 = server.command(&["DEL", &heartbeat]).await;
        process_at(&server, "").say("room", "not for the dead").await.unwrap();
        members(&server, &group_name("room")).await.is_empty()
    })
    .await;
    let is_told = async { while there.seen.next().await != Seen::Missed {} };
    assert_eq!(timeout(TOLD_WITHIN, is_told).await, Ok(()));
    until("it is registered again", || async { members(&server, &group_name("room")).await == [alias.as_str()] }).await;
    process_at(&server, "").say("room", "for the living").await.unwrap();
    // A sender that found the process alive, or removed it a second time, may have left something before that.
    let hears = async { while there.seen.next().await != Seen::Group("room".to_owned(), note("for the living")) {} };
    assert_eq!(timeout(PATIENCE, hears).await, Ok(()));
    assert_eq!(server.command::<i64>(&["EXISTS", &heartbeat]).await, 1);
}

/// Rules that leave out the keys of groups.
const NO_GROUPS: [&str; 6] = ["ACL", "SETUSER", "chanx", "resetkeys", "~asgispecific.*", "~asgi:group:ok"];
const ALL_GROUPS: [&str; 4] = ["ACL", "SETUSER", "chanx", "~asgi*"];

async fn with_user() -> (RedisServer, Process) {
    let server = RedisServer::start().await;
    let _: String = server.command(&["ACL", "SETUSER", "chanx", "on", ">pw", "~asgi*", "&*", "+@all"]).await;
    let process = Process::of(&format!("redis://chanx:pw@{}", server.address()));
    (server, process)
}

#[tokio::test]
async fn a_membership_that_is_refused_later_is_told_and_tried_again() {
    let (server, process) = with_user().await;
    process.join("room").await;
    let _: String = server.command(&NO_GROUPS).await;
    let _: i64 = server.command(&["DEL", "asgi:group:room"]).await;
    assert_eq!(timeout(TOLD_WITHIN, process.seen.next()).await, Ok(Seen::Missed));
    until("health says so", || process.is_down()).await;
    // Another member is refused, which takes nothing from the first one.
    let joining = process.layer.subscribe(&group_name("room")).await;
    assert!(matches!(joining, Err(LayerError::Refused { .. })), "{joining:?}");
    process.join("ok").await;
    let _: String = server.command(&ALL_GROUPS).await;
    assert_eq!(timeout(PATIENCE, process.seen.next()).await, Ok(Seen::Missed));
    until("all is well", || process.is_up()).await;
    process.say("room", "again").await.unwrap();
    process.seen.expect_group("room", "again").await;
}

#[tokio::test]
async fn a_refusal_ends_no_other_membership() {
    let (mut server, process) = with_user().await;
    process.join("room").await;
    server.stop();
    until("that is noticed", || process.is_down()).await;
    // This subscriber is accepted, and is a member when the server is back.
    timeout(PATIENCE, process.join("later")).await.unwrap();
    server.start_again().await;
    let _: String = server.command(&["ACL", "SETUSER", "chanx", "on", ">pw", "&*", "+@all"]).await;
    let _: String = server.command(&NO_GROUPS).await;
    // While the server counts as down, subscribers are accepted.
    until("another member is refused", || async {
        let joining = process.layer.subscribe(&group_name("later")).await;
        assert!(matches!(joining, Ok(()) | Err(LayerError::Refused { .. })), "{joining:?}");
        joining.is_err()
    })
    .await;
    assert!(process.is_down().await);
    let _: String = server.command(&ALL_GROUPS).await;
    until("both are registered", || async {
        members(&server, &group_name("room")).await.len() + members(&server, &group_name("later")).await.len() == 2
    })
    .await;
    until("all is well", || process.is_up()).await;
    process.say("later", "hello").await.unwrap();
    while process.seen.next().await != Seen::Group("later".to_owned(), note("hello")) {}
}

async fn zcard(server: &RedisServer, key: &str) -> usize {
    server.command(&["ZCARD", key]).await
}
