//! The layer of a single process: no store, no serialization.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use chanx_core::layer::{ChannelLayer, ChannelName, GroupName, Health, LayerFuture, LayerMessage, Pressure, Receiver};

/// Carries messages inside one process.
///
/// Servers that run in one process, as those of tests do, can be given layers that reach each other with
/// [`MemoryLayer::neighbor`].
#[derive(Debug, Default)]
pub struct MemoryLayer {
    own: Arc<Process>,
    all: Arc<RwLock<Vec<Arc<Process>>>>,
    made: AtomicU64,
}

/// Tells the processes of all layers apart, so that no channel of one is taken for another's.
static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// What stands for a process here.
#[derive(Debug)]
struct Process {
    id: u64,
    receiver: OnceLock<Arc<dyn Receiver>>,
    groups: RwLock<HashSet<GroupName>>,
}

impl MemoryLayer {
    /// A layer of its own.
    pub fn new() -> Self {
        let layer = Self::default();
        layer.enter();
        layer
    }

    /// A layer for another server of this process, so that both reach each other.
    #[must_use]
    pub fn neighbor(&self) -> Self {
        let layer = Self { all: Arc::clone(&self.all), ..Self::default() };
        layer.enter();
        layer
    }

    fn enter(&self) {
        self.all.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&self.own));
    }

    fn each(&self, mut deliver: impl FnMut(&Process, &dyn Receiver) -> Pressure) -> Pressure {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        let attached = all.iter().filter_map(|process| Some((process, process.receiver.get()?)));
        attached.map(|(process, receiver)| deliver(process, &**receiver)).max().unwrap_or(Pressure::Low)
    }

    fn leave(&self) {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|process| !Arc::ptr_eq(process, &self.own));
    }
}

impl Default for Process {
    fn default() -> Self {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Self { id, receiver: OnceLock::default(), groups: RwLock::default() }
    }
}

impl Process {
    fn subscribes_to(&self, group: &GroupName) -> bool {
        self.groups.read().unwrap_or_else(PoisonError::into_inner).contains(group)
    }
}

impl ChannelLayer for MemoryLayer {
    fn new_channel(&self) -> ChannelName {
        ChannelName::specific(self.own.id.into(), self.made.fetch_add(1, Ordering::Relaxed).into())
    }

    fn attach(&self, receiver: Arc<dyn Receiver>) {
        let is_first = self.own.receiver.set(receiver).is_ok();
        debug_assert!(is_first, "a layer belongs to one server");
    }

    fn subscribe(&self, group: &GroupName) -> LayerFuture<'static> {
        self.own.groups.write().unwrap_or_else(PoisonError::into_inner).insert(group.clone());
        Box::pin(std::future::ready(Ok(())))
    }

    fn unsubscribe(&self, group: &GroupName) {
        self.own.groups.write().unwrap_or_else(PoisonError::into_inner).remove(group);
    }

    fn group_send<'a>(&'a self, group: &'a GroupName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        Box::pin(async move {
            relieve(self.each(|process, receiver| match process.subscribes_to(group) {
                true => receiver.group_message(group, &message),
                false => Pressure::Low,
            }))
            .await;
            Ok(())
        })
    }

    fn send<'a>(&'a self, channel: &'a ChannelName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        Box::pin(async move {
            relieve(self.each(|_, receiver| receiver.channel_message(channel.as_str(), &message))).await;
            Ok(())
        })
    }

    fn health(&self) -> Health {
        Health::Up
    }

    fn check(&self) -> LayerFuture<'_> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn close(&self) -> LayerFuture<'_> {
        self.leave();
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Lets the connections run before more is sent to them. Whoever sends without a pause would fill their mailboxes, which
/// they empty in the same runtime.
async fn relieve(pressure: Pressure) {
    if pressure == Pressure::High {
        tokio::task::yield_now().await;
    }
}
