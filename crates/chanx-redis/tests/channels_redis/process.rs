//! A process of chanx, reduced to a layer and a list of what arrives.

use std::sync::Arc;

use chanx_core::layer::{ChannelLayer, ChannelName, LayerMessage};
use serde_json::Value;

use crate::support::{Recorder, Seen, group_name};

/// A layer and what arrives through it.
pub(crate) struct Process {
    pub(crate) layer: Arc<dyn ChannelLayer>,
    recorder: Arc<Recorder>,
}

impl Process {
    pub(crate) fn start(url: &str) -> Self {
        let layer = chanx_redis::connect(url).expect("the URL is valid");
        let recorder = Recorder::of(&layer);
        Self { layer, recorder }
    }

    pub(crate) async fn subscribe(&self, group: &str) {
        self.layer.subscribe(&group_name(group)).await.expect("the subscription succeeds");
    }

    pub(crate) fn unsubscribe(&self, group: &str) {
        self.layer.unsubscribe(&group_name(group));
    }

    pub(crate) async fn group_send(&self, group: &str, message: LayerMessage) {
        self.layer.group_send(&group_name(group), Arc::new(message)).await.expect("the group message is sent");
    }

    pub(crate) async fn send(&self, channel: &str, message: LayerMessage) {
        self.layer.send(&channel_name(channel), Arc::new(message)).await.expect("the message is sent");
    }

    /// The next thing that arrives.
    pub(crate) async fn next(&self) -> Seen {
        self.recorder.next().await
    }

    /// The next message, whether or not others may have been missed before.
    pub(crate) async fn next_message(&self) -> Seen {
        loop {
            match self.next().await {
                Seen::Missed => {}
                message => return message,
            }
        }
    }
}

/// What channels_redis calls a message, as chanx reads it.
pub(crate) fn message(object: &Value) -> LayerMessage {
    let Value::Object(object) = object else { panic!("a message is an object") };
    LayerMessage::from_object(object.clone()).expect("the message is well formed")
}

pub(crate) fn channel_name(name: &str) -> ChannelName {
    ChannelName::new(name).expect("channels_redis makes valid names")
}
