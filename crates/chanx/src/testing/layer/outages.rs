//! A store that breaks, and comes back.

use tokio::time::{Instant, sleep, timeout};

use super::fixture::BreakableStore;
use super::process::{Process, group, number_of, numbered};
use super::recorder::PATIENCE;
use crate::layer::{GroupName, Health, LayerError};

/// While the store is gone every call ends in bounded time: sending and asking with an error, subscribing well.
pub async fn an_outage_fails_calls_in_time<F: BreakableStore>() {
    let fixture = F::start().await;
    let process = Process::start(&fixture).await;
    process.subscribe(&group("room")).await;
    fixture.break_store().await;
    let layer = process.layer();
    let room = group("room");
    let sent = timeout(PATIENCE, layer.group_send(&room, numbered("a", 1).into())).await;
    assert!(matches!(sent, Ok(Err(LayerError::Unavailable { .. }))), "sending to a group: {sent:?}");
    let channel = layer.new_channel();
    let sent = timeout(PATIENCE, layer.send(&channel, numbered("a", 2).into())).await;
    assert!(matches!(sent, Ok(Err(LayerError::Unavailable { .. }))), "sending to a channel: {sent:?}");
    let checked = timeout(PATIENCE, layer.check()).await;
    assert!(matches!(checked, Ok(Err(LayerError::Unavailable { .. }))), "asking for a sign of life: {checked:?}");
    becomes(&process, |health| matches!(health, Health::Down { .. })).await;
    process.subscribe(&group("later")).await;
}

/// After an outage every group is subscribed to again: those from before it and those from within, and none that was left
/// meanwhile. Each process is told, once, that it may have missed something.
pub async fn an_outage_ends_with_all_groups<F: BreakableStore>() {
    let fixture = F::start().await;
    let (sender, receiver) = (Process::start(&fixture).await, Process::start(&fixture).await);
    let [before, within, left] = ["before", "within", "left"].map(group);
    receiver.subscribe(&before).await;
    receiver.subscribe(&left).await;
    sender.subscribe(&left).await;
    fixture.break_store().await;
    becomes(&receiver, |health| *health != Health::Up).await;
    receiver.subscribe(&within).await;
    receiver.layer().unsubscribe(&left);
    fixture.mend_store().await;
    receiver.recorder().wait_missed().await;
    sender.recorder().wait_missed().await;
    assert_eq!(receiver.layer().health(), Health::Up);
    for room in [&before, &within] {
        arrives_once(&sender, &receiver, room).await;
    }
    arrives_once(&sender, &sender, &left).await;
    assert_eq!(receiver.recorder().take(), [], "more than was sent, or something to a group that was left");
    assert_eq!((sender.recorder().missed(), receiver.recorder().missed()), (1, 1), "told more than once");
}

/// Sends until the sender's layer takes it, and claims that it arrives, once.
async fn arrives_once(sender: &Process, receiver: &Process, room: &GroupName) {
    let deadline = Instant::now() + PATIENCE;
    for number in 0.. {
        if sender.layer().group_send(room, numbered(room.as_str(), number).into()).await.is_ok() {
            let arrivals = receiver.recorder().until(|arrival| number_of(arrival).1 == number).await;
            assert!(number_of(&arrivals[0]).0 == room.as_str(), "{arrivals:?}");
            return;
        }
        assert!(Instant::now() < deadline, "sending fails long after the outage");
    }
}

/// Waits for a state of health, which a layer learns in its own time.
async fn becomes(process: &Process, is_so: impl Fn(&Health) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so(&process.layer().health()) {
        assert!(Instant::now() < deadline, "the layer says that it is {:?}", process.layer().health());
        sleep(std::time::Duration::from_millis(5)).await;
    }
}
