//! What waits in a mailbox, and whom to tell of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use bytes::Bytes;
use chanx_core::close::CloseCode;
use chanx_core::layer::{Event, Pressure};

use super::outlet::{Lent, Outlet};
use super::{Delivery, EventTurn, Limits};

#[derive(Debug, Default)]
pub(super) struct Queue {
    deliveries: VecDeque<Delivery>,
    /// The bytes of `deliveries`.
    bytes: usize,
    /// Events that the driver passed over because a handler was running. They count against the same bound. Most connections
    /// never have any.
    aside: Option<Box<Aside>>,
    /// Whether the driver had its turn and left deliveries, because its client does not take what is there already.
    is_stuck: bool,
    /// Overtakes everything, as nothing that waits matters any more.
    end: Option<Box<(CloseCode, &'static str)>>,
    missed: bool,
    is_closed: bool,
    /// Ticks that the driver has not counted yet, and how many it need not be woken for.
    ticks: u32,
    alarm: u32,
    driver: Option<Waker>,
    /// The way to the socket, while the driver waits and has nothing to send.
    outlet: Option<Outlet>,
    /// What the socket did not take of frames that were begun. It leaves before everything else. Most sockets take all.
    rest: Option<Box<Bytes>>,
}

#[derive(Debug, Default)]
struct Aside {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
}

/// An empty queue above this many places gives its memory back.
const KEPT_PLACES: usize = 4;
/// How many bytes of frames are joined for one write.
const JOINED_BYTES: usize = 64 * 1024;

impl Queue {
    pub(super) fn is_ending(&self) -> bool {
        self.is_closed || self.end.is_some()
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.deliveries.is_empty()
    }

    /// Whether the mailbox is full.
    pub(super) fn is_beyond(&self, limits: Limits) -> bool {
        self.len() >= limits.deliveries || self.size() >= limits.bytes
    }

    /// Whether a sender that may wait should.
    pub(super) fn is_half_full(&self, limits: Limits) -> bool {
        self.len() * 2 >= limits.deliveries || self.size() * 2 >= limits.bytes
    }

    /// Whether a pause of the sender would help: deliveries wait for the driver's turn. A client that does not read, and a
    /// handler that is slow, are no reason for others to wait.
    pub(super) fn pressure(&self, limits: Limits) -> Pressure {
        let waits = self.deliveries.len() * 2 >= limits.deliveries || self.bytes * 2 >= limits.bytes;
        if waits && !self.is_stuck { Pressure::High } else { Pressure::Low }
    }

    fn len(&self) -> usize {
        self.deliveries.len() + self.aside.as_ref().map_or(0, |aside| aside.events.len())
    }

    fn size(&self) -> usize {
        self.bytes + self.aside.as_ref().map_or(0, |aside| aside.bytes)
    }

    /// The first delivery of a batch is told of, and the others are taken with it. Returns whether the caller has to flush
    /// it: the driver need not be woken for frames that can be written without it.
    pub(super) fn push(&mut self, delivery: Delivery) -> bool {
        let is_direct = self.outlet.is_some() && matches!(delivery, Delivery::Frames(..));
        self.bytes += delivery.size();
        self.deliveries.push_back(delivery);
        let is_first = self.deliveries.len() == 1;
        if is_first && !is_direct {
            self.wake();
        }
        is_first && is_direct
    }

    pub(super) fn end(&mut self, code: CloseCode, reason: &'static str) {
        self.deliveries = VecDeque::new();
        self.bytes = 0;
        self.aside = None;
        self.end = Some(Box::new((code, reason)));
        self.wake();
    }

    pub(super) fn note_missed(&mut self) {
        self.missed = true;
        self.wake();
    }

    /// Counts a tick, and wakes the driver if it may have something to do about it.
    pub(super) fn tick(&mut self) {
        self.ticks = self.ticks.saturating_add(1);
        if self.ticks >= self.alarm {
            self.wake();
        }
    }

