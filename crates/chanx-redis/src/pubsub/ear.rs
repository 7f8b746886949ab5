//! What a subscribed connection hears: messages go to a bounded queue, everything else says how the connection is.
//!
//! The connection's own task listens, so that the server is read from promptly, whatever becomes of the messages. What
//! waits in the process is bounded as Redis bounds what waits on its side, and with the same consequence: who does not
//! keep up loses the connection.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use redis::aio::{AsyncPushSender, SendError};
use redis::{PushInfo, PushKind, Value};
use tokio::sync::{mpsc, watch};

use super::Name;

/// How much may wait for delivery: twice Redis's own limit for a subscriber (`client-output-buffer-limit pubsub`), so that
/// there is room for whatever Redis lets through.
const QUEUE_BYTES: usize = 64 * 1024 * 1024;

/// What a message takes beside its text.
const MESSAGE_OVERHEAD: usize = 128;

/// A message as it arrived.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) channel: Vec<u8>,
    pub(crate) payload: Vec<u8>,
}

/// Where the messages of all connections of a layer wait.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    sender: mpsc::UnboundedSender<Arrival>,
    bytes: Arc<AtomicUsize>,
}

/// The other end of a [`Queue`].
#[derive(Debug)]
pub(crate) struct Arrivals {
    receiver: mpsc::UnboundedReceiver<Arrival>,
    bytes: Arc<AtomicUsize>,
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

pub(crate) fn queue() -> (Queue, Arrivals) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let bytes = Arc::new(AtomicUsize::new(0));
    (Queue { sender, bytes: bytes.clone() }, Arrivals { receiver, bytes })
}

impl Arrival {
    fn size(&self) -> usize {
        self.channel.len() + self.payload.len() + MESSAGE_OVERHEAD
    }
}

impl Queue {
    /// False: there is no room.
    fn push(&self, arrival: Arrival) -> bool {
        let size = arrival.size();
        if self.bytes.fetch_add(size, Ordering::Relaxed) + size > QUEUE_BYTES {
            self.bytes.fetch_sub(size, Ordering::Relaxed);
            return false;
        }
        // Nobody takes it: the layer is closed.
        let _ = self.sender.send(arrival);
        true
    }
}

impl Arrivals {
    pub(super) async fn next(&mut self) -> Option<Arrival> {
        let arrival = self.receiver.recv().await?;
        self.bytes.fetch_sub(arrival.size(), Ordering::Relaxed);
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
        if let (Some(Value::BulkString(payload)), Some(Value::BulkString(channel))) = (data.next(), data.next())
            && !self.queue.push(Arrival { channel, payload })
        {
            self.fail("more messages arrived than could be delivered");
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

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    fn hear(ear: &Ear, kind: PushKind, data: Vec<Value>) {
        ear.send(PushInfo { kind, data }).unwrap();
    }

    #[tokio::test]
    async fn messages_wait_in_order_with_the_channel_and_not_the_pattern() {
        let (queue, mut arrivals) = queue();
        let ear = Ear::new(queue);
        hear(&ear, PushKind::Message, vec![text("a"), text("1")]);
        hear(&ear, PushKind::PMessage, vec![text("b*"), text("bc"), text("2")]);
        hear(&ear, PushKind::SMessage, vec![text("d"), text("3")]);
        for expected in [("a", "1"), ("bc", "2"), ("d", "3")] {
            let arrival = arrivals.next().await.unwrap();
            assert_eq!((arrival.channel, arrival.payload), (expected.0.into(), expected.1.into()));
        }
        assert_eq!((ear.heard(), ear.trouble()), (3, None));
    }

    #[tokio::test]
    async fn who_does_not_keep_up_loses_the_connection() {
        let (queue, mut arrivals) = queue();
        let ear = Ear::new(queue.clone());
        let half = "x".repeat(QUEUE_BYTES / 2 - 2 * MESSAGE_OVERHEAD);
        for _ in 0..2 {
            hear(&ear, PushKind::Message, vec![text("a"), text(&half)]);
        }
        assert_eq!(ear.trouble(), None);
        hear(&ear, PushKind::Message, vec![text("a"), text(&half)]);
        assert_eq!(ear.troubled().await, "more messages arrived than could be delivered");
        arrivals.next().await.unwrap();
        let next = Ear::new(queue);
        hear(&next, PushKind::Message, vec![text("a"), text(&half)]);
        assert_eq!(next.trouble(), None, "there is room again");
    }

    #[test]
    fn only_a_shard_channel_that_leaves_unasked_has_moved() {
        let ear = Ear::new(queue().0);
        ear.leave(&["a".into()]);
        hear(&ear, PushKind::SUnsubscribe, vec![text("a"), Value::Int(0)]);
        assert_eq!(ear.trouble(), None);
        hear(&ear, PushKind::SUnsubscribe, vec![text("a"), Value::Int(0)]);
        assert!(ear.trouble().is_some());
    }

    #[test]
    fn the_first_trouble_is_the_reason() {
        let ear = Ear::new(queue().0);
        hear(&ear, PushKind::SUnsubscribe, vec![text("a"), Value::Int(0)]);
        let first = ear.trouble();
        hear(&ear, PushKind::Disconnection, Vec::new());
        assert_eq!(ear.trouble(), first);
    }

    #[test]
    fn what_is_no_message_is_passed_over() {
        let ear = Ear::new(queue().0);
        for data in [vec![], vec![text("a")], vec![Value::Nil, text("a")], vec![text("a"), Value::Int(1)]] {
            hear(&ear, PushKind::Message, data);
        }
        hear(&ear, PushKind::SUnsubscribe, vec![Value::Nil, Value::Int(0)]);
        assert_eq!(ear.trouble(), None);
    }
}
