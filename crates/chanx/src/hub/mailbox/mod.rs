//! What waits for one connection that its client did not send. Bounded; many may put, its driver takes.

mod outlet;
mod queue;

pub(crate) use outlet::{Lent, Outlet};

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Context as Task;

use bytes::Bytes;
use chanx_core::close::CloseCode;
use chanx_core::deflate::Window;
use chanx_core::frame::Opcode;
use chanx_core::layer::{ChannelName, Event, Pressure};
use tokio::sync::Notify;

use super::Format;
use super::seats::Seats;
use queue::Queue;

/// Something for a connection that does not come from its client.
#[derive(Clone, Debug)]
pub(crate) enum Delivery {
    /// Whole frames, ready to go.
    Frames(Bytes),
    /// A text or binary message to this connection alone, which frames and compresses it like its own.
    Message(Opcode, Bytes),
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
    user: OnceLock<Box<str>>,
    /// The bits of the window; none: 0.
    window: AtomicU8,
    pub(super) channel: OnceLock<ChannelName>,
    /// Whether anybody can know of the connection, so that it may miss something.
    is_reachable: AtomicBool,
    pub(super) seats: Seats,
    queue: Mutex<Queue>,
    /// Whether there may be something for the driver. Set while the queue is locked, before the driver is woken, so that a driver
    /// which finds nothing here, and is known to the queue, is woken for what comes.
    is_filled: AtomicBool,
    /// For those who wait for room, which most mailboxes always have.
    room: OnceLock<Box<Notify>>,
}

/// Where the deliveries of a mailbox go.
pub(crate) trait Reader {
    /// Whether there is room for more than the end.
    fn has_room(&self) -> bool;

    /// What to do with events now.
    fn event_turn(&self) -> EventTurn;

    fn take(&mut self, delivery: Delivery);
}

/// What is to happen with an event in a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventTurn {
    /// The event is taken.
    Now,
    /// The event is set aside, as a handler runs; frames behind it are taken.
    Later,
    /// Nothing is taken, because an event was taken and is not handled yet.
    None,
}

/// A look into a mailbox.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    /// Whether events were left for later.
    pub(crate) has_events: bool,
}

/// What a driver has while it runs.
#[derive(Debug)]
pub(crate) struct Turn {
    /// The outlet, if it was lent.
    pub(crate) lent: Option<Lent>,
    /// Ticks since the last turn.
    pub(crate) ticks: u32,
}

/// What came of putting something in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pushed {
    pub(super) pressure: Pressure,
    /// Whether nobody was told yet: [`Mailbox::flush`] is to follow.
    pub(super) is_to_be_flushed: bool,
}

/// The connection is gone.
#[derive(Debug)]
pub(crate) struct Closed;

