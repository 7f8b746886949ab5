//! What the consumers of a process count.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chanx::{CloseCode, Disconnect};

use crate::soak::figures::Figures;

/// Counters; clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    connected: AtomicU64,
    disconnected: AtomicU64,
    too_slow: AtomicU64,
}

impl Tally {
    pub(super) fn connected(&self) {
        self.0.connected.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn disconnected(&self, how: &Disconnect) {
        self.0.disconnected.fetch_add(1, Ordering::Relaxed);
        if how.code == Some(CloseCode::TOO_SLOW) {
            self.0.too_slow.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn figures(&self) -> Figures {
        // In this order, so that no more have ended than had begun.
        let disconnected = self.0.disconnected.load(Ordering::Acquire);
        let connected = self.0.connected.load(Ordering::Acquire);
        Figures { tasks: 0, connected, disconnected, too_slow: self.0.too_slow.load(Ordering::Relaxed) }
    }
}
