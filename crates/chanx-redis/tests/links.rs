//! Connections that break while nobody looks, and servers of which some do not answer.

mod support;

use std::net::TcpListener;
use std::sync::{Arc, Condvar, Mutex};

use chanx_core::layer::{ChannelLayer, GroupName, Health, LayerMessage, Pressure, Receiver};
use support::{PATIENCE, Process, RedisServer, Seen, group_name, note, until};
use tokio::time::timeout;

/// Takes connections, and never says a word.
struct BlackHole(TcpListener);

impl BlackHole {
    fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }
}

/// The connection for sending: neither a subscriber nor one that waits for messages.
async fn sending(server: &RedisServer) -> Vec<String> {
    let clients: String = server.command(&["CLIENT", "LIST"]).await;
    let of = |line: &str, field: &str| {
        line.split(' ').find_map(|word| word.strip_prefix(field)?.strip_prefix('=').map(str::to_owned)).unwrap()
    };
    let is_sending = |line: &&str| {
        let command = of(line, "cmd");
        !of(line, "flags").contains('P') && !command.contains("popmin") && command != "client|list"
    };
    clients.lines().filter(is_sending).map(|line| of(line, "id")).collect()
}

/// A server or something on the way closes a connection that was idle for too long.
async fn an_idle_connection_is_replaced_before_it_is_used(scheme: &str) {
    let server = RedisServer::start().await;
    let process = Process::of(&server.url(scheme, "?dead_after=0.2"));
    process.join("room").await;
    process.say("room", "one").await.unwrap();
    process.seen.expect_group("room", "one").await;
    let channel = process.layer.new_channel();
    for _ in 0..3 {
        let old = sending(&server).await;
        assert_eq!(old.len(), 1);
        let _: usize = server.command(&["CLIENT", "KILL", "ID", &old[0]]).await;
        until("there is another one", || async {
            let new = sending(&server).await;
            new.len() == 1 && new != old
        })
        .await;
        until("all is well", || process.is_up()).await;
        process.tell(&channel, "two").await.unwrap();
        assert_eq!(process.seen.next().await, Seen::Channel(channel.to_string(), note("two")));
    }
}

#[tokio::test]
async fn an_idle_connection_of_the_core_layer_is_replaced() {
    an_idle_connection_is_replaced_before_it_is_used("redis").await;
}

#[tokio::test]
async fn an_idle_connection_of_the_pubsub_layer_is_replaced() {
    an_idle_connection_is_replaced_before_it_is_used("redis+pubsub").await;
}

#[tokio::test]
async fn an_idle_connection_of_the_sharded_layer_is_replaced() {
    an_idle_connection_is_replaced_before_it_is_used("redis+sharded").await;
}

#[tokio::test]
async fn servers_that_work_do_not_wait_for_one_that_does_not() {
    let (server, hole) = (RedisServer::start().await, BlackHole::new());
    for hosts in [[server.address(), hole.address()], [hole.address(), server.address()]] {
        let process = Process::of(&format!("redis+pubsub://{}", hosts.join(",")));
        let mut rounds = [vec![], vec![]];
        for results in &mut rounds {
            for group in ["lobby", "room", "zebra", "kitchen", "seven", "x9"] {
                results.push(process.say(group, "x").await.is_ok());
            }
        }
        assert!(rounds[1].contains(&true) && rounds[1].contains(&false), "{rounds:?}");
        assert_eq!(rounds[0], rounds[1], "what works works from the beginning");
        let Health::Down { reason } = process.layer.health() else { panic!("one server does not answer") };
        assert!(reason.contains(&hole.address()), "{reason}");
    }
}

/// A master that sentinels know by the name `chief`, and a sentinel.
async fn with_sentinel(port: u16) -> RedisServer {
    RedisServer::start_sentinel(&format!("sentinel monitor chief 127.0.0.1 {port} 1\n")).await
}

#[tokio::test]
async fn sentinels_that_do_not_answer_delay_nobody() {
    let server = RedisServer::start().await;
    let sentinel = with_sentinel(server.port()).await;
    let holes = [(); 3].map(|()| BlackHole::new());
    let hosts: Vec<_> = holes.iter().map(BlackHole::address).chain([sentinel.address()]).collect();
    let process = Process::of(&format!("redis+pubsub://{}?sentinel=chief", hosts.join(",")));
    // Within the time of one operation.
    process.say("room", "x").await.unwrap();
    process.join("room").await;
    process.say("room", "hello").await.unwrap();
    process.seen.expect_group("room", "hello").await;
}

