//! Real Redis servers for tests, and a receiver that remembers.

#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test program uses a part of this")]

mod halting;
mod process;
mod proxy;
mod recorder;
mod server;
mod store;

use std::time::Duration;

pub use halting::Halting;
pub use process::Process;
pub use proxy::Proxy;
pub use recorder::{Recorder, Seen, group_name, note};
pub use server::RedisServer;
pub use store::{Mode, Store};
use tokio::time::{Instant, sleep};

/// Nothing that a test waits for takes so long, unless it never comes.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for a condition.
///
/// # Panics
/// It does not come true.
pub async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let end = Instant::now() + PATIENCE;
    while !condition().await {
        assert!(Instant::now() < end, "this never came true: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}
