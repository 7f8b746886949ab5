//! Random lives of two servers over real Redis, whose connections are cut and which is started anew: then messages may be lost,
//! and still none comes twice, out of order, or to somebody else.

mod support;

#[path = "../../chanx/tests/scenario/mod.rs"]
mod scenario;

use scenario::steps::{SERVERS, steps};
use scenario::{Stage, play};
use support::{Mode, RedisServer, Store};

impl<M: Mode> Stage for Store<M> {
    const IS_IMMEDIATE: bool = false;
    const KINDS_OF_TROUBLE: usize = 3;

    async fn disturb(&self, kind: usize) -> bool {
        let mut server = self.server.lock().await;
        match kind {
            0 => {
                server.restart().await;
                true
            }
            1 => kill(&server, "pubsub").await && M::SCHEME != "redis",
            _ => kill(&server, "normal").await && M::SCHEME == "redis",
        }
    }
}

/// Cuts the connections of one type, and says whether all layers had some. What listens without publish and subscribe
/// counts as normal.
async fn kill(server: &RedisServer, kind: &str) -> bool {
    let killed: usize = server.command(&["CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes"]).await;
    killed >= SERVERS
}

/// Cases of other numbers are run with `CHANX_SEED` in the environment.
fn first_seed() -> u64 {
    std::env::var("CHANX_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0)
}

async fn holds<M: Mode>(cases: u64, kinds_of_trouble: usize) {
    for seed in first_seed()..first_seed() + cases {
        let steps = steps(seed, 120, kinds_of_trouble);
        if let Err(fault) = play::<Store<M>>(&steps).await {
            panic!("seed {seed}: {fault}");
        }
    }
}

macro_rules! properties {
    ($module:ident, $mode:ident, $scheme:literal) => {
        mod $module {
            struct $mode;

            impl super::Mode for $mode {
                const SCHEME: &'static str = $scheme;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn members_get_what_is_theirs_once_and_in_order() {
                super::holds::<$mode>(12, 0).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn trouble_may_lose_messages_and_does_nothing_else() {
                super::holds::<$mode>(6, <super::Store<$mode> as super::Stage>::KINDS_OF_TROUBLE).await;
            }
        }
    };
}

properties!(core, Core, "redis");
properties!(pubsub, PubSub, "redis+pubsub");
properties!(sharded, Sharded, "redis+sharded");
