//! The connections of one server: how many there are, and how to tell all of them that it ends.

use std::sync::Arc;

use crate::hub::Hub;

/// All connections of a [`Websockets`](crate::Websockets). Clones are the same list.
#[derive(Clone, Debug)]
pub struct Connections(Arc<Hub>);

impl Connections {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self(hub)
    }

    /// How many connections there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Closes every connection with 1001, waits until all are gone, and leaves the channel layer. New connections are
    /// refused from now on.
    pub async fn drain(&self) {
        self.0.drain().await;
    }

    /// Waits until there are no connections.
    pub async fn drained(&self) {
        self.0.drained().await;
    }
}
