//! What waits for one connection that its client did not send. Bounded; many may put, its driver takes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context as Task, Poll, Waker};

use bytes::Bytes;
use chanx_core::close::CloseCode;
use chanx_core::layer::{ChannelName, Event, Pressure};
use tokio::sync::Notify;

use super::Format;

/// Something for a connection that does not come from its client.
#[derive(Clone, Debug)]
pub(crate) enum Delivery {
    /// Whole frames, ready to go, and the action for the log.
    Frames(Bytes, &'static str),
    /// An event for the consumer.
    Event(Arc<Event>),
    /// Deliveries may have been lost.
    Missed,
    /// The end of the connection.
    Close(CloseCode, &'static str),
}

/// How much may wait in a mailbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) deliveries: usize,
    pub(crate) bytes: usize,
}

/// A mailbox, and what a fan-out must know of its connection.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(super) id: u64,
    pub(super) format: Arc<dyn Format>,
    limits: Limits,
    user: OnceLock<String>,
    pub(super) channel: OnceLock<ChannelName>,
    queue: Mutex<Queue>,
    room: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    deliveries: VecDeque<Delivery>,
    bytes: usize,
    /// Overtakes everything, as nothing that waits matters any more.
    end: Option<(CloseCode, &'static str)>,
    missed: bool,
    is_closed: bool,
    driver: Option<Waker>,
}

/// The connection is gone.
#[derive(Debug)]
pub(crate) struct Closed;

/// An empty queue above this many places gives its memory back.
const KEPT_PLACES: usize = 16;

impl Mailbox {
    pub(super) fn new(id: u64, format: Arc<dyn Format>, limits: Limits) -> Self {
        Self {
            id,
            format,
            limits,
            user: OnceLock::new(),
            channel: OnceLock::new(),
            queue: Mutex::default(),
            room: Notify::new(),
        }
    }

    /// Whose connection this is; nobody's until authentication is over, and for anonymous users.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.get().map(String::as_str)
    }

    pub(crate) fn belongs_to(&self, user: String) {
        // A connection is authenticated once.
        let _ = self.user.set(user);
    }

    /// Puts something in, from one of many who must not wait. A connection that cannot take it is closed with 4413.
    pub(crate) fn push(&self, delivery: Delivery) -> Pressure {
        let mut queue = self.queue();
        if queue.is_ending() {
            return Pressure::Low;
        }
        if queue.is_beyond(self.limits) {
            queue.end(CloseCode::TOO_SLOW, "too slow");
            queue.wake();
            return Pressure::Low;
        }
        queue.push(delivery);
        queue.pressure(self.limits)
    }

    /// Puts something in, from one who may wait until there is room.
    pub(crate) async fn send(&self, delivery: Delivery) -> Result<(), Closed> {
        loop {
            let room = self.room.notified();
            {
                let mut queue = self.queue();
                if queue.is_ending() {
                    return Err(Closed);
                }
                if queue.pressure(self.limits) == Pressure::Low {
                    queue.push(delivery);
                    return Ok(());
                }
            }
            room.await;
        }
    }

    /// Tells the connection to end, before all that waits for it.
    pub(crate) fn end(&self, code: CloseCode, reason: &'static str) {
        let mut queue = self.queue();
        if !queue.is_ending() {
            queue.end(code, reason);
            queue.wake();
        }
    }

    /// Tells the connection that deliveries may have been lost; once, however often that is said before it listens.
    pub(crate) fn note_missed(&self) {
        let mut queue = self.queue();
        queue.missed = true;
        queue.wake();
    }

    /// Takes what is next, in the order in which it was put in; without `room` for it, only the end.
    pub(crate) fn poll_next(&self, task: &mut Task<'_>, room: bool) -> Poll<Delivery> {
        let mut queue = self.queue();
        if let Some(delivery) = queue.next(room) {
            if queue.pressure(self.limits) == Pressure::Low {
                self.room.notify_waiters();
            }
            return Poll::Ready(delivery);
        }
        if !queue.driver.as_ref().is_some_and(|driver| driver.will_wake(task.waker())) {
            queue.driver = Some(task.waker().clone());
        }
        Poll::Pending
    }

    /// Takes nothing more.
    pub(crate) fn close(&self) {
        let mut queue = self.queue();
        *queue = Queue { is_closed: true, ..Queue::default() };
        drop(queue);
        self.room.notify_waiters();
    }

    /// The queue stays usable after a panic elsewhere: every change of it is one step.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn is_ending(&self) -> bool {
        self.is_closed || self.end.is_some()
    }

    fn is_beyond(&self, limits: Limits) -> bool {
        self.deliveries.len() >= limits.deliveries || self.bytes >= limits.bytes
    }

    fn pressure(&self, limits: Limits) -> Pressure {
        match self.deliveries.len() * 2 >= limits.deliveries || self.bytes * 2 >= limits.bytes {
            true => Pressure::High,
            false => Pressure::Low,
        }
    }

    /// A driver is woken by the first delivery of a batch, and takes the others with it.
    fn push(&mut self, delivery: Delivery) {
        self.bytes += delivery.size();
        self.deliveries.push_back(delivery);
        if self.deliveries.len() == 1 {
            self.wake();
        }
    }

    fn end(&mut self, code: CloseCode, reason: &'static str) {
        self.deliveries = VecDeque::new();
        self.bytes = 0;
        self.end = Some((code, reason));
    }

    fn next(&mut self, room: bool) -> Option<Delivery> {
        if let Some((code, reason)) = self.end.take() {
            self.is_closed = true;
            return Some(Delivery::Close(code, reason));
        }
        if !room {
            return None;
        }
        if std::mem::take(&mut self.missed) {
            return Some(Delivery::Missed);
        }
        let delivery = self.deliveries.pop_front()?;
        self.bytes -= delivery.size();
        if self.deliveries.is_empty() && self.deliveries.capacity() > KEPT_PLACES {
            self.deliveries = VecDeque::new();
        }
        Some(delivery)
    }

    fn wake(&mut self) {
        if let Some(driver) = self.driver.take() {
            driver.wake();
        }
    }
}

impl Delivery {
    fn size(&self) -> usize {
        match self {
            Self::Frames(frames, _) => frames.len(),
            Self::Event(event) => event.data.len(),
            Self::Missed | Self::Close(..) => 0,
        }
    }
}
