//! What waits for one connection that its client did not send. Bounded; many may put, its driver takes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context as Task, Waker};

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

/// The one who empties a mailbox.
pub(crate) trait Reader {
    /// Whether there is room for more than the end.
    fn has_room(&self) -> bool;

    fn take(&mut self, delivery: Delivery);
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

    /// Hands over what waits, in the order in which it was put in, as far as the reader has room, and wakes the task when
    /// more comes. The end is handed over in any case.
    pub(crate) fn read(&self, task: &mut Task<'_>, reader: &mut impl Reader) {
        let mut queue = self.queue();
        let before = queue.pressure(self.limits);
        while let Some(delivery) = queue.next(reader.has_room()) {
            reader.take(delivery);
        }
        if before == Pressure::High && queue.pressure(self.limits) == Pressure::Low {
            self.room.notify_waiters();
        }
        if !queue.driver.as_ref().is_some_and(|driver| driver.will_wake(task.waker())) {
            queue.driver = Some(task.waker().clone());
        }
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

    fn wake(&self) {
        if let Some(driver) = &self.driver {
            driver.wake_by_ref();
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

#[cfg(test)]
pub(super) mod tests {
    use std::task::{Context, Poll};

    use futures_util::FutureExt;
    use futures_util::task::noop_waker_ref;

    use super::*;
    use crate::hub::tests::format;

    const LIMITS: Limits = Limits { deliveries: 4, bytes: 100 };

    fn mailbox() -> Mailbox {
        Mailbox::new(0, format(), LIMITS)
    }

    fn frames(size: usize) -> Delivery {
        Delivery::Frames(Bytes::from(vec![0; size]), "action")
    }

    /// A reader with room for one delivery, or for none.
    struct Single {
        room: bool,
        taken: Option<Delivery>,
    }

    impl Reader for Single {
        fn has_room(&self) -> bool {
            self.room && self.taken.is_none()
        }

        fn take(&mut self, delivery: Delivery) {
            self.taken = Some(delivery);
        }
    }

    /// What the driver takes next, in a few words.
    fn next(mailbox: &Mailbox, room: bool) -> String {
        match poll_next(mailbox, &mut Context::from_waker(noop_waker_ref()), room) {
            Poll::Pending => "nothing".to_owned(),
            Poll::Ready(Delivery::Frames(frames, _)) => frames.len().to_string(),
            Poll::Ready(Delivery::Event(_)) => "event".to_owned(),
            Poll::Ready(Delivery::Missed) => "missed".to_owned(),
            Poll::Ready(Delivery::Close(code, _)) => code.to_string(),
        }
    }

    /// Takes one delivery.
    pub(in crate::hub) fn poll_next(mailbox: &Mailbox, task: &mut Context<'_>, room: bool) -> Poll<Delivery> {
        let mut reader = Single { room, taken: None };
        mailbox.read(task, &mut reader);
        reader.taken.map_or(Poll::Pending, Poll::Ready)
    }

    #[test]
    fn deliveries_leave_in_their_order() {
        let mailbox = mailbox();
        for size in 1..=3 {
            let _ = mailbox.push(frames(size));
        }
        assert_eq!(next(&mailbox, false), "nothing", "there is no room");
        assert_eq!([next(&mailbox, true), next(&mailbox, true), next(&mailbox, true)], ["1", "2", "3"]);
        assert_eq!(next(&mailbox, true), "nothing");
    }

    #[test]
    fn pressure_rises_at_half_of_either_limit() {
        let many = mailbox();
        let pressures: Vec<_> = (0..3).map(|_| many.push(frames(1))).collect();
        assert_eq!(pressures, [Pressure::Low, Pressure::High, Pressure::High]);
        let large = mailbox();
        assert_eq!([large.push(frames(49)), large.push(frames(1))], [Pressure::Low, Pressure::High]);
    }

    #[test]
    fn one_delivery_too_many_is_the_end() {
        for (size, fit) in [(1, 4), (50, 2), (1000, 1)] {
            let mailbox = mailbox();
            for _ in 0..=fit {
                let _ = mailbox.push(frames(size));
            }
            assert_eq!(next(&mailbox, false), "4413", "the end needs no room");
            assert_eq!(mailbox.push(frames(1)), Pressure::Low);
            assert_eq!(next(&mailbox, true), "nothing", "and nothing follows");
        }
    }

    #[test]
    fn what_fits_exactly_is_delivered() {
        let mailbox = mailbox();
        for _ in 0..4 {
            let _ = mailbox.push(frames(1));
        }
        for _ in 0..4 {
            assert_eq!(next(&mailbox, true), "1");
        }
        for _ in 0..4 {
            let _ = mailbox.push(frames(1));
        }
        assert_eq!(next(&mailbox, true), "1", "what was taken leaves room");
    }

    #[test]
    fn the_end_overtakes_what_waits_and_comes_once() {
        let mailbox = mailbox();
        let _ = mailbox.push(frames(1));
        mailbox.end(CloseCode::GOING_AWAY, "the first");
        mailbox.end(CloseCode::NORMAL, "the second");
        assert_eq!(next(&mailbox, false), "1001");
        mailbox.end(CloseCode::NORMAL, "the third");
        assert_eq!(next(&mailbox, true), "nothing");
    }

    #[test]
    fn losses_are_told_once_and_first() {
        let mailbox = mailbox();
        let _ = mailbox.push(frames(1));
        mailbox.note_missed();
        mailbox.note_missed();
        assert_eq!(next(&mailbox, false), "nothing");
        assert_eq!([next(&mailbox, true), next(&mailbox, true), next(&mailbox, true)], ["missed", "1", "nothing"]);
    }

    #[tokio::test]
    async fn whoever_may_wait_waits_for_room_and_is_told_of_the_end() {
        let mailbox = Arc::new(mailbox());
        mailbox.send(frames(1)).await.unwrap();
        mailbox.send(frames(2)).await.unwrap();
        let mut third = Box::pin(mailbox.send(frames(3)));
        assert!(third.as_mut().now_or_never().is_none(), "half full is full for whoever can wait");
        assert_eq!(next(&mailbox, true), "1");
        third.await.unwrap();
        let mut fourth = Box::pin(mailbox.send(frames(4)));
        assert!(fourth.as_mut().now_or_never().is_none());
        mailbox.close();
        assert!(fourth.await.is_err());
        assert!(mailbox.send(frames(5)).await.is_err());
        assert_eq!(next(&mailbox, true), "nothing");
    }

    #[tokio::test]
    async fn a_driver_is_woken_for_the_first_of_a_batch_for_the_end_and_for_losses() {
        let wakes = |put: fn(&Mailbox)| {
            let mailbox = Arc::new(mailbox());
            let waiting = Arc::clone(&mailbox);
            let driver = tokio::spawn(std::future::poll_fn(move |task| poll_next(&waiting, task, true)));
            async move {
                tokio::task::yield_now().await;
                put(&mailbox);
                driver.await.unwrap()
            }
        };
        assert!(matches!(
            wakes(|mailbox| assert_eq!(mailbox.push(frames(1)), Pressure::Low)).await,
            Delivery::Frames(..)
        ));
        assert!(matches!(wakes(|mailbox| mailbox.end(CloseCode::NORMAL, "")).await, Delivery::Close(..)));
        assert!(matches!(wakes(Mailbox::note_missed).await, Delivery::Missed));
    }
}
