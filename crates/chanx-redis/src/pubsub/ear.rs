//! What a subscribed connection hears: messages go to a bounded queue, everything else says how the connection is.
//!
//! The connection's own task listens, so that the server is read from promptly, whatever becomes of the messages. What
//! waits in the process is bounded. Messages that find the queue full are dropped until half of it is delivered, and a mark
//! takes their place; the connections stay, since the server is not to blame.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use redis::aio::{AsyncPushSender, SendError};
use redis::{PushInfo, PushKind, Value};
use tokio::sync::{mpsc, watch};

use super::Name;
use crate::outage::Seldom;

/// What a message takes beside its text.
const MESSAGE_OVERHEAD: usize = 128;

/// What comes out of the queue.
#[derive(Debug)]
pub(crate) enum Arrival {
    Message(Message),
    /// Here messages were dropped.
    Gap,
}

/// A message as it arrived.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) channel: Vec<u8>,
    pub(crate) payload: Vec<u8>,
}

/// Where the messages of all connections of a layer wait.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    sender: mpsc::UnboundedSender<Arrival>,
    room: Arc<Room>,
}

/// The other end of a [`Queue`].
#[derive(Debug)]
pub(crate) struct Arrivals {
    receiver: mpsc::UnboundedReceiver<Arrival>,
    room: Arc<Room>,
}

/// How much waits.
#[derive(Debug)]
struct Room {
    max: usize,
    used: AtomicUsize,
    /// The queue was full, and half of it is not delivered yet.
    is_closed: AtomicBool,
    dropped: Seldom,
}

/// Listens to one connection.
#[derive(Debug)]
pub(super) struct Ear {
    queue: Queue,
    /// Counts whatever was heard, so that silence can be told from much to say.
    heard: AtomicU64,
    trouble: watch::Sender<Option<&'static str>>,
    /// Shard channels that the connection leaves. One that it loses otherwise has moved to another server.
    leaving: Mutex<HashSet<Name>>,
}

/// A queue for so many bytes.
pub(crate) fn queue(max: usize) -> (Queue, Arrivals) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Room {
        max,
        used: AtomicUsize::new(0),
        is_closed: AtomicBool::new(false),
        dropped: Seldom::default(),
    });
    (Queue { sender, room: Arc::clone(&room) }, Arrivals { receiver, room })
}

impl Message {
    fn size(&self) -> usize {
        self.channel.capacity() + self.payload.capacity() + MESSAGE_OVERHEAD
    }
}

impl Queue {
    fn push(&self, message: Message) {
        if !self.room.take(message.size()) {
            self.drop_one();
            return;
        }
        // The other end is gone when the layer is closed.
        let _ = self.sender.send(Arrival::Message(message));
    }

    /// Leaves one mark for all that are dropped until there is room again.
    fn drop_one(&self) {
        if !self.room.is_closed.swap(true, Ordering::AcqRel) {
            let _ = self.sender.send(Arrival::Gap);
        }
        if let Some(times) = self.room.dropped.happened() {
            tracing::warn!(times, "messages were dropped, because more arrived than could be delivered");
        }
    }
}

impl Room {
    fn take(&self, size: usize) -> bool {
        if self.is_closed.load(Ordering::Acquire) {
            return false;
        }
        if self.used.fetch_add(size, Ordering::AcqRel) + size > self.max {
            self.used.fetch_sub(size, Ordering::AcqRel);
            return false;
        }
        true
    }

    fn give_back(&self, size: usize) {
        let left = self.used.fetch_sub(size, Ordering::AcqRel) - size;
        if left <= self.max / 2 {
            self.is_closed.store(false, Ordering::Release);
        }
    }
}

impl Arrivals {
    pub(super) async fn next(&mut self) -> Option<Arrival> {
        let arrival = self.receiver.recv().await?;
        match &arrival {
            Arrival::Message(message) => self.room.give_back(message.size()),
            // A message may be larger than half of the queue.
            Arrival::Gap => self.room.give_back(0),
        }
        Some(arrival)
    }
}

impl Ear {
    pub(super) fn new(queue: Queue) -> Self {
        Self { queue, heard: AtomicU64::new(0), trouble: watch::Sender::new(None), leaving: Mutex::default() }
    }

    pub(super) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// What is wrong with the connection, if anything is.
    pub(super) fn trouble(&self) -> Option<&'static str> {
        *self.trouble.borrow()
    }

    /// Ends when the connection is of no use any more.
    pub(super) async fn troubled(&self) -> &'static str {
        let mut trouble = self.trouble.subscribe();
        match trouble.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(reason)) => reason,
            // It does not end before `self` does.
            _ => CLOSED,
        }
    }

    /// The connection is about to leave these shard channels.
    pub(super) fn leave(&self, names: &[Name]) {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner).extend(names.iter().cloned());
    }

    fn fail(&self, reason: &'static str) {
        self.trouble.send_if_modified(|trouble| trouble.is_none() && trouble.replace(reason).is_none());
    }

    fn message(&self, data: Vec<Value>) {
        // The last two: a message by a pattern begins with the pattern.
        let mut data = data.into_iter().rev();
        if let (Some(Value::BulkString(payload)), Some(Value::BulkString(channel))) = (data.next(), data.next()) {
            self.queue.push(Message { channel, payload });
        }
    }

    fn left(&self, data: &[Value]) {
        let Some(Value::BulkString(name)) = data.first() else { return };
        let mut leaving = self.leaving.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::str::from_utf8(name).is_ok_and(|name| leaving.remove(name)) {
            self.fail("a channel moved to another server");
        }
    }
}

