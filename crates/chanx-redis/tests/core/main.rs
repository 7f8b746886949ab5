//! The layer of `redis://` against real servers.

#[path = "../support/mod.rs"]
mod support;

mod exchange;
mod foreign;
mod servers;
mod trouble;

use std::sync::Arc;

use chanx_core::layer::{ChannelLayer, GroupName, LayerError};
use chanx_redis::connect;
use support::{PATIENCE, Recorder, RedisServer, group_name, note};
use tokio::time::timeout;

/// A process: its layer, and what arrives.
struct Process {
    layer: Arc<dyn ChannelLayer>,
    seen: Arc<Recorder>,
}

impl Process {
    /// At one server, with these options behind its address.
    fn at(server: &RedisServer, rest: &str) -> Self {
        Self::of(&server.url("redis", rest))
    }

    fn of(url: &str) -> Self {
        let layer = connect(url).unwrap();
        let seen = Recorder::of(&layer);
        Self { layer, seen }
    }

    async fn join(&self, group: &str) {
        timeout(PATIENCE, self.layer.subscribe(&group_name(group))).await.expect("subscribing never ends").unwrap();
    }

    async fn say(&self, group: &str, text: &str) -> Result<(), LayerError> {
        self.layer.group_send(&group_name(group), Arc::new(note(text))).await
    }
}

/// The members of a group in Redis.
async fn members(server: &RedisServer, group: &GroupName) -> Vec<String> {
    server.command(&["ZRANGE", &format!("asgi:group:{group}"), "0", "-1"]).await
}
