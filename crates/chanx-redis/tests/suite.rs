//! The three layers against the contract of all layers, outages of the server included.

mod support;

use std::sync::Arc;

use chanx::testing::layer::{BreakableStore, LayerFixture};
use chanx_core::layer::ChannelLayer;
use support::RedisServer;
use tokio::sync::Mutex;

/// A server, and the scheme by which its layers use it.
trait Mode: Send + Sync + 'static {
    const SCHEME: &'static str;
}

struct Store<M> {
    server: Mutex<RedisServer>,
    url: String,
    mode: std::marker::PhantomData<M>,
}

impl<M: Mode> LayerFixture for Store<M> {
    async fn start() -> Self {
        let server = RedisServer::start().await;
        let url = server.url(M::SCHEME, "");
        Self { server: Mutex::new(server), url, mode: std::marker::PhantomData }
    }

    fn layer(&self) -> Arc<dyn ChannelLayer> {
        chanx_redis::connect(&self.url).unwrap()
    }
}

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
