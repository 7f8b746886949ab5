//! Much at once.

use std::collections::HashMap;

use futures_util::future::join_all;

use super::fixture::LayerFixture;
use super::process::{Process, group, number_of, numbered};

/// So many send at once, each so many messages in a row: no more together than every store lets wait.
const SENDERS: usize = 8;
const BURST: u64 = 10;

/// A thousand groups of one process are told apart, however fast they were subscribed to.
pub async fn a_thousand_groups_are_told_apart<F: LayerFixture>() {
    const COUNT: u64 = 1000;
    let fixture = F::start().await;
    let (sender, receiver) = (Process::start(&fixture).await, Process::start(&fixture).await);
    let rooms: Vec<_> = (0..COUNT).map(|number| group(&format!("room.{number}"))).collect();
    join_all(rooms.iter().map(|room| receiver.subscribe(room))).await;
    for (number, room) in (0..).zip(&rooms) {
        let message = numbered("a", number);
        sender.group_send(room, message.clone()).await;
        receiver.expect(room, &message).await;
    }
    receiver.expect_nothing().await;
}

/// Where many send at once, from several tasks of several processes, nothing is lost or doubled, and each sender's messages
/// keep their order.
pub async fn many_senders_at_once_lose_nothing<F: LayerFixture>() {
    let fixture = F::start().await;
    let processes = [Process::start(&fixture).await, Process::start(&fixture).await, Process::start(&fixture).await];
    let room = group("room");
    for process in &processes {
        process.subscribe(&room).await;
    }
    for round in 0..5 {
        let senders = (0..SENDERS).map(|sender| {
            let (process, room) = (processes[sender % processes.len()].clone(), room.clone());
            tokio::spawn(async move {
                for number in 0..BURST {
                    process.group_send(&room, numbered(&sender.to_string(), round * BURST + number)).await;
                }
            })
        });
        let senders = join_all(senders);
        let arriving = join_all(processes.iter().map(|process| takes_a_round(process, round * BURST)));
        let (senders, _) = tokio::join!(senders, arriving);
        assert!(senders.iter().all(Result::is_ok), "a sender failed");
    }
    for process in &processes {
        process.expect_nothing().await;
    }
}

/// Claims that one burst of each sender arrives, each sender's in order.
async fn takes_a_round(process: &Process, start: u64) {
    let mut next = HashMap::new();
    for _ in 0..SENDERS as u64 * BURST {
        let (sender, number) = number_of(&process.recorder().next().await);
        let expected = next.entry(sender).or_insert(start);
        assert_eq!(number, *expected, "a message is lost, doubled or out of order");
        *expected += 1;
    }
}

/// A process that is under pressure gets everything all the same, in order: pressure asks for a pause, not for silence.
pub async fn pressure_loses_nothing<F: LayerFixture>() {
    const COUNT: u64 = 90;
    let fixture = F::start().await;
    let (sender, receiver) = (Process::start(&fixture).await, Process::under_pressure(&fixture).await);
    let room = group("room");
    receiver.subscribe(&room).await;
    for number in 0..COUNT {
        sender.group_send(&room, numbered("a", number)).await;
    }
    for number in 0..COUNT {
        receiver.expect(&room, &numbered("a", number)).await;
    }
}

/// Messages of which one alone fills buffers arrive, in order with small ones.
pub async fn large_messages_keep_their_order<F: LayerFixture>() {
    let fixture = F::start().await;
    let (sender, receiver) = (Process::start(&fixture).await, Process::start(&fixture).await);
    let room = group("room");
    receiver.subscribe(&room).await;
    let large = "x".repeat(60 * 1024);
    let messages: Vec<_> = (0..10).flat_map(|number| [numbered(&large, number), numbered("small", number)]).collect();
    for message in &messages {
        sender.group_send(&room, message.clone()).await;
    }
    for message in &messages {
        receiver.expect(&room, message).await;
    }
}