const CLOSED: &str = "the server closed the connection";

impl AsyncPushSender for Ear {
    fn send(&self, info: PushInfo) -> Result<(), SendError> {
        self.heard.fetch_add(1, Ordering::Relaxed);
        match info.kind {
            PushKind::Message | PushKind::PMessage | PushKind::SMessage => self.message(info.data),
            PushKind::SUnsubscribe => self.left(&info.data),
            PushKind::Disconnection => self.fail(CLOSED),
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 6000;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn hear(ear: &Ear, kind: PushKind, data: Vec<Value>) {
        ear.send(PushInfo { kind, data }).unwrap();
    }

    async fn next_message(arrivals: &mut Arrivals) -> Message {
        match arrivals.next().await.unwrap() {
            Arrival::Message(message) => message,
            Arrival::Gap => panic!("messages were dropped"),
        }
    }

    #[tokio::test]
    async fn messages_wait_in_order_with_the_channel_and_not_the_pattern() {
        let (queue, mut arrivals) = queue(MAX);
        let ear = Ear::new(queue);
        hear(&ear, PushKind::Message, vec![text("a"), text("1")]);
        hear(&ear, PushKind::PMessage, vec![text("b*"), text("bc"), text("2")]);
        hear(&ear, PushKind::SMessage, vec![text("d"), text("3")]);
        for expected in [("a", "1"), ("bc", "2"), ("d", "3")] {
            let message = next_message(&mut arrivals).await;
            assert_eq!((message.channel, message.payload), (expected.0.into(), expected.1.into()));
        }
        assert_eq!((ear.heard(), ear.trouble()), (3, None));
    }

    #[tokio::test]
    async fn what_finds_no_room_is_dropped_and_the_connection_stays() {
        let (queue, mut arrivals) = queue(MAX);
        let ear = Ear::new(queue);
        let third = "x".repeat(MAX / 3 - 2 * MESSAGE_OVERHEAD);
        for _ in 0..100 {
            hear(&ear, PushKind::Message, vec![text("a"), text(&third)]);
        }
        assert_eq!(ear.trouble(), None);
        assert_eq!(arrivals.receiver.len(), 4, "three messages and a mark");
        next_message(&mut arrivals).await;
        hear(&ear, PushKind::Message, vec![text("a"), text("too early")]);
        next_message(&mut arrivals).await;
        hear(&ear, PushKind::Message, vec![text("a"), text("there is room again")]);
        next_message(&mut arrivals).await;
        assert!(matches!(arrivals.next().await, Some(Arrival::Gap)));
        assert_eq!(next_message(&mut arrivals).await.payload, b"there is room again");
    }

    #[tokio::test]
    async fn a_message_larger_than_the_queue_stops_nothing() {
        let (queue, mut arrivals) = queue(10);
        let ear = Ear::new(queue);
        hear(&ear, PushKind::Message, vec![text("a"), text("larger")]);
        assert!(matches!(arrivals.next().await, Some(Arrival::Gap)));
        hear(&ear, PushKind::Message, vec![text("a"), text("larger")]);
        assert!(matches!(arrivals.next().await, Some(Arrival::Gap)), "told again");
    }

    #[test]
    fn only_a_shard_channel_that_leaves_unasked_has_moved() {
        let ear = Ear::new(queue(MAX).0);
        ear.leave(&["a".into()]);
        hear(&ear, PushKind::SUnsubscribe, vec![text("a"), Value::Int(0)]);
        assert_eq!(ear.trouble(), None);
        hear(&ear, PushKind::SUnsubscribe, vec![text("a"), Value::Int(0)]);
        assert!(ear.trouble().is_some());
    }

    #[test]
    fn the_first_trouble_is_the_reason() {
        let ear = Ear::new(queue(MAX).0);
        hear(&ear, PushKind::SUnsubscribe, vec![text("a"), Value::Int(0)]);
        let first = ear.trouble();
        hear(&ear, PushKind::Disconnection, Vec::new());
        assert_eq!(ear.trouble(), first);
    }

    #[test]
    fn what_is_no_message_is_passed_over() {
        let ear = Ear::new(queue(MAX).0);
        for data in [vec![], vec![text("a")], vec![Value::Nil, text("a")], vec![text("a"), Value::Int(1)]] {
            hear(&ear, PushKind::Message, data);
        }
        hear(&ear, PushKind::SUnsubscribe, vec![Value::Nil, Value::Int(0)]);
        assert_eq!(ear.trouble(), None);
    }
}
