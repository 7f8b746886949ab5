//! A receiver that remembers what it was told.

use std::sync::Arc;

use chanx_core::layer::{ChannelLayer, GroupName, LayerMessage, Pressure, Receiver};
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;

use super::PATIENCE;

/// Something that a receiver was told.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Group(String, LayerMessage),
    Channel(String, LayerMessage),
    Missed,
}

/// Remembers, in order.
#[derive(Debug)]
pub struct Recorder {
    sender: mpsc::UnboundedSender<Seen>,
    seen: Mutex<mpsc::UnboundedReceiver<Seen>>,
}

impl Recorder {
    pub fn new() -> Arc<Self> {
        let (sender, seen) = mpsc::unbounded_channel();
        Arc::new(Self { sender, seen: Mutex::new(seen) })
    }

    /// One that is attached to this layer.
    pub fn of(layer: &Arc<dyn ChannelLayer>) -> Arc<Self> {
        let recorder = Self::new();
        layer.attach(Arc::clone(&recorder) as Arc<dyn Receiver>);
        recorder
    }

    /// The next thing that it is told.
    ///
    /// # Panics
    /// Nothing comes.
    pub async fn next(&self) -> Seen {
        let mut seen = self.seen.lock().await;
        timeout(PATIENCE, seen.recv()).await.expect("nothing arrived").expect("the recorder keeps a sender")
    }

    /// The next thing, which has to be a message to a group with this text; see [`note`].
    pub async fn expect_group(&self, group: &str, text: &str) {
        assert_eq!(self.next().await, Seen::Group(group.to_owned(), note(text)));
    }

    /// The same, unless messages may have been missed before.
    pub async fn expect_group_or_missed(&self, group: &str, text: &str) {
        match self.next().await {
            Seen::Missed => self.expect_group(group, text).await,
            seen => assert_eq!(seen, Seen::Group(group.to_owned(), note(text))),
        }
    }

    /// What it was told by now.
    pub async fn drain(&self) -> Vec<Seen> {
        let mut seen = self.seen.lock().await;
        std::iter::from_fn(|| seen.try_recv().ok()).collect()
    }

    fn record(&self, seen: Seen) -> Pressure {
        self.sender.send(seen).expect("the recorder keeps the other end");
        Pressure::Low
    }
}

impl Receiver for Recorder {
    fn group_message(&self, group: &GroupName, message: &LayerMessage) -> Pressure {
        self.record(Seen::Group(group.to_string(), message.clone()))
    }

    fn channel_message(&self, channel: &str, message: &LayerMessage) -> Pressure {
        self.record(Seen::Channel(channel.to_owned(), message.clone()))
    }

    fn missed(&self) {
        let _ = self.record(Seen::Missed);
    }
}

/// A message of some other application, with this text.
pub fn note(text: &str) -> LayerMessage {
    let Value::Object(object) = json!({"type": "note", "text": text}) else { unreachable!("it is written as one") };
    LayerMessage::Other(object)
}

/// The name of a group.
pub fn group_name(name: &str) -> GroupName {
    GroupName::new(name).unwrap()
}
