//! Keeps the connections to Redis going while a delivery takes long.
//!
//! One worker of tokio's at a time waits for the I/O driver. If it is the one whose task blocks, the driver is free, but no other
//! worker takes it before it is woken: no answer of Redis is read, and no timer runs, until the delivery ends. Deliveries run
//! code of the application: the reading and writing of its messages.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{Builder, sleep};
use std::time::Duration;

use chanx_core::layer::{GroupName, LayerMessage, Pressure, Receiver};
use tokio::runtime::Handle;

/// The time between two looks.
const PERIOD: Duration = Duration::from_millis(100);

/// The thread does nothing but look.
const STACK: usize = 256 * 1024;

static BEGUN: AtomicU64 = AtomicU64::new(0);
static ENDED: AtomicU64 = AtomicU64::new(0);

/// A receiver whose deliveries are counted.
#[derive(Debug)]
pub(super) struct Counted(pub(super) Arc<dyn Receiver>);

impl Receiver for Counted {
    fn group_message(&self, group: &GroupName, message: &LayerMessage) -> Pressure {
        let _delivery = Delivery::begin();
        self.0.group_message(group, message)
    }

    fn channel_message(&self, channel: &str, message: &LayerMessage) -> Pressure {
        let _delivery = Delivery::begin();
        self.0.channel_message(channel, message)
    }

    fn missed(&self) {
        let _delivery = Delivery::begin();
        self.0.missed();
    }
}

/// Counts as running until it is dropped, so that a panic ends it, too.
struct Delivery;

impl Delivery {
    fn begin() -> Self {
        BEGUN.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        ENDED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Starts the thread that wakes a worker of the runtime when a delivery blocks another one. It ends with the process, like the
/// runtime.
pub(super) fn watch(runtime: Handle) -> io::Result<()> {
    let thread = Builder::new().name("chanx-redis-watch".to_owned()).stack_size(STACK);
    thread.spawn(move || {
        let mut seen = (0, 0);
        loop {
            sleep(PERIOD);
            let counts = (BEGUN.load(Ordering::Relaxed), ENDED.load(Ordering::Relaxed));
            if is_stuck(seen, counts) {
                // The worker that runs this finds nothing else to do, and takes the driver.
                drop(runtime.spawn(async {}));
            }
            seen = counts;
        }
    })?;
    Ok(())
}

/// Whether a delivery runs, and none began or ended since the last look.
fn is_stuck(seen: (u64, u64), (begun, ended): (u64, u64)) -> bool {
    begun != ended && seen == (begun, ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_stuck_while_none_begins_or_ends() {
        assert!(!is_stuck((5, 5), (5, 5)), "none runs");
        assert!(!is_stuck((5, 5), (6, 5)), "it has just begun");
        assert!(is_stuck((6, 5), (6, 5)));
        assert!(!is_stuck((6, 5), (7, 6)), "others go on");
        assert!(!is_stuck((6, 5), (6, 6)), "it has ended");
    }
}
