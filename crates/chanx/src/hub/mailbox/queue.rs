//! What waits in a mailbox, and whom to tell of it.

use std::collections::VecDeque;
use std::task::Waker;

use bytes::Bytes;
use chanx_core::close::CloseCode;
use chanx_core::layer::Pressure;

use super::outlet::{Lent, Outlet};
use super::{Delivery, Limits};

#[derive(Debug, Default)]
pub(super) struct Queue {
    deliveries: VecDeque<Delivery>,
    bytes: usize,
    /// Overtakes everything, as nothing that waits matters any more.
    end: Option<Box<(CloseCode, &'static str)>>,
    missed: bool,
    is_tick: bool,
    is_closed: bool,
    driver: Option<Waker>,
    /// The way to the socket, while the driver waits and has nothing to send.
    outlet: Option<Outlet>,
    /// What the socket did not take of frames that were begun. It leaves before everything else. Most sockets take all.
    rest: Option<Box<Bytes>>,
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

    pub(super) fn is_beyond(&self, limits: Limits) -> bool {
        self.deliveries.len() >= limits.deliveries || self.bytes >= limits.bytes
    }

    pub(super) fn pressure(&self, limits: Limits) -> Pressure {
        match self.deliveries.len() * 2 >= limits.deliveries || self.bytes * 2 >= limits.bytes {
            true => Pressure::High,
            false => Pressure::Low,
        }
    }

    /// The first delivery of a batch is told of, and the others are taken with it. Says whether it is the caller who has
    /// to see to them: frames that the driver need not be woken for.
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
        self.end = Some(Box::new((code, reason)));
        self.wake();
    }

    pub(super) fn note_missed(&mut self) {
        self.missed = true;
        self.wake();
    }

    pub(super) fn tick(&mut self) {
        self.is_tick = true;
        self.wake();
    }

    pub(super) fn take_tick(&mut self) -> bool {
        std::mem::take(&mut self.is_tick)
    }

    pub(super) fn next(&mut self, room: bool) -> Option<Delivery> {
        if let Some(end) = self.end.take() {
            let (code, reason) = *end;
            self.is_closed = true;
            return Some(Delivery::Close(code, reason));
        }
        if !room {
            return None;
        }
        if std::mem::take(&mut self.missed) {
            return Some(Delivery::Missed);
        }
        self.pop()
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
        Some(Delivery::Frames(frames, _)) => frames,
        _ => Bytes::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(frames: usize, size: usize) -> Queue {
        let mut queue = Queue::default();
        for _ in 0..frames {
            queue.push(Delivery::Frames(Bytes::from(vec![0; size]), "action"));
        }
        queue
    }

    #[test]
    fn an_empty_queue_gives_its_memory_back() {
        let mut queue = with(100, 1);
        assert!(queue.deliveries.capacity() >= 100);
        while queue.next(true).is_some() {}
        assert!(queue.deliveries.capacity() <= KEPT_PLACES);
    }

    #[test]
    fn no_more_frames_are_joined_than_make_a_large_write() {
        let mut queue = with(3, JOINED_BYTES / 2);
        let scratch = &mut Vec::new();
        assert_eq!([queue.join(scratch).len(), queue.join(scratch).len()], [JOINED_BYTES, JOINED_BYTES / 2]);
        assert!(queue.deliveries.is_empty());
    }
}
