//! How much memory a layer holds while its server takes nothing. A program of its own, because it measures the process.

#![cfg(target_os = "linux")]

mod support;

use std::fs;

use chanx_core::layer::LayerError;
use futures_util::future::join_all;
use support::{Process, Proxy, RedisServer, until};

const SENDERS: usize = 200;
const LENGTH: usize = 1_000_000;

/// The most memory that the process had, in bytes.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// Each sender holds its own message. What the connection holds beside that has a limit.
#[tokio::test]
async fn what_is_on_its_way_to_a_slow_server_is_bounded() {
    let server = RedisServer::start().await;
    let proxy = Proxy::to(server.address()).await;
    let sender = Process::of(&proxy.url("redis+pubsub", "?max_sending=4000000"));
    sender.layer.check().await.unwrap();
    proxy.freeze(true);
    let text = "x".repeat(LENGTH);
    let before = peak();
    let results = join_all((0..SENDERS).map(|_| sender.say("room", &text))).await;
    let held = peak() - before;
    for sent in results {
        assert!(matches!(sent, Err(LayerError::Unavailable { .. })), "{sent:?}");
    }
    // The text, and the command that it becomes.
    let own = 2 * SENDERS * LENGTH;
    assert!(held < own + own / 4, "{held} bytes, of which {own} are the senders' own");
    proxy.freeze(false);
    until("all is well", || async { sender.say("room", "end").await.is_ok() }).await;
}
