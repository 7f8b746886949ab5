//! How many contexts a process may keep between messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The contexts that may still be kept.
#[derive(Debug)]
pub(super) struct Contexts {
    free: Arc<AtomicUsize>,
}

/// The right to keep one context, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    free: Arc<AtomicUsize>,
}

impl Contexts {
    pub(super) fn new(max: usize) -> Self {
        Self { free: Arc::new(AtomicUsize::new(max)) }
    }

    /// A place, if there is one left.
    pub(super) fn reserve(&self) -> Option<Place> {
        let taken = self.free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| free.checked_sub(1));
        taken.ok().map(|_| Place { free: Arc::clone(&self.free) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.free.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_places_as_are_allowed_at_the_same_time() {
        let contexts = Contexts::new(2);
        let first = contexts.reserve().unwrap();
        let _second = contexts.reserve().unwrap();
        assert!(contexts.reserve().is_none());
        drop(first);
        let _third = contexts.reserve().unwrap();
        assert!(contexts.reserve().is_none());
        assert!(Contexts::new(0).reserve().is_none());
    }
}