impl Mailbox {
    pub(super) fn new(id: u64, format: Arc<dyn Format>) -> Self {
        Self {
            id,
            format,
            user: OnceLock::new(),
            window: AtomicU8::new(0),
            channel: OnceLock::new(),
            is_reachable: AtomicBool::new(false),
            seats: Seats::default(),
            queue: Mutex::default(),
            is_filled: AtomicBool::new(false),
            room: OnceLock::new(),
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.format.limits()
    }

    pub(super) fn is_reachable(&self) -> bool {
        self.is_reachable.load(Ordering::Relaxed)
    }

    pub(super) fn become_reachable(&self) {
        self.is_reachable.store(true, Ordering::Relaxed);
    }

    /// Whose connection this is; nobody's until authentication is over, and for anonymous users.
    pub(crate) fn user(&self) -> Option<&str> {
        self.user.get().map(|user| &**user)
    }

    pub(crate) fn belongs_to(&self, user: String) {
        // A connection is authenticated once.
        let _ = self.user.set(user.into());
    }

    /// How far back compressed messages may refer; none: the client takes none.
    pub(crate) fn window(&self) -> Option<Window> {
        Window::new(self.window.load(Ordering::Relaxed))
    }

    pub(crate) fn takes_compressed(&self, window: Window) {
        self.window.store(window.bits(), Ordering::Relaxed);
    }

    /// Puts something in, from one of many who must not wait. A connection that cannot take it is closed with 4413.
    pub(super) fn push(&self, delivery: Delivery) -> Pushed {
        let mut queue = self.queue();
        if queue.is_ending() {
            return Pushed { pressure: Pressure::Low, is_to_be_flushed: false };
        }
        self.fill();
        if queue.is_beyond(self.limits()) {
            queue.end(CloseCode::TOO_SLOW, "too slow");
            self.notify();
            return Pushed { pressure: Pressure::Low, is_to_be_flushed: false };
        }
        let is_to_be_flushed = queue.push(delivery);
        Pushed { pressure: queue.pressure(self.limits()), is_to_be_flushed }
    }

    /// Puts something in, from one who may wait until there is room.
    pub(crate) async fn send(&self, delivery: Delivery) -> Result<(), Closed> {
        let Some(mut delivery) = self.try_send(delivery)? else { return Ok(()) };
        let room = self.room.get_or_init(Box::default);
        loop {
            // From here on it is told of room, and of the end.
            let some = room.notified();
            match self.try_send(delivery)? {
                None => return Ok(()),
                Some(refused) => delivery = refused,
            }
            some.await;
        }
    }

    /// Puts something in, if there is room, or gives it back.
    fn try_send(&self, delivery: Delivery) -> Result<Option<Delivery>, Closed> {
        let mut queue = self.queue();
        if queue.is_ending() {
            return Err(Closed);
        }
        if queue.is_half_full(self.limits()) {
            return Ok(Some(delivery));
        }
        self.fill();
        queue.push(delivery);
        queue.wake();
        Ok(None)
    }

    /// Writes the frames that wait to the socket, all of them at once. Where that cannot be done, the driver is woken to do it.
    pub(super) fn flush(&self, scratch: &mut Vec<u8>) {
        let mut queue = self.queue();
        let was_full = queue.is_half_full(self.limits());
        queue.flush(scratch);
        self.tell_of_room(was_full, &queue);
    }

    /// Leaves to the driver what waits.
    pub(super) fn wake(&self) {
        self.queue().wake();
    }

    /// Tells the connection to end, before all that waits for it.
    pub(crate) fn end(&self, code: CloseCode, reason: &'static str) {
        let mut queue = self.queue();
        if !queue.is_ending() {
            self.fill();
            queue.end(code, reason);
            self.notify();
        }
    }

    /// Counts a tick of the connection.
    pub(super) fn tick(&self) {
        self.queue().tick();
    }

    /// Tells the connection that deliveries may have been lost; once, however often that is said before it listens.
    pub(crate) fn note_missed(&self) {
        let mut queue = self.queue();
        self.fill();
        queue.note_missed();
    }

    fn fill(&self) {
        self.is_filled.store(true, Ordering::Relaxed);
    }

    /// Whether there may be something to [read](Self::read) that is not set aside: a look without a lock.
    pub(crate) fn is_filled(&self) -> bool {
        self.is_filled.load(Ordering::Relaxed)
    }

    /// Hands over what waits, in the order in which it was put in, as far as the reader has room, and wakes the task when
    /// more comes. The end is handed over in any case.
    pub(crate) fn read(&self, task: &mut Task<'_>, reader: &mut impl Reader) -> Look {
        let mut queue = self.queue();
        let was_full = queue.is_half_full(self.limits());
        while let Some(delivery) = queue.next(reader.has_room(), reader.event_turn()) {
            reader.take(delivery);
        }
        self.tell_of_room(was_full, &queue);
        queue.attend(task.waker());
        self.is_filled.store(queue.has_more(), Ordering::Relaxed);
        Look { has_events: queue.has_aside() }
    }

    /// Begins a turn of the driver, which is woken from now on when something comes.
    pub(crate) fn begin_turn(&self, task: &Task<'_>) -> Turn {
        let mut queue = self.queue();
        queue.attend(task.waker());
        Turn { lent: queue.take_outlet(), ticks: queue.take_ticks() }
    }

    /// Takes the outlet back for good, if it was lent.
    pub(crate) fn take_back(&self) -> Option<Lent> {
        self.queue().take_outlet()
    }

    /// Ends a turn of the driver. With an outlet, frames need not wait for the driver. It is not woken for the next
    /// `ticks - 1` ticks.
    pub(crate) fn end_turn(&self, outlet: Option<Outlet>, ticks: u32) {
        let mut queue = self.queue();
        if let Some(outlet) = outlet {
            queue.lend_outlet(outlet);
        }
        queue.set_alarm(ticks);
    }

    /// Takes nothing more.
    pub(crate) fn close(&self) {
        self.queue().close();
        self.notify();
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.queue().is_empty()
    }

    fn tell_of_room(&self, was_full: bool, queue: &Queue) {
        if was_full && !queue.is_half_full(self.limits()) {
            self.notify();
        }
    }

    /// Tells those who wait.
    fn notify(&self) {
        if let Some(room) = self.room.get() {
            room.notify_waiters();
        }
    }

    /// The queue stays usable after a panic elsewhere: every change of it is one step.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Delivery {
    fn size(&self) -> usize {
        match self {
            Self::Frames(bytes) | Self::Message(_, bytes) => bytes.len(),
            Self::Event(event) => event.data.len(),
            Self::Missed | Self::Close(..) => 0,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Waker};

    use futures_util::FutureExt;
    use futures_util::task::{ArcWake, noop_waker_ref, waker};

    use super::*;
    use crate::hub::tests::format_with;

    const LIMITS: Limits = Limits { deliveries: 4, bytes: 100 };

    fn mailbox() -> Mailbox {
        Mailbox::new(0, format_with(LIMITS))
    }

    fn frames(size: usize) -> Delivery {
        Delivery::Frames(Bytes::from(vec![0; size]))
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

        fn event_turn(&self) -> EventTurn {
            EventTurn::Now
        }

        fn take(&mut self, delivery: Delivery) {
            self.taken = Some(delivery);
        }
    }

    /// What the driver takes next, in a few words.
    pub(in crate::hub) fn next(mailbox: &Mailbox, room: bool) -> String {
        match poll_next(mailbox, &mut Context::from_waker(noop_waker_ref()), room) {
            Poll::Pending => "nothing".to_owned(),
            Poll::Ready(Delivery::Frames(bytes) | Delivery::Message(_, bytes)) => bytes.len().to_string(),
            Poll::Ready(Delivery::Event(_)) => "event".to_owned(),
            Poll::Ready(Delivery::Missed) => "missed".to_owned(),
            Poll::Ready(Delivery::Close(code, _)) => code.to_string(),
        }
    }

    /// How often the driver of a mailbox is woken from now on.
    pub(in crate::hub) struct Wakes {
        count: Arc<AtomicUsize>,
        driver: Waker,
    }

    impl Wakes {
        pub(in crate::hub) fn count(&self) -> usize {
            self.count.load(Ordering::SeqCst)
        }

        /// The driver at work.
        fn task(&self) -> Context<'_> {
            Context::from_waker(&self.driver)
        }
    }

    pub(in crate::hub) fn count_wakes(mailbox: &Mailbox) -> Wakes {
        struct Counting(Arc<AtomicUsize>);

        impl ArcWake for Counting {
            fn wake_by_ref(counting: &Arc<Self>) {
                counting.0.fetch_add(1, Ordering::SeqCst);
            }
        }

        let count = Arc::default();
        let wakes = Wakes { driver: waker(Arc::new(Counting(Arc::clone(&count)))), count };
        assert!(poll_next(mailbox, &mut wakes.task(), false).is_pending());
        wakes
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
            mailbox.push(frames(size));
        }
        assert_eq!(next(&mailbox, false), "nothing", "there is no room");
        assert_eq!([next(&mailbox, true), next(&mailbox, true), next(&mailbox, true)], ["1", "2", "3"]);
        assert_eq!(next(&mailbox, true), "nothing");
    }

