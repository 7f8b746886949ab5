//! What servers and networks do to a layer.

use std::sync::{Arc, LazyLock, Mutex};

use chanx_core::layer::{Health, LayerError};
use tokio::time::{Instant, timeout};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{PATIENCE, Process, RedisServer, Seen, group_name, note, until};
use crate::{members, process_at};

#[tokio::test]
async fn after_a_restart_everything_is_as_before_and_the_gap_is_told_once() {
    let mut server = RedisServer::start().await;
    let process = process_at(&server, "");
    for number in 0..700 {
        drop(process.layer.subscribe(&group_name(&format!("g{number}"))));
    }
    process.join("room").await;
    server.stop();
    until("that is noticed", || process.is_down()).await;
    let began = Instant::now();
    let sent = process.say("room", "lost").await;
    assert!(matches!(sent, Err(LayerError::Unavailable { .. })), "{sent:?}");
    assert!(began.elapsed() < PATIENCE / 2);
    assert!(process.layer.check().await.is_err());
    // Meanwhile a group may be entered, and another left.
    timeout(PATIENCE / 2, process.join("new")).await.unwrap();
    process.layer.unsubscribe(&group_name("g0"));
    server.start_again().await;
    assert_eq!(process.seen.next().await, Seen::Missed);
    assert!(process.is_up().await);
    let keys: Vec<String> = server.command(&["KEYS", "asgi:group:*"]).await;
    assert_eq!((keys.len(), keys.contains(&"asgi:group:g0".to_owned())), (701, false));
    for group in ["room", "new", "g699"] {
        process.say(group, "again").await.unwrap();
        process.seen.expect_group(group, "again").await;
    }
    process.layer.check().await.unwrap();
    assert_eq!(process.seen.drain().await, []);
}

#[tokio::test]
async fn a_layer_may_begin_before_its_server() {
    let mut server = RedisServer::start().await;
    server.stop();
    let process = process_at(&server, "");
    assert!(process.say("room", "x").await.is_err());
    timeout(PATIENCE / 2, process.join("room")).await.unwrap();
    assert!(process.is_down().await);
    server.start_again().await;
    assert_eq!(process.seen.next().await, Seen::Missed);
    until("sending works, too", || async { process.say("room", "hello").await.is_ok() }).await;
    process.seen.expect_group("room", "hello").await;
    until("all is well", || process.is_up()).await;
}

#[tokio::test]
async fn killed_connections_are_replaced() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    process.say("room", "one").await.unwrap();
    process.seen.expect_group("room", "one").await;
    for round in 0..3 {
        let _: i64 = server.command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]).await;
        assert_eq!(process.seen.next().await, Seen::Missed, "{round}");
        until("all is well", || process.is_up()).await;
        process.say("room", "two").await.unwrap();
        process.seen.expect_group("room", "two").await;
    }
    assert_eq!(members(&server, &group_name("room")).await.len(), 1);
}

#[tokio::test]
async fn a_dead_connection_of_a_sender_does_not_fail_a_group_message() {
    let server = RedisServer::start().await;
    let sender = process_at(&server, "");
    let there = process_at(&server, "");
    there.join("room").await;
    sender.say("room", "one").await.unwrap();
    there.seen.expect_group("room", "one").await;
    let clients: String = server.command(&["CLIENT", "LIST"]).await;
    let idle = clients.lines().filter(|line| line.contains("cmd=evalsha") || line.contains("cmd=eval"));
    let ids: Vec<_> = idle.map(|line| line.split(['=', ' ']).nth(1).unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 1, "{clients}");
    let _: i64 = server.command(&["CLIENT", "KILL", "ID", &ids[0]]).await;
    sender.say("room", "two").await.unwrap();
    there.seen.expect_group("room", "two").await;
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_noticed_and_waited_for() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "?timeout=0.3");
    process.join("room").await;
    let _: String = server.command(&["CLIENT", "PAUSE", "4000", "ALL"]).await;
    let sent = timeout(PATIENCE / 2, process.say("room", "x")).await.unwrap();
    assert!(matches!(sent, Err(LayerError::Unavailable { .. })), "{sent:?}");
    assert!(process.is_down().await);
    let subscribing = timeout(PATIENCE / 2, process.layer.subscribe(&group_name("other"))).await.unwrap();
    assert!(subscribing.is_ok());
    until("it is over", || process.is_up()).await;
    // What was sent in vain may have come nevertheless, but once.
    process.say("other", "later").await.unwrap();
    let mut texts = Vec::new();
    loop {
        match process.seen.next().await {
            Seen::Group(group, message) if group == "other" && message == note("later") => break,
            Seen::Missed => {}
            seen => texts.push(seen),
        }
    }
    assert!(texts.len() <= 1, "{texts:?}");
}

