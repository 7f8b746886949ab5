//! The layer of `redis+sharded://` against real servers and clusters.

#[path = "../support/mod.rs"]
mod support;

mod cluster;
mod clustered;
mod single;

use std::sync::Arc;

use chanx_core::layer::{ChannelLayer, ChannelName, Health, LayerError};
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
        Self::of(&server.url("redis+sharded", rest))
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

    async fn is_up(&self) -> bool {
        self.layer.health() == Health::Up
    }

    async fn is_down(&self) -> bool {
        self.layer.health() != Health::Up
    }
}
