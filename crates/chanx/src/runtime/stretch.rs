//! How long a handler keeps its thread, without a look at the clock: the watchdog writes the time down now and then.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A handler that keeps its thread for longer is logged.
const NOTEWORTHY: u32 = 1000;

/// Milliseconds since the first watchdog, as one of them wrote them last.
static NOW: AtomicU32 = AtomicU32::new(0);

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Writes the time down.
pub(super) fn tell_time() {
    // Seven weeks on the figure begins anew, which a difference does not notice.
    NOW.store(START.elapsed().as_millis() as u32, Ordering::Relaxed);
}

/// Runs a handler until it is done or waits, and logs it under this name if it has blocked the thread. On runtimes without a
/// watchdog it is not measured.
#[inline]
pub(crate) fn measured<T>(handler: &str, poll: impl FnOnce() -> T) -> T {
    let began = NOW.load(Ordering::Relaxed);
    let outcome = poll();
    let took = NOW.load(Ordering::Relaxed).wrapping_sub(began);
    if took >= NOTEWORTHY {
        report(handler, took);
    }
    outcome
}

#[cold]
fn report(handler: &str, took: u32) {
    let seconds = Duration::from_millis(took.into()).as_secs_f32();
    tracing::warn!(
        handler,
        seconds,
        "a handler has blocked its thread: work that blocks belongs into tokio::task::spawn_blocking"
    );
}
