//! A server as a place for layers of one mode, for suites that know no Redis.

use std::marker::PhantomData;
use std::sync::Arc;

use chanx::testing::layer::LayerFixture;
use chanx_core::layer::ChannelLayer;
use tokio::sync::Mutex;

use super::RedisServer;

/// The scheme by which layers use a server.
pub trait Mode: Send + Sync + 'static {
    const SCHEME: &'static str;
}

/// A server, and the address of its layers.
pub struct Store<M> {
    pub server: Mutex<RedisServer>,
    url: String,
    mode: PhantomData<M>,
}

impl<M: Mode> LayerFixture for Store<M> {
    async fn start() -> Self {
        let server = RedisServer::start().await;
        let url = server.url(M::SCHEME, "");
        Self { server: Mutex::new(server), url, mode: PhantomData }
    }

    fn layer(&self) -> Arc<dyn ChannelLayer> {
        chanx_redis::connect(&self.url).unwrap()
    }
}
