//! Keeps the runtime's I/O driver moving while a task blocks the worker that had it.
//!
//! One worker at a time waits for the I/O driver, the others wait to be woken. The worker that gets input runs its
//! tasks, and wakes another worker only if there is more than it can do itself. If its first task blocks, the driver is free, but no
//! worker takes it: no socket, timer or signal is noticed until the task ends. A worker that is woken takes the driver when it
//! has found nothing else to do.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};

use super::stretch;

/// The time between two looks.
const PERIOD: Duration = Duration::from_millis(100);
/// After how many looks a blocked worker is reported.
#[cfg(target_has_atomic = "64")]
const LOOKS_BEFORE_REPORT: u32 = 10;
/// The watchdog calls into tokio and the log only.
const STACK: usize = 256 * 1024;

/// Starts the watchdog of a runtime, which ends with the runtime.
pub(super) fn watch(runtime: &Runtime) -> io::Result<JoinHandle<()>> {
    let (lives_in_runtime, is_alive) = channel::<Infallible>();
    let watchdog = Watchdog::new(runtime.handle().clone());
    let thread = Builder::new().name("chanx-watchdog".to_owned()).stack_size(STACK);
    let thread = thread.spawn(move || watchdog.run(&is_alive))?;
    runtime.spawn(async move {
        let _dropped_with_the_runtime = lives_in_runtime;
        pending::<()>().await;
    });
    Ok(thread)
}

struct Watchdog {
    runtime: Handle,
    #[cfg(target_has_atomic = "64")]
    workers: Vec<Worker>,
}

impl Watchdog {
    fn run(mut self, is_alive: &Receiver<Infallible>) {
        while is_alive.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
            stretch::tell_time();
            if self.needs_help() {
                // Wakes a worker that waits.
                drop(self.runtime.spawn(async {}));
            }
        }
    }
}

#[cfg(target_has_atomic = "64")]
impl Watchdog {
    fn new(runtime: Handle) -> Self {
        let workers = (0..runtime.metrics().num_workers()).map(|_| Worker::default()).collect();
        Self { runtime, workers }
    }

    /// Whether a worker may be blocked while another one waits.
    fn needs_help(&mut self) -> bool {
        let metrics = self.runtime.metrics();
        let (mut is_any_stuck, mut is_any_waiting) = (false, false);
        for (index, worker) in self.workers.iter_mut().enumerate() {
            worker.look(metrics.worker_park_unpark_count(index), metrics.worker_total_busy_duration(index));
            is_any_stuck |= worker.looks > 0;
            is_any_waiting |= worker.is_waiting();
            if worker.looks == LOOKS_BEFORE_REPORT {
                tracing::warn!(
                    worker = index,
                    "a worker thread is blocked for a second: a handler or another task keeps it; work that blocks belongs \
                     into tokio::task::spawn_blocking"
                );
            }
        }
        is_any_stuck && is_any_waiting
    }
}

/// Without these figures of tokio's a worker is woken at each look.
#[cfg(not(target_has_atomic = "64"))]
impl Watchdog {
    fn new(runtime: Handle) -> Self {
        Self { runtime }
    }

    fn needs_help(&mut self) -> bool {
        true
    }
}

/// What was last seen of a worker. Its figures change whenever it waits, stops waiting or has run some tasks.
#[cfg(target_has_atomic = "64")]
#[derive(Default)]
struct Worker {
    /// How often it began or stopped to wait: odd while it waits.
    parks: u64,
    busy: Duration,
    /// For how many looks it has been at one task, or at few.
    looks: u32,
}

#[cfg(target_has_atomic = "64")]
impl Worker {
    fn look(&mut self, parks: u64, busy: Duration) {
        let is_same = (self.parks, self.busy) == (parks, busy);
        (self.parks, self.busy) = (parks, busy);
        self.looks = if is_same && !self.is_waiting() { self.looks.saturating_add(1) } else { 0 };
    }

    fn is_waiting(&self) -> bool {
        self.parks % 2 == 1
    }
}

#[cfg(all(test, target_has_atomic = "64"))]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_stuck_while_it_neither_waits_nor_gets_on() {
        let mut worker = Worker::default();
        let mut looks = |parks, busy| {
            worker.look(parks, Duration::from_millis(busy));
            worker.looks
        };
        assert_eq!([looks(3, 5), looks(3, 5), looks(3, 5)], [0, 0, 0], "it waits");
        assert_eq!([looks(4, 5), looks(4, 5), looks(4, 5)], [0, 1, 2], "it is at one task");
        assert_eq!([looks(4, 9), looks(4, 12)], [0, 0], "it is busy");
        assert_eq!([looks(4, 12), looks(6, 12)], [1, 0], "it waited in between");
    }
}
