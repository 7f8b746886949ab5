//! When a process counts as one that receives, and what ends that.

use std::sync::Arc;
use std::time::Duration;

use chanx_core::layer::{ChannelName, GroupName, Health, LayerError, LayerMessage, Pressure, Receiver};
use redis::Pipeline;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::support::{PATIENCE, Process, Recorder, RedisServer, Seen, group_name, note, until};
use crate::trouble::Log;
use crate::{key_of, members, process_at};

/// How many connections a server accepted so far.
async fn connections(server: &RedisServer) -> usize {
    let info: String = server.command(&["INFO", "stats"]).await;
    let count = info.lines().find_map(|line| line.strip_prefix("total_connections_received:")).unwrap();
    count.trim().parse().unwrap()
}

/// Claims that for seconds the layer is down all the time, and connects and logs little.
async fn is_down_quietly(server: &RedisServer, process: &Process, log: &Log) {
    until("that is noticed", || process.is_down()).await;
    let before = connections(server).await;
    let mut looks = 0;
    // What is asked for is that little happens in this time.
    for _ in 0..50 {
        assert!(process.is_down().await, "up without a reason: {}", log.about(server));
        sleep(Duration::from_millis(100)).await;
        looks += 1;
    }
    // Two looks at the server are connections themselves.
    let made = connections(server).await - before - 1;
    assert!(made < 6, "{made} connections during {looks} looks");
    assert!(log.about(server).lines().count() < 6, "{}", log.about(server));
}

#[tokio::test]
async fn a_server_that_forbids_receiving_is_down_and_is_not_connected_to_again_and_again() {
    let log = Log::install();
    let server = RedisServer::start().await;
    let rules = ["ACL", "SETUSER", "chanx", "on", ">pw", "~*", "&*", "+@all", "-bzpopmin"];
    let _: String = server.command(&rules).await;
    let process = Process::of(&format!("redis://chanx:pw@{}", server.address()));
    process.join("room").await;
    is_down_quietly(&server, &process, &log).await;
    let Health::Down { reason } = process.layer.health() else { panic!("it is up") };
    assert!(reason.contains("bzpopmin"), "{reason}");
    let _: String = server.command(&["ACL", "SETUSER", "chanx", "+bzpopmin"]).await;
    until("all is well", || process.is_up()).await;
    process.say("room", "hello").await.unwrap();
    while process.seen.next().await != Seen::Group("room".to_owned(), note("hello")) {}
}

#[tokio::test]
async fn a_server_without_its_replicas_is_down_and_is_not_connected_to_again_and_again() {
    let log = Log::install();
    let server = RedisServer::start_with(&["--min-replicas-to-write", "1"]).await;
    // It is in no group.
    let process = process_at(&server, "");
    let _ = process.layer.new_channel();
    is_down_quietly(&server, &process, &log).await;
    let _: String = server.command(&["CONFIG", "SET", "min-replicas-to-write", "0"]).await;
    until("all is well", || process.is_up()).await;
}

/// A receiver that takes its time for each message.
#[derive(Debug)]
struct Slow(Arc<Recorder>);

impl Receiver for Slow {
    fn group_message(&self, group: &GroupName, message: &LayerMessage) -> Pressure {
        std::thread::sleep(Duration::from_millis(20));
        let _ = self.0.group_message(group, message);
        Pressure::High
    }

    fn channel_message(&self, channel: &str, message: &LayerMessage) -> Pressure {
        self.0.channel_message(channel, message)
    }

