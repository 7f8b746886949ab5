//! The three layers against the contract of all layers, outages of the server included.

mod support;

use chanx::testing::layer::BreakableStore;
use support::{Mode, Store};

impl<M: Mode> BreakableStore for Store<M> {
    async fn break_store(&self) {
        self.server.lock().await.stop();
    }

    async fn mend_store(&self) {
        self.server.lock().await.start_again().await;
    }
}

/// The suite for one mode.
macro_rules! suite {
    ($module:ident, $mode:ident, $scheme:literal) => {
        mod $module {
            struct $mode;

            impl super::Mode for $mode {
                const SCHEME: &'static str = $scheme;
            }

            chanx::testing::layer_suite!(super::Store<$mode>, outages);
        }
    };
}

suite!(core, Core, "redis");
suite!(pubsub, PubSub, "redis+pubsub");
suite!(sharded, Sharded, "redis+sharded");
