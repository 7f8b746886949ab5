//! One message to many connections: written at most once for each endpoint and each relation to the sender, and shared.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use chanx_core::broadcast::{Broadcast, Origin};
use chanx_core::layer::{Event, GroupMessage, LayerMessage, Pressure};

use super::Format;
use super::mailbox::{Delivery, Mailbox};

/// A message on its way to the members of a group.
pub(super) enum Fanout<'a> {
    Message(Copies<'a>),
    Event(Arc<Event>),
    /// Not for chanx's consumers.
    Nothing,
}

/// A group message with its copies so far.
pub(super) struct Copies<'a> {
    message: &'a GroupMessage,
    /// The connection that sent it, if it is one of this process.
    sender: Option<u64>,
    formats: Vec<(&'a Arc<dyn Format>, Written)>,
}

/// What one endpoint made of the message; nothing if it refused it.
type Written = Option<(Broadcast, Vec<(Origin, Bytes)>)>;

impl<'a> Fanout<'a> {
    pub(super) fn new(message: &'a LayerMessage, sender: Option<u64>) -> Self {
        match message {
            LayerMessage::Group(message) => Self::Message(Copies { message, sender, formats: Vec::new() }),
            LayerMessage::Event(event) => Self::Event(Arc::new(event.clone())),
            LayerMessage::Other(object) => {
                let kind = object.get("type").and_then(serde_json::Value::as_str).unwrap_or_default();
                tracing::warn!(target: "chanx::layer", kind, "a message of the channel layer is not understood");
                Self::Nothing
            }
        }
    }

    pub(super) fn deliver(&mut self, member: &'a Mailbox) -> Pressure {
        let delivery = match self {
            Self::Message(copies) => copies.of(member),
            Self::Event(event) => Some(Delivery::Event(Arc::clone(event))),
            Self::Nothing => None,
        };
        delivery.map_or(Pressure::Low, |delivery| member.push(delivery))
    }
}

impl<'a> Copies<'a> {
    fn of(&mut self, member: &'a Mailbox) -> Option<Delivery> {
        let is_current = self.sender == Some(member.id);
        if is_current && self.message.exclude_current {
            return None;
        }
        let is_mine = self.message.from_user.as_deref().is_some_and(|sender| member.user() == Some(sender));
        let origin = Origin { is_mine, is_current };
        let (broadcast, copies) = self.written(&member.format)?;
        let action = broadcast.action();
        if let Some((_, frames)) = copies.iter().find(|(of, _)| *of == origin) {
            return Some(Delivery::Frames(frames.clone(), action));
        }
        let frames = Bytes::from(broadcast.frames(origin, member.format.config()));
        copies.push((origin, frames.clone()));
        Some(Delivery::Frames(frames, action))
    }

    fn written(&mut self, format: &'a Arc<dyn Format>) -> Option<&mut (Broadcast, Vec<(Origin, Bytes)>)> {
        let known = self.formats.iter().position(|(known, _)| Arc::ptr_eq(known, format));
        let index = known.unwrap_or_else(|| {
            let written = write(format.as_ref(), self.message).map(|broadcast| (broadcast, Vec::new()));
            self.formats.push((format, written));
            self.formats.len() - 1
        });
        self.formats[index].1.as_mut()
    }
}

/// Runs the application's own reading and writing of its types, whose failures are nobody's but the message's.
fn write(format: &dyn Format, message: &GroupMessage) -> Option<Broadcast> {
    let endpoint = format.name();
    match catch_unwind(AssertUnwindSafe(|| format.broadcast(&message.content))) {
        Ok(Ok(broadcast)) => return Some(broadcast),
        Ok(Err(error)) => tracing::warn!(target: "chanx::layer", endpoint, %error, "a group message is not delivered"),
        Err(_) => tracing::error!(target: "chanx::layer", endpoint, "a group message made its types panic"),
    }
    None
}
