//! Brings what arrived to the process, in order. What cannot be read is dropped.

use std::sync::Arc;

use chanx_core::layer::{GroupName, LayerMessage, MalformedMessage, Pressure, Receiver};
use serde_json::{Map, Value};
use thiserror::Error;

use super::ear::{Arrival, Arrivals, Message};
use crate::codec::{ADDRESSEE, Codec, DecodeError};
use crate::outage::Seldom;
use crate::pace::relieve;

/// For whom a message is, by the channel in Redis that it came on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Addressee<'a> {
    Group(GroupName),
    Channel(&'a str),
    /// The message itself names the channel.
    Within,
}

/// Takes messages from the queue.
pub(crate) struct Delivery<F> {
    codec: Arc<Codec>,
    receiver: Arc<dyn Receiver>,
    /// What the name of a channel in Redis means; none: nothing.
    meaning: F,
    garbage: Seldom,
}

/// Gets what arrives for a layer that nobody is attached to.
#[derive(Debug)]
struct Nobody;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
enum Unreadable {
    #[error("it came on a channel that means nothing here")]
    Channel,
    #[error(transparent)]
    Bytes(#[from] DecodeError),
    #[error("it names no channel")]
    Addressee,
    #[error("it is incomplete")]
    Message,
}

pub(crate) fn nobody() -> Arc<dyn Receiver> {
    Arc::new(Nobody)
}

impl<F: Fn(&str) -> Option<Addressee<'_>>> Delivery<F> {
    pub(crate) fn new(codec: Arc<Codec>, receiver: Arc<dyn Receiver>, meaning: F) -> Self {
        Self { codec, receiver, meaning, garbage: Seldom::default() }
    }

    /// Delivers until the queue ends.
    pub(crate) async fn run(self, mut arrivals: Arrivals) {
        while let Some(arrival) = arrivals.next().await {
            match arrival {
                Arrival::Gap => self.receiver.missed(),
                Arrival::Message(message) => match self.deliver(&message) {
                    Ok(pressure) => relieve(pressure).await,
                    Err(reason) => self.complain(reason),
                },
            }
        }
    }

    fn deliver(&self, message: &Message) -> Result<Pressure, Unreadable> {
        let channel = std::str::from_utf8(&message.channel).map_err(|_| Unreadable::Channel)?;
        let addressee = (self.meaning)(channel).ok_or(Unreadable::Channel)?;
        let mut object = self.codec.decode(&message.payload, None)?;
        match addressee {
            Addressee::Group(group) => Ok(self.receiver.group_message(&group, &LayerMessage::from_object(object)?)),
            Addressee::Channel(name) => Ok(self.receiver.channel_message(name, &LayerMessage::from_object(object)?)),
            Addressee::Within => {
                let name = take_addressee(&mut object)?;
                Ok(self.receiver.channel_message(&name, &LayerMessage::from_object(object)?))
            }
        }
    }

    fn complain(&self, reason: Unreadable) {
        if let Some(times) = self.garbage.happened() {
            tracing::warn!(times, %reason, "the channel layer dropped what is no message");
        }
    }
}

impl Receiver for Nobody {
    fn group_message(&self, _: &GroupName, _: &LayerMessage) -> Pressure {
        Pressure::Low
    }

    fn channel_message(&self, _: &str, _: &LayerMessage) -> Pressure {
        Pressure::Low
    }

    fn missed(&self) {}
}

fn take_addressee(object: &mut Map<String, Value>) -> Result<String, Unreadable> {
    match object.shift_remove(ADDRESSEE) {
        Some(Value::String(name)) => Ok(name),
        _ => Err(Unreadable::Addressee),
    }
}

impl From<MalformedMessage> for Unreadable {
    fn from(_: MalformedMessage) -> Self {
        Self::Message
    }
}