    #[test]
    fn pressure_rises_at_half_of_either_limit() {
        let many = mailbox();
        let pressures: Vec<_> = (0..3).map(|_| many.push(frames(1)).pressure).collect();
        assert_eq!(pressures, [Pressure::Low, Pressure::High, Pressure::High]);
        let of_one = |size| mailbox().push(frames(size)).pressure;
        assert_eq!([of_one(49), of_one(50)], [Pressure::Low, Pressure::High]);
    }

    #[test]
    fn one_delivery_too_many_is_the_end() {
        for (size, fit) in [(1, 4), (50, 2), (1000, 1)] {
            let mailbox = mailbox();
            for _ in 0..fit {
                mailbox.push(frames(size));
            }
            assert_eq!(mailbox.push(frames(size)).pressure, Pressure::Low, "nobody is to wait for it");
            assert_eq!(next(&mailbox, false), "4413", "the end needs no room");
            assert_eq!(mailbox.push(frames(1)).pressure, Pressure::Low);
            assert_eq!(next(&mailbox, true), "nothing", "and nothing follows");
        }
    }

    #[test]
    fn what_fits_exactly_is_delivered() {
        let mailbox = mailbox();
        for _ in 0..4 {
            mailbox.push(frames(1));
        }
        for _ in 0..4 {
            assert_eq!(next(&mailbox, true), "1");
        }
        for _ in 0..4 {
            mailbox.push(frames(1));
        }
        assert_eq!(next(&mailbox, true), "1", "what was taken leaves room");
    }