/// It is cut off from the sentinels and knows nothing of its successor, but its clients know the sentinels.
#[tokio::test]
async fn a_master_that_the_sentinels_replaced_is_left() {
    let (old, new) = (RedisServer::start().await, RedisServer::start().await);
    let sentinel = with_sentinel(old.port()).await;
    let process = Process::of(&sentinel.url("redis+pubsub", "?sentinel=chief&dead_after=1"));
    process.join("room").await;
    process.say("room", "before").await.unwrap();
    process.seen.expect_group("room", "before").await;
    let () = sentinel.command(&["SENTINEL", "REMOVE", "chief"]).await;
    let () = sentinel.command(&["SENTINEL", "MONITOR", "chief", "127.0.0.1", &new.port().to_string(), "1"]).await;
    while process.seen.next().await != Seen::Missed {}
    until("all is well", || process.is_up()).await;
    let other = Process::of(&new.url("redis+pubsub", ""));
    other.join("room").await;
    process.say("room", "to the new one").await.unwrap();
    other.seen.expect_group("room", "to the new one").await;
    other.say("room", "from the new one").await.unwrap();
    while process.seen.next().await != Seen::Group("room".to_owned(), note("from the new one")) {}
}

/// Holds up deliveries until it is opened, and counts.
#[derive(Debug, Default)]
struct Gate {
    state: Mutex<(bool, Vec<String>)>,
    opened: Condvar,
}

impl Receiver for Gate {
    fn group_message(&self, _: &GroupName, message: &LayerMessage) -> Pressure {
        let state = self.state.lock().unwrap();
        let mut state = self.opened.wait_while(state, |(is_open, _)| !*is_open).unwrap();
        let LayerMessage::Other(object) = message else { panic!("{message:?}") };
        state.1.push(object["text"].as_str().unwrap()[..4].to_owned());
        Pressure::Low
    }

    fn channel_message(&self, _: &str, _: &LayerMessage) -> Pressure {
        Pressure::Low
    }

    fn missed(&self) {
        self.state.lock().unwrap().1.push("missed".to_owned());
    }
}

/// More comes than is delivered: a part is dropped and told, and no connection ends.
#[tokio::test]
async fn a_full_queue_costs_messages_and_no_connection() {
    let server = RedisServer::start().await;
    let sender = Process::of(&server.url("redis+pubsub", ""));
    let layer: Arc<dyn ChannelLayer> = chanx_redis::connect(&server.url("redis+pubsub", "?max_queue=1000000")).unwrap();
    let gate = Arc::new(Gate::default());
    layer.attach(Arc::clone(&gate) as Arc<dyn Receiver>);
    layer.subscribe(&group_name("room")).await.unwrap();
    let subscribers = || async {
        let clients: String = server.command(&["CLIENT", "LIST", "TYPE", "pubsub"]).await;
        let mut ids: Vec<_> = clients.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    sender.join("elsewhere").await;
    let before = subscribers().await;
    let text = |number: usize| format!("{number:04}{}", "x".repeat(100_000));
    for number in 0..100 {
        sender.say("room", &text(number)).await.unwrap();
    }
    // Its answer comes behind them all on the same connection.
    timeout(PATIENCE, layer.subscribe(&group_name("other"))).await.unwrap().unwrap();
    gate.state.lock().unwrap().0 = true;
    gate.opened.notify_all();
    let seen = || gate.state.lock().unwrap().1.clone();
    until("the loss is told", || async { seen().contains(&"missed".to_owned()) }).await;
    sender.say("room", "last").await.unwrap();
    until("what is sent later arrives", || async { seen().contains(&"last".to_owned()) }).await;
    let seen = seen();
    assert!(seen.len() < 20, "{seen:?}");
    let expected = (0..seen.len() - 2).map(|number| format!("{number:04}")).chain(["missed".into(), "last".into()]);
    assert_eq!(seen, expected.collect::<Vec<_>>());
    assert_eq!(subscribers().await, before);
}
