//! A process: its layer, and what arrives.

use std::sync::Arc;

use chanx_core::layer::{ChannelLayer, ChannelName, Health, LayerError};
use chanx_redis::connect;
use tokio::time::timeout;

use super::{PATIENCE, Recorder, group_name, note};

/// A process: its layer, and what arrives.
pub struct Process {
    pub layer: Arc<dyn ChannelLayer>,
    pub seen: Arc<Recorder>,
}

impl Process {
    /// A process whose layer has this address.
    pub fn of(url: &str) -> Self {
        let layer = connect(url).unwrap();
        let seen = Recorder::of(&layer);
        Self { layer, seen }
    }

    pub async fn join(&self, group: &str) {
        timeout(PATIENCE, self.layer.subscribe(&group_name(group))).await.expect("subscribing never ends").unwrap();
    }

    pub async fn say(&self, group: &str, text: &str) -> Result<(), LayerError> {
        self.layer.group_send(&group_name(group), Arc::new(note(text))).await
    }

    pub async fn tell(&self, channel: &ChannelName, text: &str) -> Result<(), LayerError> {
        self.layer.send(channel, Arc::new(note(text))).await
    }

    pub async fn is_up(&self) -> bool {
        self.layer.health() == Health::Up
    }

    pub async fn is_down(&self) -> bool {
        !self.is_up().await
    }
}