    /// Yields the ticks since the last call.
    pub(super) fn take_ticks(&mut self) -> u32 {
        std::mem::take(&mut self.ticks)
    }

    /// Sets how many ticks the driver need not be woken for.
    pub(super) fn set_alarm(&mut self, ticks: u32) {
        self.alarm = ticks;
        if self.ticks >= self.alarm {
            self.wake();
        }
    }

    /// The next delivery that the driver has room for. `room` is for frames and events alike.
    pub(super) fn next(&mut self, room: bool, events: EventTurn) -> Option<Delivery> {
        if let Some(end) = self.end.take() {
            let (code, reason) = *end;
            self.is_closed = true;
            return Some(Delivery::Close(code, reason));
        }
        self.is_stuck = !room && !self.deliveries.is_empty();
        if !room || events == EventTurn::None {
            return None;
        }
        if std::mem::take(&mut self.missed) {
            return Some(Delivery::Missed);
        }
        match events {
            EventTurn::Later => self.next_frames(),
            _ => self.take_aside().map(Delivery::Event).or_else(|| self.pop()),
        }
    }

    /// The next delivery that is no event. Events before it are set aside, in their order.
    fn next_frames(&mut self) -> Option<Delivery> {
        loop {
            match self.pop()? {
                Delivery::Event(event) => self.set_aside(event),
                delivery => return Some(delivery),
            }
        }
    }

    fn set_aside(&mut self, event: Arc<Event>) {
        let aside = self.aside.get_or_insert_default();
        aside.bytes += event.data.len();
        aside.events.push_back(event);
    }

    fn take_aside(&mut self) -> Option<Arc<Event>> {
        let aside = self.aside.as_mut()?;
        let event = aside.events.pop_front()?;
        aside.bytes -= event.data.len();
        if aside.events.is_empty() {
            self.aside = None;
        }
        Some(event)
    }

    /// Whether there is something beside what was set aside.
    pub(super) fn has_more(&self) -> bool {
        self.end.is_some() || self.missed || !self.deliveries.is_empty()
    }

    /// Whether events were set aside.
    pub(super) fn has_aside(&self) -> bool {
        self.aside.is_some()
    }

    /// Writes frames in the order in which they came, until something else comes, or the socket takes no more. That is for
    /// the driver then, and so is everything while the outlet is not here.
    pub(super) fn flush(&mut self, scratch: &mut Vec<u8>) {
        let outlet = self.outlet.take();
        if let Some(outlet) = &outlet {
            self.write(outlet, scratch);
        }
        self.outlet = outlet;
        if self.rest.is_some() || !self.deliveries.is_empty() {
            self.wake();
        }
    }

    fn write(&mut self, outlet: &Outlet, scratch: &mut Vec<u8>) {
        while self.rest.is_none() && matches!(self.deliveries.front(), Some(Delivery::Frames(..))) {
            let rest = match self.deliveries.len() {
                1 => outlet.write_shared(frames(self.pop())),
                _ => outlet.write(self.join(scratch)),
            };
            self.rest = (!rest.is_empty()).then(|| Box::new(rest));
        }
    }

    pub(super) fn take_outlet(&mut self) -> Option<Lent> {
        let outlet = self.outlet.take()?;
        Some(Lent { outlet, rest: self.rest.take().map(|rest| *rest).unwrap_or_default() })
    }

    pub(super) fn lend_outlet(&mut self, outlet: Outlet) {
        if !self.is_closed {
            self.outlet = Some(outlet);
        }
    }

    pub(super) fn close(&mut self) {
        *self = Self { is_closed: true, ..Self::default() };
    }

    /// Wakes this task from now on.
    pub(super) fn attend(&mut self, driver: &Waker) {
        if !self.driver.as_ref().is_some_and(|known| known.will_wake(driver)) {
            self.driver = Some(driver.clone());
        }
    }

    pub(super) fn wake(&self) {
        if let Some(driver) = &self.driver {
            driver.wake_by_ref();
        }
    }

