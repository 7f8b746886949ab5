//! One message to many connections: written at most once for each endpoint, each relation to the sender and each way to
//! compress it, and shared.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use chanx_core::broadcast::{Broadcast, Origin};
use chanx_core::deflate::Window;
use chanx_core::layer::{Event, GroupMessage, LayerMessage, Pressure};

use super::Format;
use super::mailbox::{Delivery, Mailbox};

/// A message on its way to the members of a group.
pub(super) struct Fanout<'a> {
    content: Fanned<'a>,
    pressure: Pressure,
    /// Whose mailboxes are to be flushed.
    flushed_later: Vec<Arc<Mailbox>>,
}

enum Fanned<'a> {
    Message(Copies<'a>),
    Event(Arc<Event>),
    /// Not for chanx's consumers.
    Nothing,
}

/// A group message with its copies so far.
struct Copies<'a> {
    message: &'a GroupMessage,
    /// The connection that sent it, if it is one of this process.
    sender: Option<u64>,
    formats: Vec<(&'a Arc<dyn Format>, Written)>,
}

/// What one endpoint made of the message; nothing if it refused it.
type Written = Option<(Broadcast, Vec<(Variant, Bytes)>)>;

/// In what members of one endpoint may differ: what the message is to them, and whether they take it compressed.
type Variant = (Origin, Option<Window>);

impl<'a> Fanout<'a> {
    pub(super) fn new(message: &'a LayerMessage, sender: Option<u64>) -> Self {
        Self { content: Fanned::new(message, sender), pressure: Pressure::Low, flushed_later: Vec::new() }
    }

    pub(super) fn deliver(&mut self, member: &'a Arc<Mailbox>) {
        let Some(delivery) = self.content.delivery(member) else { return };
        let pushed = member.push(delivery);
        self.pressure = self.pressure.max(pushed.pressure);
        if pushed.is_to_be_flushed {
            self.flushed_later.push(Arc::clone(member));
        }
    }

    /// How the members are, and whose mailboxes are still to be flushed.
    pub(super) fn finish(self) -> (Pressure, Vec<Arc<Mailbox>>) {
        (self.pressure, self.flushed_later)
    }
}

impl<'a> Fanned<'a> {
    fn new(message: &'a LayerMessage, sender: Option<u64>) -> Self {
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

    fn delivery(&mut self, member: &'a Mailbox) -> Option<Delivery> {
        match self {
            Self::Message(copies) => copies.of(member),
            Self::Event(event) => Some(Delivery::Event(Arc::clone(event))),
            Self::Nothing => None,
        }
    }
}

impl<'a> Copies<'a> {
    fn of(&mut self, member: &'a Mailbox) -> Option<Delivery> {
        let is_current = self.sender == Some(member.id);
        if is_current && self.message.exclude_current {
            return None;
        }
        let is_mine = self.message.from_user.as_deref().is_some_and(|sender| member.user() == Some(sender));
        let (origin, window) = (Origin { is_mine, is_current }, member.window());
        let (broadcast, copies) = self.written(&member.format)?;
        if let Some((_, frames)) = copies.iter().find(|(of, _)| *of == (origin, window)) {
            return Some(Delivery::Frames(frames.clone()));
        }
        let frames = Bytes::from(broadcast.frames(origin, window, member.format.config()));
        copies.push(((origin, window), frames.clone()));
        Some(Delivery::Frames(frames))
    }

    fn written(&mut self, format: &'a Arc<dyn Format>) -> Option<&mut (Broadcast, Vec<(Variant, Bytes)>)> {
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

#[cfg(test)]
mod tests {
    use chanx_core::deflate::Compression;
    use chanx_core::frame::is_compressed;
    use chanx_core::layer::Content;
    use chanx_core::session::SessionConfig;

    use super::*;
    use crate::hub::Limits;
    use crate::hub::tests::format_of;

    /// Members of one endpoint, of whom some take compressed messages.
    fn members(windows: &[Option<u8>]) -> Vec<Arc<Mailbox>> {
        let mut config = SessionConfig::default();
        config.compression = Some(Arc::new(Compression::new(0)));
        let format = format_of(config, Limits { deliveries: 10, bytes: 100_000 });
        let member = |(id, bits): (usize, &Option<u8>)| {
            let mailbox = Mailbox::new(id as u64, Arc::clone(&format));
            if let Some(window) = bits.and_then(Window::new) {
                mailbox.takes_compressed(window);
            }
            Arc::new(mailbox)
        };
        windows.iter().enumerate().map(member).collect()
    }

    /// What a message with so long a text is to each of them.
    fn frames(members: &[Arc<Mailbox>], size: usize) -> Vec<Bytes> {
        let content = Content::Raw(format!(r#"{{"text":"{}"}}"#, "x".repeat(size)));
        let message = GroupMessage { content, exclude_current: false, from_channel: None, from_user: None };
        let mut copies = Copies { message: &message, sender: Some(0), formats: Vec::new() };
        let mut all = Vec::new();
        for member in members {
            let Some(Delivery::Frames(frames)) = copies.of(member) else { panic!("frames were expected") };
            all.push(frames);
        }
        all
    }

    #[test]
    fn a_message_is_compressed_once_for_all_to_whom_it_is_the_same() {
        let members = members(&[Some(15), Some(15), None, Some(15), Some(9), None, Some(9)]);
        let frames = frames(&members, 300);
        let compressed: Vec<_> = frames.iter().map(|frames| is_compressed(frames)).collect();
        assert_eq!(compressed, [true, true, false, true, true, false, true]);
        for (one, other, is_shared) in
            [(1, 3, true), (4, 6, true), (2, 5, true), (1, 4, false), (0, 1, false), (1, 2, false)]
        {
            assert_eq!(frames[one].as_ptr() == frames[other].as_ptr(), is_shared, "{one} and {other}");
        }
    }

    #[test]
    fn short_messages_stay_as_they_are() {
        let members = members(&[None, Some(15), None]);
        let frames = frames(&members, 100);
        assert_eq!(frames[1], frames[2]);
    }
}
