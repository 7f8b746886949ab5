//! The layer of a single process: no store, no serialization.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use chanx_core::layer::{ChannelLayer, ChannelName, GroupName, Health, LayerFuture, LayerMessage, Pressure, Receiver};
use futures_util::FutureExt;
use tokio::runtime::Handle;

const PAUSE: Duration = Duration::from_millis(1);

/// Carries messages inside one process.
///
/// Servers that run in one process, as those of tests do, can be given layers that reach each other with
/// [`MemoryLayer::neighbor`].
#[derive(Debug)]
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
        Self::among(Arc::default())
    }

    /// A layer for another server of this process, so that both reach each other.
    #[must_use]
    pub fn neighbor(&self) -> Self {
        Self::among(Arc::clone(&self.all))
    }

    fn among(all: Arc<RwLock<Vec<Arc<Process>>>>) -> Self {
        let layer = Self { own: Arc::default(), all, made: AtomicU64::new(0) };
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

impl Default for MemoryLayer {
    fn default() -> Self {
        Self::new()
    }
}

/// A process that is gone is not to be asked for ever.
impl Drop for MemoryLayer {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Default for Process {
    fn default() -> Self {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Self { id, receiver: OnceLock::default(), groups: RwLock::default() }
    }
}

impl Process {
    fn made(&self, channel: &ChannelName) -> bool {
        // Names of one process differ in their last part only.
        let first = ChannelName::specific(self.id.into(), 0);
        first.as_str().split_once('!').map(|(process, _)| process)
            == channel.as_str().split_once('!').map(|(process, _)| process)
    }

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
            relieve(self.each(|process, receiver| match process.made(channel) {
                true => receiver.channel_message(channel.as_str(), &message),
                false => Pressure::Low,
            }))
            .await;
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

/// Lets connections that have little room left empty their mailboxes, which takes them less than the pause. To yield would
/// be no pause where a runtime has several threads: the sender may be back before another thread has begun.
async fn relieve(pressure: Pressure) {
    if pressure == Pressure::High {
        pause().await;
    }
}

/// Works on every thread. One without a runtime sleeps; tokio's timers panic on a runtime that has none, and on one that has
/// ended, and then the message is delivered without a pause.
async fn pause() {
    if Handle::try_current().is_err() {
        return std::thread::sleep(PAUSE);
    }
    let pause = async { tokio::time::sleep(PAUSE).await };
    let _ = AssertUnwindSafe(pause).catch_unwind().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn processes(layer: &MemoryLayer) -> usize {
        layer.all.read().unwrap().len()
    }

    #[test]
    fn a_layer_by_default_is_one_that_works() {
        assert_eq!((processes(&MemoryLayer::default()), processes(&MemoryLayer::new())), (1, 1));
    }

    /// Whose connections are always full.
    #[derive(Debug)]
    struct Full;

    impl Receiver for Full {
        fn group_message(&self, _: &GroupName, _: &LayerMessage) -> Pressure {
            Pressure::High
        }

        fn channel_message(&self, _: &str, _: &LayerMessage) -> Pressure {
            Pressure::High
        }

        fn missed(&self) {}
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_sends_to_full_connections_pauses_and_nobody_else() {
        let (full, sender) = (MemoryLayer::new(), MemoryLayer::new());
        let full_neighbor = full.neighbor();
        full.attach(Arc::new(Full));
        let room = GroupName::new("room").unwrap();
        full.subscribe(&room).await.unwrap();
        let message = Arc::new(LayerMessage::Other(serde_json::Map::new()));
        for (layer, pauses) in [(&full, true), (&full_neighbor, true), (&sender, false)] {
            let before = tokio::time::Instant::now();
            layer.group_send(&room, Arc::clone(&message)).await.unwrap();
            assert_eq!(before.elapsed() > Duration::ZERO, pauses);
            let before = tokio::time::Instant::now();
            layer.send(&full.new_channel(), Arc::clone(&message)).await.unwrap();
            assert_eq!(before.elapsed() > Duration::ZERO, pauses);
        }
    }

    #[test]
    fn a_message_to_full_connections_can_be_sent_from_anywhere() {
        let layer = Arc::new(MemoryLayer::new());
        layer.attach(Arc::new(Full));
        let send = || {
            let layer = Arc::clone(&layer);
            async move {
                let message = Arc::new(LayerMessage::Other(serde_json::Map::new()));
                layer.send(&layer.new_channel(), message).await.unwrap();
            }
        };
        futures_executor::block_on(send());
        let runtime = |timers: bool| {
            let mut builder = tokio::runtime::Builder::new_current_thread();
            if timers { builder.enable_time() } else { &mut builder }.build().unwrap()
        };
        runtime(false).block_on(send());
        let ended = runtime(true);
        let handle = ended.handle().clone();
        drop(ended);
        handle.block_on(send());
    }

    #[tokio::test]
    async fn neighbors_that_are_closed_or_gone_are_forgotten() {
        let layer = MemoryLayer::new();
        let (closed, gone) = (layer.neighbor(), layer.neighbor());
        assert_eq!(processes(&layer), 3);
        closed.close().await.unwrap();
        closed.close().await.unwrap();
        drop(gone);
        assert_eq!(processes(&layer), 1);
        drop(closed);
        assert_eq!(processes(&layer), 1);
    }
}