    fn pop(&mut self) -> Option<Delivery> {
        let delivery = self.deliveries.pop_front()?;
        self.bytes -= delivery.size();
        if self.deliveries.is_empty() && self.deliveries.capacity() > KEPT_PLACES {
            self.deliveries = VecDeque::new();
        }
        Some(delivery)
    }

    /// Frames at the front, one after the other.
    fn join<'a>(&mut self, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        scratch.clear();
        while scratch.len() < JOINED_BYTES && matches!(self.deliveries.front(), Some(Delivery::Frames(..))) {
            scratch.extend_from_slice(&frames(self.pop()));
        }
        scratch
    }
}

fn frames(delivery: Option<Delivery>) -> Bytes {
    match delivery {
        Some(Delivery::Frames(frames)) => frames,
        _ => Bytes::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(frames: usize, size: usize) -> Queue {
        let mut queue = Queue::default();
        for _ in 0..frames {
            queue.push(Delivery::Frames(Bytes::from(vec![0; size])));
        }
        queue
    }

    #[test]
    fn an_empty_queue_gives_its_memory_back() {
        let mut queue = with(100, 1);
        assert!(queue.deliveries.capacity() >= 100);
        while queue.next(true, EventTurn::Now).is_some() {}
        assert!(queue.deliveries.capacity() <= KEPT_PLACES);
    }

    fn event() -> Delivery {
        Delivery::Event(Arc::new(Event { data: "12345".to_owned() }))
    }

    #[test]
    fn events_that_wait_for_a_handler_count_against_the_same_bound_and_keep_their_order() {
        let limits = Limits { deliveries: 3, bytes: 100 };
        let mut queue = Queue::default();
        for _ in 0..2 {
            queue.push(event());
        }
        queue.push(Delivery::Frames(Bytes::from_static(b"frame")));
        assert!(queue.is_beyond(limits));
        assert!(matches!(queue.next(true, EventTurn::Later), Some(Delivery::Frames(_))), "frames overtake events");
        assert!(queue.next(true, EventTurn::Later).is_none() && queue.has_aside());
        assert_eq!((queue.len(), queue.size()), (2, 10));
        queue.push(Delivery::Frames(Bytes::from_static(b"frame")));
        assert!(queue.is_beyond(limits));
        assert!(queue.next(true, EventTurn::None).is_none());
        for _ in 0..2 {
            assert!(matches!(queue.next(true, EventTurn::Now), Some(Delivery::Event(_))));
        }
        assert!(matches!(queue.next(true, EventTurn::Now), Some(Delivery::Frames(_))));
        assert_eq!((queue.len(), queue.size()), (0, 0));
    }

    #[test]
    fn a_client_that_does_not_read_and_a_slow_handler_are_no_pressure() {
        let limits = Limits { deliveries: 4, bytes: 100 };
        let mut queue = with(2, 1);
        assert_eq!(queue.pressure(limits), Pressure::High);
        assert!(queue.next(false, EventTurn::Now).is_none(), "the driver had its turn");
        assert_eq!(queue.pressure(limits), Pressure::Low);
        assert!(queue.is_half_full(limits), "a sender that may wait waits");
        while queue.next(true, EventTurn::Now).is_some() {}
        for _ in 0..3 {
            queue.push(event());
        }
        assert_eq!(queue.pressure(limits), Pressure::High);
        assert!(queue.next(true, EventTurn::Later).is_none());
        assert_eq!(queue.pressure(limits), Pressure::Low);
        assert!(queue.is_half_full(limits));
    }

    #[test]
    fn no_more_frames_are_joined_than_make_a_large_write() {
        let mut queue = with(3, JOINED_BYTES / 2);
        let scratch = &mut Vec::new();
        assert_eq!([queue.join(scratch).len(), queue.join(scratch).len()], [JOINED_BYTES, JOINED_BYTES / 2]);
        assert!(queue.deliveries.is_empty());
    }
}
