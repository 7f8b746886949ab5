//! Messages to groups: who gets them, how often, and in which order.

use super::fixture::LayerFixture;
use super::process::{Process, group, numbered};
use crate::layer::GroupName;

/// A message to a group reaches every process that subscribes to it, the sender's own among them, once.
pub async fn a_group_message_reaches_each_subscriber_once<F: LayerFixture>() {
    let fixture = F::start().await;
    let processes = [Process::start(&fixture).await, Process::start(&fixture).await, Process::start(&fixture).await];
    let room = group("room");
    for process in &processes {
        process.subscribe(&room).await;
    }
    let (first, last) = (numbered("a", 1), numbered("a", 2));
    processes[0].group_send(&room, first.clone()).await;
    processes[0].group_send(&room, last.clone()).await;
    for process in &processes {
        process.expect(&room, &first).await;
        process.expect(&room, &last).await;
    }
}

/// A message to a group reaches no process that does not subscribe to it, whatever else that subscribes to.
pub async fn a_group_message_reaches_nobody_else<F: LayerFixture>() {
    let fixture = F::start().await;
    let (sender, other) = (Process::start(&fixture).await, Process::start(&fixture).await);
    let (room, elsewhere) = (group("room"), group("elsewhere"));
    other.subscribe(&elsewhere).await;
    sender.group_send(&room, numbered("a", 1)).await;
    // What went astray would have to come before a later message to the same group.
    other.subscribe(&room).await;
    let marker = numbered("a", 2);
    sender.group_send(&room, marker.clone()).await;
    other.expect(&room, &marker).await;
}

/// Whoever sends to a group need not subscribe to it, and gets nothing then.
pub async fn a_sender_need_not_subscribe<F: LayerFixture>() {
    let fixture = F::start().await;
    let (sender, receiver) = (Process::start(&fixture).await, Process::start(&fixture).await);
    let (room, message) = (group("room"), numbered("a", 1));
    receiver.subscribe(&room).await;
    sender.group_send(&room, message.clone()).await;
    receiver.expect(&room, &message).await;
    sender.expect_nothing().await;
}

/// A message to a group that nobody subscribes to is no error.
pub async fn an_empty_group_is_no_error<F: LayerFixture>() {
    let fixture = F::start().await;
    let sender = Process::start(&fixture).await;
    sender.group_send(&group("nobody"), numbered("a", 1)).await;
    sender.expect_nothing().await;
}

/// The messages of one sender to one group arrive in their order, at the sender and elsewhere.
pub async fn messages_of_one_sender_keep_their_order<F: LayerFixture>() {
    const BURST: u64 = 60;
    let fixture = F::start().await;
    let (sender, other) = (Process::start(&fixture).await, Process::start(&fixture).await);
    let room = group("room");
    sender.subscribe(&room).await;
    other.subscribe(&room).await;
    for start in [0, BURST, 2 * BURST, 3 * BURST] {
        for number in start..start + BURST {
            sender.group_send(&room, numbered("a", number)).await;
        }
        for number in start..start + BURST {
            sender.expect(&room, &numbered("a", number)).await;
            other.expect(&room, &numbered("a", number)).await;
        }
    }
}

/// Groups of every allowed name are groups of their own: of 1 to 99 characters, of every kind of character, alike but
/// for the case or the end.
pub async fn names_of_every_shape_are_told_apart<F: LayerFixture>() {
    let fixture = F::start().await;
    let (sender, receiver) = (Process::start(&fixture).await, Process::start(&fixture).await);
    let (longest, almost) = ("g".repeat(99), "g".repeat(98));
    let names = ["a", "A", "7", "-", ".", "_", "..", "a.b", "a_b", "a-b", "a.", "ab", &longest, &almost, "Z9_.-"];
    for name in names {
        receiver.subscribe(&group(name)).await;
    }
    for (number, name) in (0..).zip(names) {
        let message = numbered("a", number);
        sender.group_send(&group(name), message.clone()).await;
        receiver.expect(&group(name), &message).await;
    }
    receiver.expect_nothing().await;
}

/// chanx's own groups, whose names no text makes, are carried like others.
pub async fn groups_of_users_and_of_everyone_are_carried<F: LayerFixture>() {
    let fixture = F::start().await;
    let (sender, receiver) = (Process::start(&fixture).await, Process::start(&fixture).await);
    let groups = [GroupName::everyone(), GroupName::of_user("7"), GroupName::of_identity("app::Robot/7")];
    for group in &groups {
        receiver.subscribe(group).await;
    }
    for (number, group) in (0..).zip(&groups) {
        let message = numbered("a", number);
        sender.group_send(group, message.clone()).await;
        receiver.expect(group, &message).await;
    }
}
