//! The layer of a single process: no store, no serialization.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use chanx_core::layer::{
    Begun, ChannelLayer, ChannelName, Delivering, GroupName, Health, LayerFuture, LayerMessage, Pressure, Receiver,
};
use tokio::runtime::{Handle, Id};
use tokio::sync::Mutex;
use tokio::time::sleep;

const PAUSE: Duration = Duration::from_millis(1);

/// Carries messages inside one process.
///
/// Servers that run in one process, as those of tests do, can be given layers that reach each other with
/// [`MemoryLayer::neighbor`].
#[derive(Debug)]
pub struct MemoryLayer {
    own: Arc<Process>,
    all: Arc<Neighbors>,
    made: AtomicU64,
}

/// The layers that reach each other.
#[derive(Debug, Default)]
struct Neighbors {
    processes: RwLock<Vec<Arc<Process>>>,
    clocks: Clocks,
}

/// Tells the processes of all layers apart, so that no channel of one is taken for another's.
static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// What stands for a process here.
#[derive(Debug)]
struct Process {
    id: u64,
    receiver: OnceLock<Arc<dyn Receiver>>,
    groups: RwLock<HashMap<GroupName, Gate>>,
}

/// Made once a message finds members of the group full, or very many of them: then its senders come one by one, and those
/// that follow wait while one pauses. Otherwise very many senders at once would fill a mailbox before its connection has its turn.
type Gate = Arc<OnceLock<Mutex<()>>>;

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

    fn among(all: Arc<Neighbors>) -> Self {
        let layer = Self { own: Arc::default(), all, made: AtomicU64::new(0) };
        layer.enter();
        layer
    }

    fn enter(&self) {
        self.all.processes.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&self.own));
    }

    fn each(&self, mut deliver: impl FnMut(&Process, &dyn Receiver) -> Pressure) -> Pressure {
        let all = self.all.processes.read().unwrap_or_else(PoisonError::into_inner);
        let attached = all.iter().filter_map(|process| Some((process, process.receiver.get()?)));
        attached.map(|(process, receiver)| deliver(process, &**receiver)).max().unwrap_or(Pressure::Low)
    }

    /// The gate of a group; `None` if it has no members.
    fn gate(&self, group: &GroupName) -> Option<Gate> {
        self.all.processes.read().unwrap_or_else(PoisonError::into_inner).iter().find_map(|process| process.gate(group))
    }

    async fn relieve(&self, pressure: Pressure) {
        if pressure == Pressure::High {
            pause(&self.all.clocks).await;
        }
    }

    fn leave(&self) {
        let mut all = self.all.processes.write().unwrap_or_else(PoisonError::into_inner);
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
        self.groups.read().unwrap_or_else(PoisonError::into_inner).contains_key(group)
    }

    fn gate(&self, group: &GroupName) -> Option<Gate> {
        self.groups.read().unwrap_or_else(PoisonError::into_inner).get(group).cloned()
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
        self.all.clocks.note();
        self.own.groups.write().unwrap_or_else(PoisonError::into_inner).entry(group.clone()).or_default();
        Box::pin(std::future::ready(Ok(())))
    }

    fn unsubscribe(&self, group: &GroupName) {
        self.own.groups.write().unwrap_or_else(PoisonError::into_inner).remove(group);
    }

    fn group_send<'a>(&'a self, group: &'a GroupName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        Box::pin(async move {
            let Some(gate) = self.gate(group) else { return Ok(()) };
            let mut passed = match gate.get() {
                Some(gate) => Some(gate.lock().await),
                None => None,
            };
            let mut long = Vec::new();
            let mut pressure = self.each(|process, receiver| {
                if !process.subscribes_to(group) {
                    return Pressure::Low;
                }
                match receiver.begin_group_message(group, &message) {
                    Begun::Done(pressure) => pressure,
                    Begun::Long(delivering) => {
                        long.push(delivering);
                        Pressure::Low
                    }
                }
            });
            if (pressure == Pressure::High || !long.is_empty()) && passed.is_none() {
                passed = Some(gate.get_or_init(Mutex::default).lock().await);
            }
            for delivering in long {
                pressure = pressure.max(in_steps(delivering).await);
            }
            self.relieve(pressure).await;
            drop(passed);
            Ok(())
        })
    }

    fn send<'a>(&'a self, channel: &'a ChannelName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        Box::pin(async move {
            self.relieve(self.each(|process, receiver| match process.made(channel) {
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

/// Delivers to very many members, and lets others run now and then. The sender holds the group's gate meanwhile, so that no
/// member gets a later message before this one.
async fn in_steps(mut delivering: Box<dyn Delivering>) -> Pressure {
    loop {
        match delivering.step() {
            ControlFlow::Break(pressure) => return pressure,
            ControlFlow::Continue(()) => tokio::task::yield_now().await,
        }
    }
}

/// A sender that never pauses would fill the mailboxes of connections that run in the same runtime. To yield is no pause
/// where there are several threads: the sender may be back before another thread has begun. A millisecond is enough for a
/// connection to empty its mailbox, and little for the sender.
///
/// The sender may run anywhere. Only the runtimes of connections are known to have a clock.
async fn pause(clocks: &Clocks) {
    match Handle::try_current() {
        // An error means that the runtime has ended, so that nothing is to wait.
        Ok(runtime) if clocks.knows(&runtime) => drop(runtime.spawn(async { sleep(PAUSE).await }).await),
        Ok(runtime) => drop(runtime.spawn_blocking(|| std::thread::sleep(PAUSE)).await),
        Err(_) => std::thread::sleep(PAUSE),
    }
}

/// The runtime of the connection that subscribed last.
#[derive(Debug, Default)]
struct Clocks(RwLock<Option<Id>>);

impl Clocks {
    fn note(&self) {
        let current = Handle::try_current().ok().map(|runtime| runtime.id());
        if current.is_some() && *self.0.read().unwrap_or_else(PoisonError::into_inner) != current {
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = current;
        }
    }

    fn knows(&self, runtime: &Handle) -> bool {
        *self.0.read().unwrap_or_else(PoisonError::into_inner) == Some(runtime.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn processes(layer: &MemoryLayer) -> usize {
        layer.all.processes.read().unwrap().len()
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
    fn whoever_sends_to_full_connections_may_run_anywhere() {
        use futures_util::FutureExt;
        use tokio::runtime::Builder;

        let layer = MemoryLayer::new();
        layer.attach(Arc::new(Full));
        let room = GroupName::new("room").unwrap();
        let send = || layer.group_send(&room, Arc::new(LayerMessage::Other(serde_json::Map::new())));
        let first = Builder::new_current_thread().enable_time().build().unwrap();
        first.block_on(layer.subscribe(&room)).unwrap();
        send().now_or_never().expect("outside of runtimes the thread pauses").unwrap();
        let clockless = Builder::new_current_thread().build().unwrap();
        clockless.block_on(send()).unwrap();
        first.block_on(send()).unwrap();
        let ended = first.handle().clone();
        drop(first);
        let _guard = ended.enter();
        send().now_or_never().expect("an end is not waited for").unwrap();
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
