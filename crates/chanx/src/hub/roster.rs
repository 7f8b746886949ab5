//! Who is connected to one endpoint, on the face of a clock. Its hand goes round once in the time between two ticks of a
//! connection, and ticks those that it passes: no connection has a timer of its own. Each runtime has a face for its
//! connections, so that none depends on another runtime, which may rest or end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use tokio::runtime::{Handle, Id};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::mailbox::Mailbox;

/// Into how many parts the face is divided. A first tick is early by one of them at most.
const SLOTS: usize = 64;

/// The connections of one endpoint.
#[derive(Debug)]
pub(crate) struct Roster {
    period: Duration,
    /// Most programs have one runtime.
    faces: RwLock<Vec<(Id, Arc<Face>)>>,
}

impl Roster {
    /// For connections that are to be ticked once in each `period`.
    pub(crate) fn new(period: Duration) -> Arc<Self> {
        Arc::new(Self { period, faces: RwLock::default() })
    }

    /// Adds a connection to those of this runtime. Yields its place.
    pub(super) fn add(&self, mailbox: &Arc<Mailbox>) -> Place {
        let runtime = Handle::current().id();
        let known = self.faces.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, face)) = known.iter().find(|(id, _)| *id == runtime) {
            return Place::on(face, mailbox);
        }
        drop(known);
        // Where two connections are the first of a runtime at once, it gets two faces, which does no harm.
        let mut faces = self.faces.write().unwrap_or_else(PoisonError::into_inner);
        faces.retain(|(_, face)| !face.is_empty());
        let face = Face::new(self.period);
        let place = Place::on(&face, mailbox);
        faces.push((runtime, face));
        place
    }

    /// All connections.
    pub(super) fn all(&self) -> Vec<Arc<Mailbox>> {
        let faces = self.faces.read().unwrap_or_else(PoisonError::into_inner);
        faces.iter().flat_map(|(_, face)| face.all()).collect()
    }
}

/// The place of one connection.
#[derive(Debug)]
pub(super) struct Place {
    face: Arc<Face>,
    slot: usize,
}

impl Place {
    fn on(face: &Arc<Face>, mailbox: &Arc<Mailbox>) -> Self {
        Self { face: Arc::clone(face), slot: face.add(Arc::clone(mailbox)) }
    }

    /// Gives the place up.
    pub(super) fn leave(&self, id: u64) -> Option<Arc<Mailbox>> {
        self.face.remove(self.slot, id)
    }
}

/// The connections of one endpoint that run on one runtime.
#[derive(Debug)]
struct Face {
    period: Duration,
    slots: Vec<Mutex<HashMap<u64, Arc<Mailbox>>>>,
    /// The slot that was passed last.
    hand: AtomicUsize,
    /// Whether the hand moves: it does where there are connections.
    is_running: Mutex<bool>,
}

impl Face {
    fn new(period: Duration) -> Arc<Self> {
        let slots = (0..SLOTS).map(|_| Mutex::default()).collect();
        Arc::new(Self { period, slots, hand: AtomicUsize::new(0), is_running: Mutex::new(false) })
    }

    /// Adds a connection, behind the hand: its first tick comes after a whole period. Yields the slot, which it keeps.
    fn add(self: &Arc<Self>, mailbox: Arc<Mailbox>) -> usize {
        let slot = self.hand.load(Ordering::Relaxed);
        self.slot(slot).insert(mailbox.id, mailbox);
        self.run();
        slot
    }

    fn remove(&self, slot: usize, id: u64) -> Option<Arc<Mailbox>> {
        let mut slot = self.slot(slot);
        let removed = slot.remove(&id);
        if slot.capacity() > 64 && slot.capacity() > slot.len() * 4 {
            let room = slot.len() * 2;
            slot.shrink_to(room);
        }
        removed
    }

    fn all(&self) -> Vec<Arc<Mailbox>> {
        let slots = (0..SLOTS).map(|slot| self.slot(slot).values().cloned().collect::<Vec<_>>());
        slots.flatten().collect()
    }

    /// Moves the hand from now on, unless it moves already.
    fn run(self: &Arc<Self>) {
        let mut is_running = self.is_running();
        if !*is_running {
            *is_running = true;
            tokio::spawn(Hand(Arc::downgrade(self)).run(self.period / SLOTS as u32));
        }
    }

    /// Ticks the connections of the next slot. Says whether there are any connections.
    fn step(&self) -> bool {
        let slot = (self.hand.load(Ordering::Relaxed) + 1) % SLOTS;
        for mailbox in self.slot(slot).values() {
            mailbox.tick();
        }
        self.hand.store(slot, Ordering::Relaxed);
        !self.stop()
    }

    /// Lets the hand rest where there is nobody to tick. Whoever comes later moves it again.
    fn stop(&self) -> bool {
        let mut is_running = self.is_running();
        let is_empty = self.is_empty();
        *is_running = !is_empty;
        is_empty
    }

    fn is_empty(&self) -> bool {
        (0..SLOTS).all(|slot| self.slot(slot).is_empty())
    }

    fn slot(&self, slot: usize) -> MutexGuard<'_, HashMap<u64, Arc<Mailbox>>> {
        self.slots[slot].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_running(&self) -> MutexGuard<'_, bool> {
        self.is_running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hand of a clock, which moves as long as there is somebody to tick.
struct Hand(Weak<Face>);

impl Hand {
    async fn run(mut self, step: Duration) {
        let step = step.max(Duration::from_millis(1));
        let mut steps = interval_at(Instant::now() + step, step);
        // A process that was held up must not take its clients for silent.
        steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            steps.tick().await;
            if !self.0.upgrade().is_some_and(|face| face.step()) {
                // The face knows already.
                self.0 = Weak::new();
                return;
            }
        }
    }
}

