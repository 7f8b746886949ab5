//! Trouble that both layers which publish and subscribe get over in the same way.

use chanx_core::layer::LayerError;
use tokio::time::timeout;

use crate::support::{PATIENCE, Process, Proxy, RedisServer, Seen, group_name, note, until};
use crate::{SCHEME, process_at};

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
    let process = process_at(&server, "?timeout=0.2&dead_after=0.4");
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

/// A managed failover: the old master becomes a replica without closing its connections, and the name leads elsewhere.
#[tokio::test]
async fn a_master_that_became_a_replica_is_left() {
    let (old, new) = (RedisServer::start().await, RedisServer::start().await);
    let proxy = Proxy::to(old.address()).await;
    let process = Process::of(&proxy.url(SCHEME, ""));
    process.join("room").await;
    process.say("room", "before").await.unwrap();
    process.seen.expect_group("room", "before").await;
    let () = old.command(&["REPLICAOF", "127.0.0.1", &new.port().to_string()]).await;
    until("it is noticed", || process.is_down()).await;
    proxy.lead_to(new.address());
    while process.seen.next().await != Seen::Missed {}
    until("all is well", || process.is_up()).await;
    let other = process_at(&new, "");
    other.join("room").await;
    until("it sends to the new one", || async {
        process.say("room", "after").await.is_ok()
            && timeout(PATIENCE / 10, other.seen.expect_group("room", "after")).await.is_ok()
    })
    .await;
    other.say("room", "end").await.unwrap();
    while process.seen.next().await != Seen::Group("room".to_owned(), note("end")) {}
}

/// Rules may forbid `ROLE`, and then a sign of life is enough.
#[tokio::test]
async fn a_server_that_does_not_tell_its_role_is_used() {
    let server = RedisServer::start().await;
    let () = server.command(&["ACL", "SETUSER", "guest", "on", ">word", "~*", "&*", "+@all", "-role"]).await;
    let process = Process::of(&format!("{SCHEME}://guest:word@{}?dead_after=0.2", server.address()));
    process.join("room").await;
    for _ in 0..3 {
        process.say("room", "hello").await.unwrap();
        process.seen.expect_group("room", "hello").await;
        process.layer.check().await.unwrap();
        // Longer than the pulse, which is what may do harm.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    assert_eq!((process.seen.drain().await, process.is_up().await), (vec![], true));
}

/// A server that is busy for a while loses no subscriber, though senders are told that it takes too long.
#[tokio::test]
async fn a_server_that_is_busy_keeps_its_subscribers() {
    let server = RedisServer::start().await;
    let proxy = Proxy::to(server.address()).await;
    let process = Process::of(&proxy.url(SCHEME, "?timeout=0.2"));
    process.join("room").await;
    process.say("room", "one").await.unwrap();
    process.seen.expect_group("room", "one").await;
    proxy.freeze(true);
    for _ in 0..5 {
        let sent = process.say("room", "late").await;
        assert!(matches!(sent, Err(LayerError::Unavailable { .. })), "{sent:?}");
    }
    assert!(process.is_down().await, "sending does not work");
    proxy.freeze(false);
    until("all is well", || process.is_up()).await;
    process.say("room", "two").await.unwrap();
    loop {
        match process.seen.next().await {
            Seen::Group(_, message) if message == note("two") => break,
            // It was late, and is no error.
            Seen::Group(_, message) if message == note("late") => {}
            seen => panic!("the subscriber was lost: {seen:?}"),
        }
    }
    let received: String = server.command(&["INFO", "stats"]).await;
    let connections = received.lines().find_map(|line| line.strip_prefix("total_connections_received:")).unwrap();
    // The layer's two, and those of the test.
    assert!(connections.trim().parse::<usize>().unwrap() <= 5, "{connections}");
}

/// As long as nothing passes, and for longer than a connection may be silent.
#[tokio::test]
async fn a_connection_on_which_nothing_passes_is_replaced() {
    let server = RedisServer::start().await;
    let proxy = Proxy::to(server.address()).await;
    let process = Process::of(&proxy.url(SCHEME, "?timeout=0.2&connect_timeout=0.2&dead_after=0.5"));
    process.join("room").await;
    process.layer.check().await.unwrap();
    proxy.freeze(true);
    until("it is noticed, although nothing is sent", || process.is_down()).await;
    // It waits for the subscriber's connection until that is given up.
    process.join("other").await;
    proxy.freeze(false);
    while process.seen.next().await != Seen::Missed {}
    until("all is well", || process.is_up()).await;
    process.say("room", "hello").await.unwrap();
    process.seen.expect_group("room", "hello").await;
}

/// Redis would disconnect all subscribers for a message that is longer than what may wait for them.
#[tokio::test]
async fn a_message_that_redis_cannot_pass_on_is_refused() {
    let server = RedisServer::start().await;
    let (process, other) = (process_at(&server, ""), process_at(&server, "?max_message=100"));
    process.join("room").await;
    for (sender, length) in [(&process, 33 << 20), (&process, 32 << 20), (&process, 4 << 20), (&other, 100)] {
        let sent = sender.say("room", &"x".repeat(length)).await;
        let Err(error @ LayerError::Message(_)) = sent else { panic!("{sent:?}") };
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("max_message"), "{cause}");
    }
    let long = "x".repeat((4 << 20) - 100);
    process.say("room", &long).await.unwrap();
    process.seen.expect_group("room", &long).await;
    let wide = process_at(&server, "?max_message=20000000");
    wide.say("room", &"x".repeat(19_000_000)).await.unwrap();
    assert!(matches!(process.seen.next().await, Seen::Group(..)), "what others allow is read");
    assert_eq!(process.seen.drain().await, []);
}

/// Its groups may be closed to a process by new rules, and opened again.
#[tokio::test]
async fn members_whose_group_is_refused_later_come_back_with_the_rules() {
    let mut server = RedisServer::start().await;
    server.stop();
    let process = Process::of(&format!("{SCHEME}://guest:word@{}", server.address()));
    assert!(process.say("room", "x").await.is_err());
    // The server is away: that counts, and will be made good.
    process.join("room").await;
    server.start_again().await;
    let allow = |groups: &'static str| {
        let server = &server;
        async move {
            let rules = ["ACL", "SETUSER", "guest", "on", ">word", "~*", "+@all", "resetchannels"];
            let channels: &[&str] = match groups {
                "all" => &["allchannels"],
                _ => &["&asgispecific.*", "&asgi:process:*", "&other*"],
            };
            let () = server.command(&[&rules, channels].concat()).await;
        }
    };
    allow("all").await;
    until("all is well", || process.is_up()).await;
    process.say("room", "before").await.unwrap();
    while process.seen.next().await != Seen::Group("room".to_owned(), note("before")) {}
    if SCHEME == "redis+pubsub" {
        // Without all channels it could not be reached at all.
        return;
    }
    // Redis ends the connections of those who may hear less now.
    allow("some").await;
    while process.seen.next().await != Seen::Missed {}
    until("it is told that members hear nothing", || process.is_down()).await;
    let refused = process.layer.subscribe(&group_name("room")).await;
    assert!(matches!(refused, Err(LayerError::Refused { .. })), "{refused:?}");
    allow("all").await;
    while process.seen.next().await != Seen::Missed {}
    until("all is well", || process.is_up()).await;
    process.say("room", "after").await.unwrap();
    process.seen.expect_group("room", "after").await;
}