    #[test]
    fn the_end_overtakes_what_waits_and_comes_once() {
        let mailbox = mailbox();
        mailbox.push(frames(1));
        mailbox.end(CloseCode::GOING_AWAY, "the first");
        mailbox.end(CloseCode::NORMAL, "the second");
        assert_eq!(next(&mailbox, false), "1001");
        mailbox.end(CloseCode::NORMAL, "the third");
        assert_eq!(next(&mailbox, true), "nothing");
    }

    #[test]
    fn losses_are_told_once_and_first() {
        let mailbox = mailbox();
        mailbox.push(frames(1));
        mailbox.note_missed();
        mailbox.note_missed();
        assert_eq!(next(&mailbox, false), "nothing");
        assert_eq!([next(&mailbox, true), next(&mailbox, true), next(&mailbox, true)], ["missed", "1", "nothing"]);
    }

    #[test]
    fn a_driver_is_woken_once_for_all_that_comes_before_it_looks() {
        let mailbox = mailbox();
        let wakes = count_wakes(&mailbox);
        for size in 1..=3 {
            mailbox.push(frames(size));
        }
        assert_eq!(wakes.count(), 1);
    }

    #[test]
    fn a_driver_need_not_read_where_a_look_finds_nothing() {
        let event = || Delivery::Event(Arc::new(Event { data: "{}".to_owned() }));
        let puts: [fn(&Mailbox, Delivery); 5] = [
            |mailbox, delivery| _ = mailbox.push(delivery),
            |mailbox, delivery| drop(mailbox.try_send(delivery).unwrap()),
            |mailbox, _| mailbox.note_missed(),
            |mailbox, _| mailbox.end(CloseCode::NORMAL, ""),
            // One too many is the end.
            |mailbox, delivery| (0..=LIMITS.deliveries).for_each(|_| _ = mailbox.push(delivery.clone())),
        ];
        for put in puts {
            let (other, mailbox) = (mailbox(), mailbox());
            let wakes = count_wakes(&other);
            mailbox.begin_turn(&wakes.task());
            assert!(!mailbox.is_filled());
            put(&mailbox, event());
            assert!(mailbox.is_filled() && wakes.count() > 0, "a driver that looked too early looks again");
            next(&mailbox, true);
            assert!(!mailbox.is_filled());
        }
        let mailbox = mailbox();
        for _ in 0..2 {
            mailbox.push(frames(1));
        }
        next(&mailbox, false);
        assert!(mailbox.is_filled(), "there was no room");
        next(&mailbox, true);
        assert!(mailbox.is_filled(), "one is left");
    }

    #[test]
    fn a_tick_wakes_a_driver_only_when_it_may_have_something_to_do() {
        let mailbox = mailbox();
        let wakes = count_wakes(&mailbox);
        mailbox.end_turn(None, 3);
        for expected in [0, 0, 1] {
            mailbox.tick();
            assert_eq!(wakes.count(), expected);
        }
        assert_eq!(mailbox.begin_turn(&wakes.task()).ticks, 3);
        assert_eq!(mailbox.begin_turn(&wakes.task()).ticks, 0);
        // A tick that comes while the driver runs is not lost.
        mailbox.end_turn(None, 2);
        assert_eq!(mailbox.begin_turn(&wakes.task()).ticks, 0);
        mailbox.tick();
        mailbox.end_turn(None, 1);
        assert_eq!(wakes.count(), 2);
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
            wakes(|mailbox| assert!(!mailbox.push(frames(1)).is_to_be_flushed)).await,
            Delivery::Frames(..)
        ));
        assert!(matches!(wakes(|mailbox| mailbox.end(CloseCode::NORMAL, "")).await, Delivery::Close(..)));
        assert!(matches!(wakes(Mailbox::note_missed).await, Delivery::Missed));
    }
}
