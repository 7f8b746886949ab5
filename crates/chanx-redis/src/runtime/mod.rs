//! The runtime of this crate: a few threads on which the connections, timers and background tasks of all layers run.
//!
//! A layer outlives the runtimes that use it: those of tests end one after the other, and a thread may have none at all. So
//! nothing that a layer needs runs on its caller's runtime. A caller's future only waits for an answer, which works
//! on every executor, and its timers belong to threads that never end. See ARCHITECTURE.md for what that costs.

mod deliveries;

use std::future::ready;
use std::num::NonZero;
use std::ops::RangeInclusive;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::thread::available_parallelism;

use chanx_core::layer::{
    ChannelLayer, ChannelName, GroupName, Health, LayerError, LayerFuture, LayerMessage, Receiver,
};
use deliveries::Counted;
use tokio::runtime::{Builder, Handle, Runtime};

/// Enough to write to the members of large groups in parallel; and a delivery that takes long does not hold up the connections.
const THREADS: RangeInclusive<usize> = 2..=4;

/// Calls a layer in the context of this crate's runtime, wherever the caller is.
#[derive(Debug)]
pub(crate) struct Anywhere<L>(pub(crate) L);

/// A layer's future, polled in the context of a runtime.
struct Within<'a> {
    runtime: &'static Handle,
    future: LayerFuture<'a>,
}

/// The runtime. It is started by its first use, and ends with the process.
///
/// # Errors
/// The system starts no more threads. The next use tries again.
fn runtime() -> Result<&'static Handle, LayerError> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime.handle());
    }
    // So that only one is started.
    let _guard = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime.handle());
    }
    let runtime = start().map_err(|reason| LayerError::Unavailable { reason })?;
    Ok(RUNTIME.get_or_init(|| runtime).handle())
}

fn start() -> Result<Runtime, String> {
    let threads = available_parallelism().map_or(1, NonZero::get).clamp(*THREADS.start(), *THREADS.end());
    // tokio panics where the system refuses a thread.
    let built = catch_unwind(|| {
        Builder::new_multi_thread().enable_all().worker_threads(threads).thread_name("chanx-redis").build()
    });
    let runtime = match built {
        Ok(built) => built.map_err(|error| format!("no runtime can be started: {error}"))?,
        Err(_) => return Err("no threads can be started".to_owned()),
    };
    deliveries::watch(runtime.handle().clone()).map_err(|error| format!("no thread can be started: {error}"))?;
    Ok(runtime)
}

impl<L: ChannelLayer> Anywhere<L> {
    /// What a call returns. Without a runtime it is made all the same, and begins nothing.
    fn call<'a, T>(&'a self, call: impl FnOnce(&'a L) -> T) -> T {
        let _guard = runtime().ok().map(Handle::enter);
        call(&self.0)
    }

    fn future<'a>(&'a self, begin: impl FnOnce(&'a L) -> LayerFuture<'a>) -> LayerFuture<'a> {
        match runtime() {
            Ok(runtime) => within(runtime, || begin(&self.0)),
            Err(error) => Box::pin(ready(Err(error))),
        }
    }
}

fn within<'a>(runtime: &'static Handle, begin: impl FnOnce() -> LayerFuture<'a>) -> LayerFuture<'a> {
    let _guard = runtime.enter();
    Box::pin(Within { runtime, future: begin() })
}

impl Future for Within<'_> {
    type Output = Result<(), LayerError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let _guard = self.runtime.enter();
        self.future.as_mut().poll(context)
    }
}

impl<L: ChannelLayer> ChannelLayer for Anywhere<L> {
    fn new_channel(&self) -> ChannelName {
        self.call(L::new_channel)
    }

    fn attach(&self, receiver: Arc<dyn Receiver>) {
        self.call(|layer| layer.attach(Arc::new(Counted(receiver))));
    }

    fn subscribe(&self, group: &GroupName) -> LayerFuture<'static> {
        match runtime() {
            Ok(runtime) => within(runtime, || self.0.subscribe(group)),
            // It is remembered, and there is nothing to wait for.
            Err(_) => {
                drop(self.0.subscribe(group));
                Box::pin(ready(Ok(())))
            }
        }
    }

    fn unsubscribe(&self, group: &GroupName) {
        self.call(|layer| layer.unsubscribe(group));
    }

    fn group_send<'a>(&'a self, group: &'a GroupName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        self.future(|layer| layer.group_send(group, message))
    }

    fn send<'a>(&'a self, channel: &'a ChannelName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        self.future(|layer| layer.send(channel, message))
    }

    fn health(&self) -> Health {
        self.0.health()
    }

    fn check(&self) -> LayerFuture<'_> {
        self.future(L::check)
    }

    fn close(&self) -> LayerFuture<'_> {
        self.future(L::close)
    }
}
