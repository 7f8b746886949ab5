//! Sending and receiving from any thread and any runtime, also after a runtime ended.

mod support;

use std::thread;

use chanx_core::layer::Health;
use futures_executor::block_on;
use support::{Halting, PATIENCE, Process, RedisServer, Seen, note, until};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// A server, and the runtime that the test itself uses to talk to it.
fn start() -> (Runtime, RedisServer) {
    let runtime = current_thread();
    let server = runtime.block_on(RedisServer::start());
    (runtime, server)
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Both members hear a message from each of them, and the layers say that they are up.
async fn all_is_well(one: &Process, two: &Process, text: &str) {
    for sender in [one, two] {
        sender.say("room", text).await.unwrap();
        for hearer in [one, two] {
            while hearer.seen.next().await != Seen::Group("room".to_owned(), note(text)) {}
        }
    }
    assert_eq!((one.layer.health(), two.layer.health()), (Health::Up, Health::Up));
}

/// A thread without a runtime is the first to use the layer.
fn a_plain_thread_comes_first(scheme: &str) {
    let (runtime, server) = start();
    let url = server.url(scheme, "");
    let process = thread::spawn(move || {
        let process = Process::of(&url);
        block_on(process.say("room", "from a thread")).unwrap();
        let channel = process.layer.new_channel();
        block_on(process.tell(&channel, "to a channel")).unwrap();
        block_on(process.layer.check()).unwrap();
        process
    });
    let process = process.join().unwrap();
    let other = Process::of(&server.url(scheme, ""));
    runtime.block_on(async {
        process.join("room").await;
        other.join("room").await;
        all_is_well(&process, &other, "in a runtime").await;
    });
}

/// Each test program has one layer in a static, and a runtime for each test.
fn runtimes_come_and_go(scheme: &str) {
    let (_runtime, server) = start();
    let (one, two) = (Process::of(&server.url(scheme, "")), Process::of(&server.url(scheme, "")));
    for round in 0..3 {
        current_thread().block_on(async {
            one.join("room").await;
            two.join("room").await;
            all_is_well(&one, &two, &format!("round {round}")).await;
        });
        assert_eq!((one.layer.health(), two.layer.health()), (Health::Up, Health::Up));
    }
}

/// A task is on its way to the server while its runtime ends.
fn a_runtime_ends_in_the_middle(scheme: &str) {
    let (test, mut server) = start();
    let (one, two) = (Process::of(&server.url(scheme, "?timeout=0.5")), Process::of(&server.url(scheme, "")));
    server.stop();
    let ended = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let handle = ended.handle().clone();
    ended.block_on(async {
        // It begins to connect, which takes longer than this runtime lives.
        assert!(one.say("room", "lost").await.is_err());
        drop(one.layer.subscribe(&support::group_name("room")));
    });
    ended.shutdown_background();
    // `Handle::block_on` is allowed on a runtime that has ended, but its timers panic.
    assert!(handle.block_on(one.say("room", "lost")).is_err());
    test.block_on(async {
        server.start_again().await;
        until("sending works", || async { one.say("room", "x").await.is_ok() }).await;
        one.join("room").await;
        two.join("room").await;
        until("both are up", || async { one.is_up().await && two.is_up().await }).await;
        all_is_well(&one, &two, "again").await;
    });
    handle.block_on(async { one.say("room", "from a runtime that has ended").await.unwrap() });
}

/// A runtime without timers and sockets, as `futures` and others have.
fn a_runtime_may_have_no_timers(scheme: &str) {
    let (_runtime, server) = start();
    let process = Process::of(&server.url(scheme, ""));
    Builder::new_current_thread().build().unwrap().block_on(async {
        process.say("room", "x").await.unwrap();
        process.layer.check().await.unwrap();
    });
}

macro_rules! anywhere {
    ($($module:ident: $scheme:literal),*) => {$(
        mod $module {
            #[test]
            fn a_plain_thread_comes_first() {
                super::a_plain_thread_comes_first($scheme);
            }

            #[test]
            fn runtimes_come_and_go() {
                super::runtimes_come_and_go($scheme);
            }

            #[test]
            fn a_runtime_ends_in_the_middle() {
                super::a_runtime_ends_in_the_middle($scheme);
            }

            #[test]
            fn a_runtime_may_have_no_timers() {
                super::a_runtime_may_have_no_timers($scheme);
            }
        }
    )*};
}

anywhere!(core: "redis", pubsub: "redis+pubsub", sharded: "redis+sharded");

/// The worker that a delivery blocks may be the one that waited for Redis.
#[test]
fn a_delivery_that_blocks_its_thread_holds_up_no_sender() {
    let (runtime, server) = start();
    runtime.block_on(async {
        for round in 0..50 {
            let prefix = format!("?prefix=p{round}");
            let mut halting = Halting::start(server.url("redis", &prefix)).await;
            let sender = Process::of(&server.url("redis", &prefix));
            for text in ["it blocks here", "behind it"] {
                let sent = timeout(PATIENCE, sender.say("room", text)).await;
                assert!(matches!(sent, Ok(Ok(()))), "round {round}, {text}: {sent:?}");
            }
            halting.go_on();
        }
    });
}
