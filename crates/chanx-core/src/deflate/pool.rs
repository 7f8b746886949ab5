//! States of zlib that no connection holds, lent for the time of one message.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many states of a kind are kept for the next message. More than this are only made where more threads than this are
/// at it in the same moment.
const KEPT: usize = 16;

/// States of one kind.
#[derive(Debug)]
pub(super) struct Pool<T> {
    idle: Mutex<Vec<T>>,
}

impl<T> Pool<T> {
    pub(super) fn new() -> Self {
        Self { idle: Mutex::default() }
    }

    /// Does something with a state that is `suitable`, which is made if none is there. One whose use panics is not used again.
    pub(super) fn lend<R>(
        &self,
        suitable: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
        work: impl FnOnce(&mut T) -> R,
    ) -> R {
        let found = self.find(suitable);
        let mut state = found.unwrap_or_else(make);
        let result = work(&mut state);
        self.put_back(state);
        result
    }

    /// The latest first, as it is still in the processor's caches.
    fn find(&self, suitable: impl Fn(&T) -> bool) -> Option<T> {
        let mut idle = self.idle();
        idle.iter().rposition(suitable).map(|at| idle.remove(at))
    }

    /// Keeps a state, and lets go of the one that was not used for the longest time where there are too many.
    fn put_back(&self, state: T) {
        let mut idle = self.idle();
        idle.push(state);
        let superfluous = (idle.len() > KEPT).then(|| idle.remove(0));
        drop(idle);
        drop(superfluous);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<T>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_made_once_and_lent_again_to_whom_it_suits() {
        let pool = Pool::new();
        assert_eq!(pool.lend(|_| true, || 1, |state| *state), 1);
        assert_eq!(pool.lend(|_| true, || 2, |state| *state), 1);
        assert_eq!(pool.lend(|state| *state == 3, || 3, |state| *state), 3);
        assert_eq!(pool.lend(|state| *state == 1, || 4, |state| *state), 1);
    }

    #[test]
    fn those_that_nobody_uses_go_first() {
        let pool = Pool::new();
        for number in 0..KEPT + 3 {
            pool.lend(|_| false, || number, |_| ());
        }
        assert_eq!(*pool.idle(), (3..KEPT + 3).collect::<Vec<_>>());
    }

    #[test]
    fn the_pool_is_not_locked_while_a_state_is_lent() {
        let pool = Pool::new();
        let inner = pool.lend(|_| true, || 1, |_| pool.lend(|_| true, || 2, |state| *state));
        assert_eq!(inner, 2);
        assert_eq!(pool.idle().len(), 2);
    }

    #[test]
    fn what_panics_is_not_lent_again() {
        let pool = Pool::new();
        let panicking = std::panic::AssertUnwindSafe(|| pool.lend(|_| true, || 1, |_| panic!("of the test")));
        assert!(std::panic::catch_unwind(panicking).is_err());
        assert!(pool.idle().is_empty());
    }
}
