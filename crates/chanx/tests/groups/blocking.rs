//! Handlers that block their threads, and senders whose runtime does not run on: they hold up their own room at most.

use std::time::Duration;

use chanx::layer::MemoryLayer;
use chanx::testing::{Communicator, Connector};
use chanx::{Audience, GroupName};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::site::*;

/// Long enough for a busy machine, and shorter than a handler blocks.
const PROMPTLY: Duration = Duration::from_secs(5);

fn runtime(builder: &mut Builder) -> Runtime {
    builder.enable_all().build().unwrap()
}

fn on_one_thread() -> Runtime {
    runtime(&mut Builder::new_current_thread())
}

fn on_two_threads() -> Runtime {
    runtime(Builder::new_multi_thread().worker_threads(2))
}

/// A site behind real sockets, whose connections let others write to them.
fn serve(server: &Runtime) -> (Site, std::net::SocketAddr) {
    let mut settings = settings();
    settings.log_sent_message = false;
    let site = Site::with(&settings, MemoryLayer::new());
    let listener = server.block_on(TcpListener::bind(("127.0.0.1", 0))).unwrap();
    let address = listener.local_addr().unwrap();
    server.spawn(axum::serve(listener, site.app.clone()).into_future());
    (site, address)
}

async fn members(address: std::net::SocketAddr, room: &str, count: usize) -> Vec<Communicator> {
    let mut members = Vec::new();
    for _ in 0..count {
        let member = welcome(Connector::tcp(address, "/member/").header("x-groups", room)).await;
        members.push(member.patience(2 * PROMPTLY));
    }
    members
}

async fn all_hear(members: &mut [Communicator], text: &str) {
    for member in members {
        hears(member, text).await;
    }
}

/// Members of one room are sent something by a handler that then blocks its thread, and members of another room by
/// somebody else.
fn one_room_is_not_held_up_by_the_handler_of_another(size: usize) {
    let (server, clients) = (on_two_threads(), on_one_thread());
    let (site, address) = serve(&server);
    let (blocker, channels) = (site.blocker.clone(), site.channels.clone());
    clients.block_on(async {
        let (mut first, mut second) =
            (members(address, "first", size + 1).await, members(address, "second", size).await);
        // Two tasks, since one of them may be kept by the thread that blocks, and the other keeps the second thread awake.
        for _ in 0..2 {
            let (blocker, channels) = (blocker.clone(), channels.clone());
            server.spawn(async move {
                while !blocker.is_blocking() {
                    tokio::task::yield_now().await;
                }
                let message = RoomMessage::Said("to the second".to_owned());
                channels.send_group_message(Audience::group("second").unwrap(), &message).await.unwrap();
            });
        }
        tell(&mut first[0], "say_and_block", "to the first").await;
        let heard = timeout(PROMPTLY, all_hear(&mut second, "to the second"));
        heard.await.expect("the second room hears what is said while a handler of the first blocks");
        let heard = timeout(PROMPTLY, all_hear(&mut first[1..], "to the first"));
        heard.await.expect("the first room hears what was said before its handler blocked");
        blocker.release();
    });
    server.shutdown_timeout(Duration::from_secs(10));
}

#[test]
fn a_handler_that_blocks_holds_up_no_message_to_a_small_room() {
    one_room_is_not_held_up_by_the_handler_of_another(2);
}

#[test]
fn a_handler_that_blocks_holds_up_no_message_to_a_large_room() {
    one_room_is_not_held_up_by_the_handler_of_another(20);
}

/// A part of the application that is not asynchronous keeps a runtime to send something now and then.
fn what_is_sent_from_a_runtime_that_does_not_run_on_arrives(size: usize) {
    let (server, clients, kept) = (on_two_threads(), on_one_thread(), on_one_thread());
    let (site, address) = serve(&server);
    let room = || Audience::from(GroupName::new("room").unwrap());
    let say = |text: &str| {
        let (channels, message) = (site.channels.clone(), RoomMessage::Said(text.to_owned()));
        async move { channels.send_group_message(room(), &message).await.unwrap() }
    };
    let mut clients_in_room = clients.block_on(members(address, "room", size));
    kept.block_on(say("from the kept runtime"));
    server.block_on(say("from the server"));
    clients.block_on(async {
        let promptly = timeout(PROMPTLY, async {
            all_hear(&mut clients_in_room, "from the kept runtime").await;
            all_hear(&mut clients_in_room, "from the server").await;
        });
        promptly.await.expect("what was sent arrives while the runtime of its sender rests");
    });
    drop(kept);
}

#[test]
fn a_small_room_hears_what_a_runtime_sent_that_rests() {
    what_is_sent_from_a_runtime_that_does_not_run_on_arrives(2);
}

#[test]
fn a_large_room_hears_what_a_runtime_sent_that_rests() {
    what_is_sent_from_a_runtime_that_does_not_run_on_arrives(20);
}
