//! What the author of a layer brings along.

use std::sync::Arc;

use crate::layer::ChannelLayer;

/// A store, and layers that share it. Each property starts one of its own, so that none meets another's messages.
pub trait LayerFixture: Sized + Send + Sync + 'static {
    /// A fresh store; for a real one that may be a server of its own, or a prefix that nobody else uses.
    fn start() -> impl Future<Output = Self> + Send;

    /// The layer of one more process that shares the store. Nothing is attached to it yet.
    fn layer(&self) -> Arc<dyn ChannelLayer>;
}

/// A store that can be broken on purpose, for `layer_suite!(…, outages)`.
pub trait BreakableStore: LayerFixture {
    /// Makes the store unreachable for every layer.
    fn break_store(&self) -> impl Future<Output = ()> + Send;

    /// Makes it reachable again.
    fn mend_store(&self) -> impl Future<Output = ()> + Send;
}
