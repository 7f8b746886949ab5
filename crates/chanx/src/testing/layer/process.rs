//! A layer together with what arrives at it.

use std::sync::Arc;

use serde_json::json;
use tokio::time::timeout;

use super::fixture::LayerFixture;
use super::recorder::{Arrival, PATIENCE, Recorder};
use crate::layer::{ChannelLayer, ChannelName, GroupName, LayerError, LayerMessage, Pressure};

/// One of the processes that share a store: its layer, and a [`Recorder`] attached to it.
#[derive(Clone, Debug)]
pub struct Process {
    layer: Arc<dyn ChannelLayer>,
    recorder: Arc<Recorder>,
}

impl Process {
    /// One more process on the fixture's store, that listens: it has waited for a first subscription, as every process does
    /// whose connections can be reached.
    ///
    /// # Panics
    /// The layer refuses, or takes too long.
    pub async fn start(fixture: &impl LayerFixture) -> Self {
        Self::with_recorder(fixture, Recorder::new()).await
    }

    /// One more process, whose connections are always full.
    pub(super) async fn under_pressure(fixture: &impl LayerFixture) -> Self {
        Self::with_recorder(fixture, Recorder::with_pressure(Pressure::High)).await
    }

    async fn with_recorder(fixture: &impl LayerFixture, recorder: Arc<Recorder>) -> Self {
        let layer = fixture.layer();
        layer.attach(Arc::clone(&recorder) as _);
        let process = Self { layer, recorder };
        process.subscribe(&group("awake")).await;
        process
    }

    /// The layer.
    pub fn layer(&self) -> &dyn ChannelLayer {
        &*self.layer
    }

    /// What arrives.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Subscribes, and waits until messages arrive.
    ///
    /// # Panics
    /// The layer refuses, or takes too long.
    pub async fn subscribe(&self, group: &GroupName) {
        bounded("subscribing", self.layer.subscribe(group)).await;
    }

    /// Sends to a group.
    ///
    /// # Panics
    /// The layer refuses, or takes too long.
    pub async fn group_send(&self, group: &GroupName, message: impl Into<Arc<LayerMessage>>) {
        bounded("sending to a group", self.layer.group_send(group, message.into())).await;
    }

    /// Sends to a channel.
    ///
    /// # Panics
    /// The layer refuses, or takes too long.
    pub async fn send(&self, channel: &ChannelName, message: impl Into<Arc<LayerMessage>>) {
        bounded("sending to a channel", self.layer.send(channel, message.into())).await;
    }

    /// Leaves the layer.
    ///
    /// # Panics
    /// It fails, or takes too long.
    pub async fn close(&self) {
        bounded("closing", self.layer.close()).await;
    }

    /// Claims that the next thing to arrive is this message to this group.
    pub(super) async fn expect(&self, group: &GroupName, message: &LayerMessage) {
        assert_eq!(self.recorder.next().await, Arrival::Group(group.clone(), message.clone()));
    }

    /// Claims that nothing arrived between the last message that was looked at and one that is sent now, directly.
    pub(super) async fn expect_nothing(&self) {
        let (channel, marker) = (self.layer.new_channel(), numbered("marker", 0));
        self.send(&channel, marker.clone()).await;
        assert_eq!(self.recorder.next().await, Arrival::Channel(channel.as_str().to_owned(), marker));
    }
}

/// What comes of an operation that must neither fail nor take for ever.
async fn bounded<T>(what: &str, operation: impl Future<Output = Result<T, LayerError>>) -> T {
    match timeout(PATIENCE, operation).await {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => panic!("{what} failed: {error}"),
        Err(_) => panic!("{what} took too long"),
    }
}

/// A group.
pub(super) fn group(name: &str) -> GroupName {
    GroupName::new(name).unwrap_or_else(|error| panic!("{error}"))
}

/// A message that can be told from others.
pub(super) fn numbered(sender: &str, number: u64) -> LayerMessage {
    let serde_json::Value::Object(object) = json!({"type": "test", "sender": sender, "number": number}) else {
        unreachable!("the macro was given an object")
    };
    LayerMessage::Other(object)
}

/// Who sent a numbered message, and which it is.
pub(super) fn number_of(arrival: &Arrival) -> (String, u64) {
    let (Arrival::Group(_, LayerMessage::Other(object)) | Arrival::Channel(_, LayerMessage::Other(object))) = arrival
    else {
        panic!("a numbered message was expected, not {arrival:?}")
    };
    match (object["sender"].as_str(), object["number"].as_u64()) {
        (Some(sender), Some(number)) => (sender.to_owned(), number),
        _ => panic!("a numbered message was expected, not {object:?}"),
    }
}
