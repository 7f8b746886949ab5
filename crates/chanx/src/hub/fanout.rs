//! One message to many connections: written at most once for each endpoint, each relation to the sender and each way to
//! compress it, and shared.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use chanx_core::broadcast::{Broadcast, Origin};
use chanx_core::deflate::Window;
use chanx_core::layer::{Event, GroupMessage, LayerMessage, Pressure};
use serde_json::Value;

use super::Format;
use super::mailbox::{Delivery, Mailbox};
use super::parcel::{TooLarge, check_size};
use super::reports::{Reports, Trouble};
use crate::excerpt::excerpt;

/// What a connection gets in the place of an event that its consumer does not take, if its client is sent completions: it
/// is completed in its turn, and nothing else happens.
static UNFIT_EVENT: LazyLock<Arc<Event>> = LazyLock::new(|| Arc::new(Event { data: String::new() }));

/// A message on its way to the members of a group, or to one channel.
pub(super) struct Fanout {
    content: Fanned,
    pressure: Pressure,
    /// Whose mailboxes are to be flushed.
    flushed_later: Vec<Arc<Mailbox>>,
}

/// A message, where it goes, and where is noted what does not fit.
#[derive(Clone, Copy)]
pub(super) struct Way<'a> {
    pub(super) message: &'a LayerMessage,
    /// The name of the group or channel.
    pub(super) to: &'a str,
    pub(super) reports: &'a Reports,
}

enum Fanned {
    Message(Copies),
    Event(Told),
    /// Not for chanx's consumers.
    Nothing,
}

/// The copies of a group message so far.
struct Copies {
    /// The connection that sent it, if it is one of this process.
    sender: Option<u64>,
    formats: Vec<Share<Written>>,
}

/// What the members of one endpoint get.
struct Share<T> {
    format: Arc<dyn Format>,
    content: Result<T, Loss>,
}

/// Why the members of an endpoint do not get a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    /// It is not for them.
    Unfit,
    /// It is longer than a message to them may be, which its sender did not know. They are told that they missed something.
    TooLarge,
}

/// What one endpoint made of the message.
struct Written {
    broadcast: Broadcast,
    frames: Vec<(Variant, Bytes)>,
    members: usize,
    bytes: usize,
}

/// In what members of one endpoint may differ: what the message is to them, and whether they take it compressed.
type Variant = (Origin, Option<Window>);

/// An event, and which endpoints take it.
struct Told {
    event: Arc<Event>,
    formats: Vec<Share<()>>,
}

impl Fanout {
    pub(super) fn new(sender: Option<u64>, way: Way<'_>) -> Self {
        Self { content: Fanned::new(sender, way), pressure: Pressure::Low, flushed_later: Vec::new() }
    }

    pub(super) fn deliver(&mut self, member: &Arc<Mailbox>, way: Way<'_>) {
        let delivery = match self.content.delivery(member, way) {
            Ok(Some(delivery)) => delivery,
            Ok(None) | Err(Loss::Unfit) => return,
            Err(Loss::TooLarge) => return member.note_missed(),
        };
        let pushed = member.push(delivery);
        self.pressure = self.pressure.max(pushed.pressure);
        if pushed.is_to_be_flushed {
            self.flushed_later.push(Arc::clone(member));
        }
    }

    /// Whose mailboxes are to be flushed.
    pub(super) fn take_flushed(&mut self) -> Vec<Arc<Mailbox>> {
        std::mem::take(&mut self.flushed_later)
    }

    /// How the members are, now that all have the message.
    pub(super) fn finish(&self, way: Way<'_>) -> Pressure {
        if let Fanned::Message(copies) = &self.content {
            copies.log(way.to);
        }
        self.pressure
    }
}

impl Fanned {
    fn new(sender: Option<u64>, way: Way<'_>) -> Self {
        match way.message {
            LayerMessage::Group(_) => Self::Message(Copies { sender, formats: Vec::new() }),
            LayerMessage::Event(event) => Self::Event(Told { event: Arc::new(event.clone()), formats: Vec::new() }),
            LayerMessage::Other(object) => {
                if let Some(times) = way.reports.note("", Trouble::Foreign) {
                    let kind = excerpt(object.get("type").and_then(Value::as_str).unwrap_or_default());
                    let to = way.to;
                    tracing::warn!(target: "chanx::layer", kind, to, times, "a message of the channel layer is not understood");
                }
                Self::Nothing
            }
        }
    }

    /// What a member gets; `None` if it is to get nothing.
    fn delivery(&mut self, member: &Mailbox, way: Way<'_>) -> Result<Option<Delivery>, Loss> {
        match (self, way.message) {
            (Self::Message(copies), LayerMessage::Group(message)) => copies.of(message, member, way),
            (Self::Event(told), _) => told.of(member, way).map(Some),
            _ => Ok(None),
        }
    }
}

impl Told {
    fn of(&mut self, member: &Mailbox, way: Way<'_>) -> Result<Delivery, Loss> {
        let known = self.formats.iter().find(|known| Arc::ptr_eq(&known.format, &member.format));
        let taken = match known {
            Some(known) => known.content,
            None => {
                let content = take(member.format.as_ref(), &self.event, way);
                self.formats.push(Share { format: Arc::clone(&member.format), content });
                content
            }
        };
        match taken {
            Ok(()) => Ok(Delivery::Event(Arc::clone(&self.event))),
            Err(Loss::Unfit) if member.format.config().send_completion => Ok(Delivery::Event(Arc::clone(&UNFIT_EVENT))),
            Err(loss) => Err(loss),
        }
    }
}

