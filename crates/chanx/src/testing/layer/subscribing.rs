//! Beginning and ending to listen.

use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use super::fixture::LayerFixture;
use super::process::{Process, group, number_of, numbered};
use super::recorder::PATIENCE;
use crate::layer::GroupName;

/// So many rounds must bring nothing before a group counts as left.
const SILENT_ROUNDS: usize = 3;
/// Between two looks at something that comes about in its own time.
const ROUND: Duration = Duration::from_millis(1);

/// What is sent after `subscribe` has ended arrives, however soon after.
pub async fn subscribing_ends_when_messages_arrive<F: LayerFixture>() {
    let fixture = F::start().await;
    let (sender, receiver) = (Process::start(&fixture).await, Process::start(&fixture).await);
    for number in 0..50 {
        let (room, message) = (group(&format!("room.{number}")), numbered("a", number));
        receiver.subscribe(&room).await;
        sender.group_send(&room, message.clone()).await;
        receiver.expect(&room, &message).await;
    }
}

/// A subscription takes effect although nobody polls its future.
pub async fn subscribing_needs_nobody_who_waits<F: LayerFixture>() {
    let fixture = F::start().await;
    let (sender, receiver) = (Process::start(&fixture).await, Process::start(&fixture).await);
    let room = group("room");
    drop(receiver.layer().subscribe(&room));
    let deadline = Instant::now() + PATIENCE;
    let mut number = 0;
    loop {
        number += 1;
        if arrives(&sender, &receiver, &room, number).await {
            return;
        }
        assert!(Instant::now() < deadline, "nothing arrives");
        sleep(ROUND).await;
    }
}

/// `unsubscribe` ends what `subscribe` began, here and nowhere else.
pub async fn unsubscribing_ends_it<F: LayerFixture>() {
    let fixture = F::start().await;
    let (sender, leaver, stayer) =
        (Process::start(&fixture).await, Process::start(&fixture).await, Process::start(&fixture).await);
    let room = group("room");
    leaver.subscribe(&room).await;
    stayer.subscribe(&room).await;
    leaver.layer().unsubscribe(&room);
    falls_silent(&sender, &leaver, &stayer, &room).await;
}

/// Subscribing twice is subscribing once: each message arrives once, and one `unsubscribe` ends it.
pub async fn subscribing_twice_is_subscribing_once<F: LayerFixture>() {
    let fixture = F::start().await;
    let (sender, leaver, stayer) =
        (Process::start(&fixture).await, Process::start(&fixture).await, Process::start(&fixture).await);
    let room = group("room");
    stayer.subscribe(&room).await;
    leaver.subscribe(&room).await;
    leaver.subscribe(&room).await;
    for number in 1..=2 {
        sender.group_send(&room, numbered("twice", number)).await;
    }
    for number in 1..=2 {
        leaver.expect(&room, &numbered("twice", number)).await;
        stayer.expect(&room, &numbered("twice", number)).await;
    }
    leaver.layer().unsubscribe(&room);
    falls_silent(&sender, &leaver, &stayer, &room).await;
}

/// Calls take effect in their order: whoever subscribes, unsubscribes and subscribes at once is subscribed.
pub async fn the_last_of_many_calls_wins<F: LayerFixture>() {
    let fixture = F::start().await;
    let (sender, receiver, stayer) =
        (Process::start(&fixture).await, Process::start(&fixture).await, Process::start(&fixture).await);
    let room = group("room");
    stayer.subscribe(&room).await;
    for number in 0..100 {
        drop(receiver.layer().subscribe(&room));
        receiver.layer().unsubscribe(&room);
        receiver.subscribe(&room).await;
        // What was put off has its chance to come too late.
        yield_now().await;
        let message = numbered("a", number);
        sender.group_send(&room, message.clone()).await;
        receiver.expect(&room, &message).await;
        stayer.expect(&room, &message).await;
    }
    drop(receiver.layer().subscribe(&room));
    receiver.layer().unsubscribe(&room);
    falls_silent(&sender, &receiver, &stayer, &room).await;
}

/// Unsubscribing from a group that was never subscribed to changes nothing.
pub async fn unsubscribing_from_nothing_changes_nothing<F: LayerFixture>() {
    let fixture = F::start().await;
    let process = Process::start(&fixture).await;
    let (room, message) = (group("room"), numbered("a", 1));
    process.layer().unsubscribe(&room);
    process.subscribe(&room).await;
    process.group_send(&room, message.clone()).await;
    process.expect(&room, &message).await;
}

/// Nothing arrives at a process that has closed its layer, and the others go on.
pub async fn closing_ends_delivery<F: LayerFixture>() {
    let fixture = F::start().await;
    let (sender, leaver, stayer) =
        (Process::start(&fixture).await, Process::start(&fixture).await, Process::start(&fixture).await);
    let room = group("room");
    let channel = leaver.layer().new_channel();
    leaver.subscribe(&room).await;
    stayer.subscribe(&room).await;
    leaver.close().await;
    for number in 0..20 {
        // A channel of a process that is gone may be an error or none.
        let _ = timeout(PATIENCE, sender.layer().send(&channel, numbered("b", number).into())).await;
        let message = numbered("a", number);
        sender.group_send(&room, message.clone()).await;
        stayer.expect(&room, &message).await;
    }
    assert_eq!(leaver.recorder().take(), []);
}

/// Waits until messages to a group do not arrive at `leaver` any more, though they do at `stayer`. What is on its way while
/// somebody leaves may still arrive.
async fn falls_silent(sender: &Process, leaver: &Process, stayer: &Process, room: &GroupName) {
    let deadline = Instant::now() + PATIENCE;
    let mut silent_rounds = 0;
    let mut number = 0;
    while silent_rounds < SILENT_ROUNDS {
        assert!(Instant::now() < deadline, "messages still arrive long after `unsubscribe`");
        number += 1;
        let is_silent = !arrives(sender, leaver, room, number).await;
        stayer.expect(room, &numbered("probe", number)).await;
        silent_rounds = if is_silent { silent_rounds + 1 } else { 0 };
        sleep(ROUND).await;
    }
}

/// Whether a message to a group, or an earlier one, arrives before one to a channel that is sent after it.
async fn arrives(sender: &Process, receiver: &Process, room: &GroupName, number: u64) -> bool {
    let channel = receiver.layer().new_channel();
    sender.group_send(room, numbered("probe", number)).await;
    sender.send(&channel, numbered("marker", number)).await;
    let arrivals = receiver.recorder().until(|arrival| number_of(arrival) == ("marker".to_owned(), number)).await;
    arrivals.len() > 1
}