/// After a panic of a tick, the next connection needs a new hand.
impl Drop for Hand {
    fn drop(&mut self) {
        if let Some(face) = self.0.upgrade() {
            *face.is_running() = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::mailbox::tests::{Wakes, count_wakes};
    use crate::hub::tests::format;

    const PERIOD: Duration = Duration::from_secs(64);

    fn mailbox(id: u64) -> (Arc<Mailbox>, Wakes) {
        let mailbox = Arc::new(Mailbox::new(id, format()));
        let wakes = count_wakes(&mailbox);
        (mailbox, wakes)
    }

    #[tokio::test(start_paused = true)]
    async fn each_connection_is_ticked_once_in_each_period_and_not_before_the_first_is_over() {
        let roster = Face::new(PERIOD);
        let (first, first_wakes) = mailbox(1);
        roster.add(first);
        tokio::time::sleep(PERIOD / 2).await;
        let (second, second_wakes) = mailbox(2);
        roster.add(second);
        let (third, third_wakes) = mailbox(3);
        roster.add(third);
        let mut ticks = Vec::new();
        for _ in 0..4 {
            tokio::time::sleep(PERIOD / 2 + Duration::from_millis(1)).await;
            ticks.push((first_wakes.count(), second_wakes.count()));
            assert_eq!(second_wakes.count(), third_wakes.count(), "they have the same place");
        }
        assert_eq!(ticks, [(1, 0), (1, 1), (2, 1), (2, 2)]);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_missing_of_the_first_period() {
        let roster = Face::new(PERIOD);
        let (first, wakes) = mailbox(1);
        roster.add(first);
        tokio::time::sleep(PERIOD - Duration::from_millis(1)).await;
        assert_eq!(wakes.count(), 0);
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert_eq!(wakes.count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_the_process_was_held_up_is_not_made_up_for() {
        let roster = Face::new(PERIOD);
        let (first, wakes) = mailbox(1);
        roster.add(first);
        tokio::time::sleep(PERIOD / 2).await;
        tokio::time::advance(PERIOD * 10).await;
        tokio::time::sleep(PERIOD / 4).await;
        assert_eq!(wakes.count(), 0);
        tokio::time::sleep(PERIOD / 2).await;
        assert_eq!(wakes.count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_period_may_be_as_short_as_can_be() {
        let roster = Face::new(Duration::ZERO);
        let (first, wakes) = mailbox(1);
        roster.add(first);
        tokio::time::sleep(Duration::from_millis(SLOTS as u64 + 1)).await;
        assert_eq!(wakes.count(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn wherever_the_hand_is_connections_are_found_and_keep_it_going() {
        let roster = Face::new(PERIOD);
        for id in 0..SLOTS as u64 {
            let slot = roster.add(mailbox(id).0);
            assert!(roster.step());
            roster.remove(slot, id);
        }
        for id in 0..SLOTS as u64 {
            roster.add(mailbox(id).0);
            roster.step();
        }
        let mut ids: Vec<_> = roster.all().iter().map(|mailbox| mailbox.id).collect();
        ids.sort_unstable();
        assert!(ids.into_iter().eq(0..SLOTS as u64));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_are_gone_leave_no_room_behind() {
        let roster = Face::new(PERIOD);
        let slots: Vec<_> = (0..1000).map(|id| roster.add(mailbox(id).0)).collect();
        let room = || roster.slot(0).capacity();
        assert!(room() >= 1000);
        for (slot, id) in slots.into_iter().zip(0..) {
            roster.remove(slot, id);
        }
        assert!(room() <= 64, "there is room for {}", room());
    }

    #[tokio::test(start_paused = true)]
    async fn the_hand_rests_while_nobody_is_there() {
        let roster = Face::new(PERIOD);
        let (first, wakes) = mailbox(1);
        let slot = roster.add(first);
        assert!(*roster.is_running() && roster.remove(slot, 1).is_some());
        tokio::time::sleep(PERIOD).await;
        assert!(!*roster.is_running() && wakes.count() == 0 && roster.all().is_empty());
        let (second, wakes) = mailbox(2);
        roster.add(second);
        tokio::time::sleep(PERIOD + PERIOD / 64).await;
        assert!(*roster.is_running() && wakes.count() == 1);
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
    }

    #[test]
    fn a_hand_that_is_lost_with_its_runtime_is_replaced() {
        let face = Face::new(PERIOD);
        let (first, wakes) = mailbox(1);
        runtime().block_on(async { face.add(first) });
        assert!(!*face.is_running());
        runtime().block_on(async {
            face.add(mailbox(2).0);
            tokio::time::sleep(PERIOD + PERIOD / 64).await;
        });
        assert_eq!(wakes.count(), 1);
    }

    #[test]
    fn connections_are_ticked_although_an_earlier_runtime_rests_or_ends() {
        let roster = Roster::new(PERIOD);
        let (earlier, later) = (runtime(), runtime());
        let ((first, _), (second, wakes)) = (mailbox(1), mailbox(2));
        let place = earlier.block_on(async { roster.add(&first) });
        later.block_on(async {
            roster.add(&second);
            tokio::time::sleep(PERIOD + PERIOD / 64).await;
        });
        assert_eq!((wakes.count(), roster.all().len()), (1, 2), "the earlier runtime rests");
        drop(earlier);
        later.block_on(async { tokio::time::sleep(PERIOD + PERIOD / 64).await });
        assert_eq!(wakes.count(), 2, "the earlier runtime has ended");
        assert!(place.leave(1).is_some() && place.leave(1).is_none());
        runtime().block_on(async { roster.add(&mailbox(3).0) });
        assert_eq!(roster.faces.read().unwrap().len(), 2, "that of the earlier runtime is forgotten");
    }
}