impl Copies {
    fn of(&mut self, message: &GroupMessage, member: &Mailbox, way: Way<'_>) -> Result<Option<Delivery>, Loss> {
        let is_current = self.sender == Some(member.id);
        if is_current && message.exclude_current {
            return Ok(None);
        }
        let is_mine = message.from_user.as_deref().is_some_and(|sender| member.user() == Some(sender));
        let variant = (Origin { is_mine, is_current }, member.window());
        let frames = self.written(message, &member.format, way)?.frames(variant, member);
        Ok(Some(Delivery::Frames(frames)))
    }

    fn written(
        &mut self,
        message: &GroupMessage,
        format: &Arc<dyn Format>,
        way: Way<'_>,
    ) -> Result<&mut Written, Loss> {
        let known = self.formats.iter().position(|known| Arc::ptr_eq(&known.format, format));
        let index = known.unwrap_or_else(|| {
            let content = write(format.as_ref(), message, way);
            self.formats.push(Share { format: Arc::clone(format), content });
            self.formats.len() - 1
        });
        self.formats[index].content.as_mut().map_err(|loss| *loss)
    }

    /// Writes one line for all members whose endpoints log what is sent.
    fn log(&self, to: &str) {
        let written = self.formats.iter().filter_map(|share| Some((&share.format, share.content.as_ref().ok()?)));
        let (mut action, mut members, mut bytes) = ("", 0, 0);
        for (_, of) in written.filter(|(format, of)| format.config().log.wants_sent(of.broadcast.action())) {
            action = of.broadcast.action();
            members += of.members;
            bytes += of.bytes;
        }
        if members > 0 {
            tracing::info!(target: "chanx::message", to, action, members, bytes, "sent to a group");
        }
    }
}

impl Written {
    fn frames(&mut self, variant: Variant, member: &Mailbox) -> Bytes {
        let known = self.frames.iter().find(|(of, _)| *of == variant).map(|(_, frames)| frames.clone());
        let frames = known.unwrap_or_else(|| {
            let frames = Bytes::from(self.broadcast.frames(variant.0, variant.1, member.format.config()));
            self.frames.push((variant, frames.clone()));
            frames
        });
        self.members += 1;
        self.bytes += frames.len();
        frames
    }
}

/// Runs the application's own reading and writing of its types. A failure of theirs spoils the message alone.
fn write(format: &dyn Format, message: &GroupMessage, way: Way<'_>) -> Result<Written, Loss> {
    match catch_unwind(AssertUnwindSafe(|| format.broadcast(&message.content))) {
        Ok(Ok(broadcast)) => {
            fits(format, broadcast.size(), way)?;
            return Ok(Written { broadcast, frames: Vec::new(), members: 0, bytes: 0 });
        }
        Ok(Err(error)) => report(format, Trouble::Message, way, || error.to_string()),
        Err(_) => report(format, Trouble::Message, way, || "its types panic".to_owned()),
    }
    Err(Loss::Unfit)
}

/// Whether consumers of an endpoint take an event, which runs the application's own reading of its types.
fn take(format: &dyn Format, event: &Event, way: Way<'_>) -> Result<(), Loss> {
    fits(format, event.data.len(), way)?;
    match catch_unwind(AssertUnwindSafe(|| format.takes(event))) {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => report(format, Trouble::Event, way, || format!("{}: {error}", name_of(event))),
        Err(_) => report(format, Trouble::Event, way, || format!("{}: its types panic", name_of(event))),
    }
    Err(Loss::Unfit)
}

/// Whether a message is one that this process would let itself send. Others that share the layer may have other limits.
fn fits(format: &dyn Format, size: usize, way: Way<'_>) -> Result<(), Loss> {
    check_size(size, format.config().max_outgoing_message_size).map_err(|error: TooLarge| {
        report(format, Trouble::TooLarge, way, || error.to_string());
        Loss::TooLarge
    })
}

fn report(format: &dyn Format, trouble: Trouble, Way { to, reports, .. }: Way<'_>, error: impl FnOnce() -> String) {
    let endpoint = format.name();
    let Some(times) = reports.note(endpoint, trouble) else { return };
    let error = excerpt(error());
    match trouble {
        Trouble::Event => {
            tracing::warn!(target: "chanx::layer", endpoint, to, error, times, "an event is not delivered");
        }
        Trouble::TooLarge => {
            tracing::warn!(target: "chanx::layer", endpoint, to, error, times, "what is too large is not delivered");
        }
        Trouble::Message | Trouble::Foreign | Trouble::GivenUp => {
            tracing::warn!(target: "chanx::layer", endpoint, to, error, times, "a group message is not delivered");
        }
    }
}

/// The name of an event, for the log.
fn name_of(event: &Event) -> String {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    excerpt(data.get("handler").and_then(Value::as_str).unwrap_or_default())
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
        let message = LayerMessage::Group(message);
        let mut copies = Fanned::Message(Copies { sender: Some(0), formats: Vec::new() });
        let mut all = Vec::new();
        let reports = Reports::default();
        for member in members {
            let way = Way { message: &message, to: "room", reports: &reports };
            let Ok(Some(Delivery::Frames(frames))) = copies.delivery(member, way) else {
                panic!("frames were expected")
            };
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