#[tokio::test]
async fn a_server_without_memory_is_an_outage_of_writing_only() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    let there = process_at(&server, "");
    process.join("room").await;
    there.join("room").await;
    let _: String = server.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let sent = process.say("room", "x").await;
    let Err(LayerError::Unavailable { reason }) = sent else { panic!("{sent:?}") };
    assert!(reason.contains("OOM"), "{reason}");
    assert!(process.is_down().await);
    timeout(PATIENCE / 2, process.join("meanwhile")).await.unwrap();
    let _: String = server.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    assert_eq!(process.seen.next().await, Seen::Missed);
    until("all is well", || process.is_up()).await;
    there.say("meanwhile", "hello").await.unwrap();
    process.seen.expect_group("meanwhile", "hello").await;
    assert_eq!(there.seen.drain().await, []);
}

#[tokio::test]
async fn writing_is_tried_again_even_if_nobody_sends() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    let _: String = server.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
    assert!(process.say("room", "x").await.is_err());
    let _: String = server.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
    until("all is well", || process.is_up()).await;
}

#[tokio::test]
async fn what_the_rules_of_the_server_forbid_is_refused() {
    let server = RedisServer::start().await;
    let rules = ["ACL", "SETUSER", "chanx", "on", ">pw", "~asgi*", "+@all"];
    let _: String = server.command(&rules).await;
    let _: String =
        server.command(&["ACL", "SETUSER", "chanx", "resetkeys", "~asgispecific.*", "~asgi:group:ok"]).await;
    let process = Process::of(&format!("redis://chanx:pw@{}", server.address()));
    process.join("ok").await;
    process.say("ok", "allowed").await.unwrap();
    process.seen.expect_group("ok", "allowed").await;
    let joining = process.layer.subscribe(&group_name("secret")).await;
    assert!(matches!(joining, Err(LayerError::Refused { .. })), "{joining:?}");
    assert!(matches!(process.say("secret", "x").await, Err(LayerError::Refused { .. })));
    assert!(process.is_up().await);
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_appears_nowhere() {
    let log = Log::install();
    let server = RedisServer::start_with(&["--requirepass", "right"]).await;
    for user in [":wr0ng@", "nobody:wr0ng@", ""] {
        let process = Process::of(&format!("redis://{user}{}?timeout=0.5", server.address()));
        let sent = process.say("room", "x").await;
        assert!(matches!(sent, Err(LayerError::Refused { .. })), "{user}: {sent:?}");
        timeout(PATIENCE / 2, process.join("room")).await.unwrap();
        let Health::Down { reason } = process.layer.health() else { panic!("it seems to work") };
        let everything = format!("{reason} {sent:?} {:?} {}", process.layer, log.about(&server));
        assert!(!everything.contains("wr0ng"), "{everything}");
    }
    let process = Process::of(&format!("redis://:right@{}", server.address()));
    process.join("room").await;
}

#[tokio::test]
async fn an_outage_is_logged_once_and_so_is_its_end() {
    let log = Log::install();
    let mut server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    server.stop();
    for _ in 0..20 {
        assert!(process.say("room", "x").await.is_err());
    }
    server.start_again().await;
    assert_eq!(process.seen.next().await, Seen::Missed);
    until("all is well", || process.is_up()).await;
    let text = log.about(&server);
    assert_eq!(text.matches("has lost its server").count(), 1, "{text}");
    assert_eq!(text.matches("has its server again").count(), 1, "{text}");
}

#[tokio::test]
async fn a_layer_that_is_dropped_leaves_no_connection() {
    let server = RedisServer::start().await;
    let process = process_at(&server, "");
    process.join("room").await;
    drop(process);
    until("all connections are gone", || async {
        let clients: String = server.command(&["CLIENT", "LIST"]).await;
        clients.lines().count() == 1
    })
    .await;
}

#[test]
fn a_layer_is_made_without_a_runtime() {
    let process = Process::of("redis://127.0.0.1:1");
    drop(process.layer.subscribe(&group_name("room")));
    process.layer.unsubscribe(&group_name("room"));
    let _ = process.layer.new_channel();
}

/// What is logged, in all threads of this program.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn install() -> Self {
        static LOG: LazyLock<Log> = LazyLock::new(|| {
            let log = Log::default();
            let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false).finish();
            tracing::subscriber::set_global_default(subscriber).unwrap();
            log
        });
        LOG.clone()
    }

    /// The lines that name a server.
    pub(crate) fn about(&self, server: &RedisServer) -> String {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains(&server.address())).collect::<Vec<_>>().join("\n")
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
