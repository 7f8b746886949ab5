//! A receiver that writes down what arrives.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::layer::{GroupName, LayerMessage, Pressure, Receiver};

/// What has not arrived by then never will.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A process without connections: it writes down what its layer brings.
#[derive(Debug)]
pub struct Recorder {
    log: Mutex<Log>,
    changed: Notify,
    pressure: Pressure,
}

/// A message that a layer brought.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrival {
    /// To a group.
    Group(GroupName, LayerMessage),
    /// To a channel, by its name.
    Channel(String, LayerMessage),
}

#[derive(Debug, Default)]
struct Log {
    arrivals: VecDeque<Arrival>,
    missed: usize,
}

impl Recorder {
    /// A process whose connections always have room.
    pub fn new() -> Arc<Self> {
        Self::with_pressure(Pressure::Low)
    }

    /// A process that always says this of its connections.
    pub fn with_pressure(pressure: Pressure) -> Arc<Self> {
        Arc::new(Self { log: Mutex::default(), changed: Notify::new(), pressure })
    }

    /// The next message, in the order of arrival.
    ///
    /// # Panics
    /// None comes.
    pub async fn next(&self) -> Arrival {
        self.wait(|log| log.arrivals.pop_front(), "a message").await
    }

    /// All messages up to one that is told by `is_last`, with it.
    ///
    /// # Panics
    /// It does not come.
    pub async fn until(&self, mut is_last: impl FnMut(&Arrival) -> bool) -> Vec<Arrival> {
        let mut arrivals = Vec::new();
        loop {
            let arrival = self.next().await;
            let is_over = is_last(&arrival);
            arrivals.push(arrival);
            if is_over {
                return arrivals;
            }
        }
    }

    /// What is there, without waiting.
    pub fn take(&self) -> Vec<Arrival> {
        self.log().arrivals.drain(..).collect()
    }

    /// How many times the layer said that messages may have been lost.
    pub fn missed(&self) -> usize {
        self.log().missed
    }

    /// Waits until the layer has said that messages may have been lost.
    ///
    /// # Panics
    /// It does not say so.
    pub async fn wait_missed(&self) {
        self.wait(|log| (log.missed > 0).then_some(()), "word that messages were missed").await;
    }

    async fn wait<T>(&self, mut look: impl FnMut(&mut Log) -> Option<T>, what: &str) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let changed = self.changed.notified();
            if let Some(found) = look(&mut self.log()) {
                return found;
            }
            assert!(timeout_at(deadline, changed).await.is_ok(), "{what} did not come in time");
        }
    }

    fn note(&self, arrival: Arrival) -> Pressure {
        self.log().arrivals.push_back(arrival);
        self.changed.notify_waiters();
        self.pressure
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver for Recorder {
    fn group_message(&self, group: &GroupName, message: &LayerMessage) -> Pressure {
        self.note(Arrival::Group(group.clone(), message.clone()))
    }

    fn channel_message(&self, channel: &str, message: &LayerMessage) -> Pressure {
        self.note(Arrival::Channel(channel.to_owned(), message.clone()))
    }

    fn missed(&self) {
        self.log().missed += 1;
        self.changed.notify_waiters();
    }
}
