//! The layer of `redis+pubsub://` against real servers.

#[path = "../support/mod.rs"]
mod support;

mod exchange;
mod foreign;
mod trouble;

use std::sync::Arc;

use chanx_core::layer::{ChannelLayer, ChannelName, LayerError};
use chanx_redis::connect;
use support::{Recorder, RedisServer, group_name, note};

/// A process: its layer, and what arrives.
struct Process {
    layer: Arc<dyn ChannelLayer>,
    seen: Arc<Recorder>,
}

impl Process {
    /// At one server, with these options behind its address.
    fn at(server: &RedisServer, rest: &str) -> Self {
        Self::of(&server.url("redis+pubsub", rest))
    }

    fn of(url: &str) -> Self {
        let layer = connect(url).unwrap();
        let seen = Recorder::of(&layer);
        Self { layer, seen }
    }

    async fn join(&self, group: &str) {
        self.layer.subscribe(&group_name(group)).await.unwrap();
    }

    async fn say(&self, group: &str, text: &str) -> Result<(), LayerError> {
        self.layer.group_send(&group_name(group), Arc::new(note(text))).await
    }

    async fn tell(&self, channel: &ChannelName, text: &str) -> Result<(), LayerError> {
        self.layer.send(channel, Arc::new(note(text))).await
    }
}

/// How many processes are subscribed to a channel in Redis.
async fn subscribers(server: &RedisServer, channel: &str) -> usize {
    let (_, count): (String, usize) = server.command(&["PUBSUB", "NUMSUB", channel]).await;
    count
}
