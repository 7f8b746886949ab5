//! What waits for a process is counted, by both sides alike. Only the layer that stores does that.

use std::sync::Arc;

use chanx_core::layer::LayerError;
use serde_json::json;

use crate::process::{channel_name, message};
use crate::setup::{Backend, Options};
use crate::support::{Halting, Seen, note};

/// A process that fetches nothing.
const IDLE: &str = "specific.0123456789abcdef0123456789abcdef!1";

#[tokio::test]
#[ignore = "needs channels_redis; `cargo xtask test` installs it and runs this"]
async fn both_sides_count_the_same_messages() {
    let setup = Options { capacity: 4, ..Options::new(Backend::Core) }.start().await;
    let (process, mut peer) = (setup.process(), setup.peer());
    for _ in 0..2 {
        process.send(IDLE, note("x")).await;
        peer.send(IDLE, json!({"type": "x"})).await;
    }
    let raised = peer.try_send(IDLE, json!({"type": "x"})).await.expect_err("four messages wait");
    assert_eq!(raised.name, "ChannelFull");
    let refused = process.layer.send(&channel_name(IDLE), Arc::new(note("x"))).await;
    assert!(matches!(refused, Err(LayerError::Full { .. })), "{refused:?}");
}

/// A member that fetches nothing costs the others nothing.
#[tokio::test]
#[ignore = "needs channels_redis; `cargo xtask test` installs it and runs this"]
async fn a_full_process_is_left_out() {
    let setup = Options { capacity: 4, ..Options::new(Backend::Core) }.start().await;
    let process = setup.process();
    let mut peer = setup.peer();
    let channel = peer.new_channel().await;
    peer.group_add("room", IDLE).await;
    peer.group_add("room", &channel).await;
    for number in 0..8 {
        let sent = json!({"type": "number", "n": number});
        process.group_send("room", message(&sent)).await;
        assert_eq!(peer.receive(&channel).await, sent);
    }
    assert_eq!(setup.waiting_for(IDLE).await, 4);
}

/// channels_redis drops what finds no room, and says nothing.
#[tokio::test]
#[ignore = "needs channels_redis; `cargo xtask test` installs it and runs this"]
async fn what_python_drops_is_told_by_the_process_that_misses_it() {
    let setup = Options { capacity: 4, ..Options::new(Backend::Core) }.start().await;
    let mut process = Halting::start(setup.url()).await;
    let mut peer = setup.peer();
    let number = |n: usize| json!({"type": "number", "n": n});
    peer.group_send("room", number(0)).await;
    assert_eq!(process.seen.next().await, Seen::Group("room".to_owned(), message(&number(0))));
    for n in 1..=8 {
        peer.group_send("room", number(n)).await;
    }
    process.go_on();
    for n in 1..=4 {
        assert_eq!(process.seen.next().await, Seen::Group("room".to_owned(), message(&number(n))));
    }
    assert_eq!(process.seen.next().await, Seen::Missed);
    peer.group_send("room", number(9)).await;
    assert_eq!(process.seen.next().await, Seen::Group("room".to_owned(), message(&number(9))));
}
