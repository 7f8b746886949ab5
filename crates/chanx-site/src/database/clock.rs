//! Keeps tokio's paused clock from jumping while SQLite works.
//!
//! A paused clock jumps to the next timer as soon as the runtime has nothing to do. sqlx runs SQLite on threads of its
//! own, which the runtime does not see, so that each query would look like idleness, and the clock would jump to the
//! time-out of the pool or of the test's client. The runtime does see blocking tasks: the clock stands still until they
//! end. So a blocking task runs beside each query.
//!
//! Nothing happens here without the feature `testing`, nor in a multi-threaded runtime, whose clock cannot be paused.

use std::future;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tokio::runtime::{Handle, RuntimeFlavor};

/// The longest real time for which a query, or a connection that was taken from the pool, holds the clock. It is more
/// than SQLite waits for a lock. A test that sleeps while it has a connection in its hands goes on after this time.
const LONGEST_HOLD: Duration = Duration::from_secs(10);

/// How often a blocking task asks whether it may end. The pool has no event to wait for.
const PERIOD: Duration = Duration::from_micros(50);

/// Awaits `work`, which happens outside of the runtime, while the clock stands still.
pub(super) async fn hold<T>(work: impl Future<Output = T>) -> T {
    let _hold = pausable_runtime().map(|runtime| {
        let hold = Arc::new(());
        let watched = Arc::downgrade(&hold);
        hold_while(&runtime, move || watched.strong_count() > 0);
        hold
    });
    work.await
}

/// Holds the clock while connections of a pool are in use, by an application's own queries too.
#[derive(Debug)]
pub(super) struct PoolWatch {
    pool: OnceLock<SqlitePool>,
    /// Alive while a blocking task watches the pool.
    watcher: Mutex<Weak<()>>,
}

impl PoolWatch {
    /// Opens a pool. It is watched until the watch is dropped; the pool does not keep it.
    pub(super) async fn open(
        pool: SqlitePoolOptions,
        connections: SqliteConnectOptions,
    ) -> sqlx::Result<(SqlitePool, Option<Arc<Self>>)> {
        if pausable_runtime().is_none() {
            return Ok((pool.connect_with(connections).await?, None));
        }
        let watch = Arc::new(Self { pool: OnceLock::new(), watcher: Mutex::default() });
        let pool = hold(watch.attach(pool).connect_with(connections)).await?;
        // Empty until now.
        let _ = watch.pool.set(pool.clone());
        Ok((pool, Some(watch)))
    }

    /// Has the pool tell of each use. Its own question to a connection that is taken would come before that.
    fn attach(self: &Arc<Self>, pool: SqlitePoolOptions) -> SqlitePoolOptions {
        let (taken, given_back) = (Arc::downgrade(self), Arc::downgrade(self));
        pool.test_before_acquire(false)
            .before_acquire(move |_, _| Box::pin(future::ready(Ok(Self::start(&taken)))))
            .after_release(move |_, _| Box::pin(future::ready(Ok(Self::start(&given_back)))))
    }

    /// Holds the clock until no connection is in use. Gives what the pool wants to hear: the connection is good.
    fn start(watch: &Weak<Self>) -> bool {
        if let (Some(watch), Some(runtime)) = (watch.upgrade(), pausable_runtime())
            && let Some(alive) = watch.new_watcher()
        {
            hold_while(&runtime, move || {
                let _alive = &alive;
                watch.goes_on()
            });
        }
        true
    }

    /// What keeps a new watcher registered; `None` if there is one already.
    fn new_watcher(&self) -> Option<Arc<()>> {
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if watcher.strong_count() > 0 {
            return None;
        }
        let alive = Arc::new(());
        *watcher = Arc::downgrade(&alive);
        Some(alive)
    }

    /// Whether the watcher has to go on. If not, it is no longer registered, and the next use begins another one: a
    /// connection is taken before `new_watcher` waits for the lock.
    fn goes_on(&self) -> bool {
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        let is_busy = self.is_busy();
        if !is_busy {
            *watcher = Weak::new();
        }
        is_busy
    }

    /// Whether a connection is in use, or not back yet: the pool asks each one whether it is alive when it comes back.
    fn is_busy(&self) -> bool {
        self.pool.get().is_some_and(|pool| pool.num_idle() < pool.size() as usize)
    }
}

/// The current runtime if its clock can be paused.
fn pausable_runtime() -> Option<Handle> {
    if !cfg!(feature = "testing") {
        return None;
    }
    Handle::try_current().ok().filter(|runtime| runtime.runtime_flavor() == RuntimeFlavor::CurrentThread)
}

fn hold_while(runtime: &Handle, is_busy: impl Fn() -> bool + Send + 'static) {
    runtime.spawn_blocking(move || {
        let start = Instant::now();
        while is_busy() && start.elapsed() < LONGEST_HOLD {
            thread::sleep(PERIOD);
        }
    });
}
