//! Messages to one channel.

use std::collections::HashSet;

use super::fixture::LayerFixture;
use super::process::{Process, numbered};
use super::recorder::Arrival;
use crate::layer::ChannelName;

/// A message to a channel reaches the process that made the channel, from every process, and no other.
pub async fn a_direct_message_reaches_its_owner_only<F: LayerFixture>() {
    let fixture = F::start().await;
    let (owner, other) = (Process::start(&fixture).await, Process::start(&fixture).await);
    let channel = owner.layer().new_channel();
    for (number, sender) in (0..).zip([&other, &owner, &other]) {
        let message = numbered("a", number);
        sender.send(&channel, message.clone()).await;
        assert_eq!(owner.recorder().next().await, Arrival::Channel(channel.as_str().to_owned(), message));
    }
    other.expect_nothing().await;
    owner.expect_nothing().await;
}

/// A process is reached under each of many names, those among them that were made long after it began.
pub async fn channels_need_no_announcement<F: LayerFixture>() {
    let fixture = F::start().await;
    let (owner, sender) = (Process::start(&fixture).await, Process::start(&fixture).await);
    for number in 0..50 {
        let (channel, message) = (owner.layer().new_channel(), numbered("a", number));
        sender.send(&channel, message.clone()).await;
        assert_eq!(owner.recorder().next().await, Arrival::Channel(channel.as_str().to_owned(), message));
    }
}

/// Names of channels are names, and no two are alike, in one process and in several.
pub async fn channel_names_are_unique<F: LayerFixture>() {
    let fixture = F::start().await;
    let mut names = HashSet::new();
    for process in [Process::start(&fixture).await, Process::start(&fixture).await] {
        for _ in 0..2000 {
            let channel = process.layer().new_channel();
            assert!(ChannelName::new(channel.as_str()).is_ok(), "{channel} is no name");
            assert!(names.insert(channel), "a name was made twice");
        }
    }
}

/// A message to a channel that nobody has made, or whose name is of another kind, is no error and reaches nobody.
pub async fn an_unknown_channel_is_no_error<F: LayerFixture>() {
    let fixture = F::start().await;
    let (sender, other) = (Process::start(&fixture).await, Process::start(&fixture).await);
    for name in ["specific.0123!456", "specific.0123", "somebody", "a.b!c"] {
        let channel = ChannelName::new(name).unwrap_or_else(|error| panic!("{error}"));
        sender.send(&channel, numbered("a", 1)).await;
    }
    sender.expect_nothing().await;
    other.expect_nothing().await;
}

/// The messages of one sender to one channel arrive in their order, each once.
pub async fn direct_messages_keep_their_order<F: LayerFixture>() {
    let fixture = F::start().await;
    let (owner, sender) = (Process::start(&fixture).await, Process::start(&fixture).await);
    let channel = owner.layer().new_channel();
    for number in 0..50 {
        sender.send(&channel, numbered("a", number)).await;
    }
    for number in 0..50 {
        let expected = Arrival::Channel(channel.as_str().to_owned(), numbered("a", number));
        assert_eq!(owner.recorder().next().await, expected);
    }
}