    fn missed(&self) {
        self.0.missed();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_fetched_is_delivered_though_the_other_connection_fails() {
    let server = RedisServer::start().await;
    let layer = chanx_redis::connect(&server.url("redis", "?serializer=json&timeout=0.2")).unwrap();
    let seen = Recorder::new();
    layer.attach(Arc::new(Slow(Arc::clone(&seen))));
    layer.subscribe(&group_name("room")).await.unwrap();
    let alias = members(&server, &group_name("room")).await.remove(0);
    let mut fill = redis::cmd("ZADD");
    fill.arg(key_of(&alias));
    for number in 0..60 {
        let message = json!({"type": "note", "text": number.to_string(), "__asgi_channel__": [alias]});
        fill.arg(number).arg(format!("twelve bytes{message}"));
    }
    fill.exec_async(&mut server.connection().await).await.unwrap();
    seen.expect_group("room", "0").await;
    // All messages are fetched by now. From here on the server answers nothing in time.
    let _: String = server.command(&["CLIENT", "PAUSE", "2000", "ALL"]).await;
    drop(layer.subscribe(&group_name("other")));
    let mut texts = vec![note("0")];
    while texts.len() < 60 {
        match seen.next().await {
            Seen::Group(_, message) => texts.push(message),
            Seen::Missed => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(texts, (0..60).map(|number| note(&number.to_string())).collect::<Vec<_>>());
}

/// The sentinel names another server, while the connection for sending to the first one lives on.
#[tokio::test]
async fn sending_and_receiving_are_at_the_same_server() {
    let (old, new) = (RedisServer::start().await, RedisServer::start().await);
    let monitor = |server: &RedisServer| format!("sentinel monitor chief 127.0.0.1 {} 1\n", server.port());
    let sentinel = RedisServer::start_sentinel(&monitor(&old)).await;
    let process = Process::of(&sentinel.url("redis", "?sentinel=chief"));
    process.join("room").await;
    process.say("room", "before").await.unwrap();
    process.seen.expect_group("room", "before").await;
    let _: String = sentinel.command(&["SENTINEL", "REMOVE", "chief"]).await;
    let port = new.port().to_string();
    let _: String = sentinel.command(&["SENTINEL", "MONITOR", "chief", "127.0.0.1", &port, "1"]).await;
    // The connection that receives, alone.
    let clients: String = old.command(&["CLIENT", "LIST"]).await;
    let receiving = clients.lines().find(|line| line.contains("cmd=bzpopmin")).expect(&clients);
    let id = receiving.split(['=', ' ']).nth(1).unwrap();
    let _: i64 = old.command(&["CLIENT", "KILL", "ID", id]).await;
    assert_eq!(process.seen.next().await, Seen::Missed);
    until("all is well", || process.is_up()).await;
    process.say("room", "after").await.unwrap();
    process.seen.expect_group("room", "after").await;
    assert_eq!(members(&new, &group_name("room")).await.len(), 1);
}

#[tokio::test]
async fn a_process_that_only_sends_leaves_a_server_that_became_read_only() {
    let server = RedisServer::start().await;
    // This process does not receive.
    let layer = chanx_redis::connect(&server.url("redis", "")).unwrap();
    let channel = ChannelName::new("specific.0123456789abcdef0123456789abcdef!0").unwrap();
    layer.send(&channel, Arc::new(note("x"))).await.unwrap();
    let before = ids(&server).await;
    let _: String = server.command(&["REPLICAOF", "127.0.0.1", "1"]).await;
    let sent = layer.send(&channel, Arc::new(note("x"))).await;
    assert!(matches!(sent, Err(LayerError::Unavailable { .. })), "{sent:?}");
    until("another connection is made", || async { ids(&server).await != before }).await;
    let _: String = server.command(&["REPLICAOF", "NO", "ONE"]).await;
    until("it can be sent to", || async { layer.send(&channel, Arc::new(note("x"))).await.is_ok() }).await;
    until("all is well", || async { layer.health() == Health::Up }).await;
}

/// The connections of layers.
async fn ids(server: &RedisServer) -> Vec<String> {
    let clients: String = server.command(&["CLIENT", "LIST"]).await;
    // The test's own connections are by the socket.
    let layers = clients.lines().filter(|line| line.contains("addr=127.0.0.1"));
    layers.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_message_for_many_processes_is_sent_in_parts() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    let mut commands = Pipeline::new();
    for number in 0..1000 {
        commands.cmd("ZADD").arg("asgi:group:room").arg(9_999_999_999_u64).arg(format!("specific.{number:032x}!x"));
    }
    commands.exec_async(&mut server.connection().await).await.unwrap();
    let _: String = server.command(&["CONFIG", "RESETSTAT"]).await;
    process.say("room", "hello").await.unwrap();
    process.seen.expect_group("room", "hello").await;
    let keys: Vec<String> = server.command(&["KEYS", "asgispecific.000*"]).await;
    assert_eq!(keys.len(), 1000);
    let stats: String = server.command(&["INFO", "commandstats"]).await;
    let calls: usize = ["cmdstat_evalsha:calls=", "cmdstat_eval:calls="]
        .iter()
        .filter_map(|name| stats.lines().find_map(|line| line.strip_prefix(name)))
        .map(|rest| rest.split(',').next().unwrap().parse::<usize>().unwrap())
        .sum();
    assert!(calls >= 1000 / 64, "{calls}");
}

#[tokio::test]
async fn ten_thousand_groups_come_back_after_a_restart() {
    let mut server = RedisServer::start().await;
    let process = process_at(&server, "");
    let waits: Vec<_> = (0..10_000).map(|number| process.layer.subscribe(&group_name(&format!("g{number}")))).collect();
    for wait in waits {
        wait.await.unwrap();
    }
    server.stop();
    until("that is noticed", || process.is_down()).await;
    // Meanwhile a group may be entered, and another left.
    timeout(PATIENCE, process.join("new")).await.unwrap();
    process.layer.unsubscribe(&group_name("g0"));
    server.start_again().await;
    assert_eq!(process.seen.next().await, Seen::Missed);
    let keys: Vec<String> = server.command(&["KEYS", "asgi:group:*"]).await;
    assert_eq!((keys.len(), keys.contains(&"asgi:group:g0".to_owned())), (10_000, false));
    for group in ["g1", "g9999", "new"] {
        process.say(group, "again").await.unwrap();
        process.seen.expect_group(group, "again").await;
    }
    // All of it is looked at again, and nothing is missing.
    assert_eq!(process.seen.drain().await, []);
    assert_eq!(process.layer.health(), Health::Up);
}
