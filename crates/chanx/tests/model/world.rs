//! One run: a server with the consumers of a plan, its clients, and the streams between them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use chanx::layer::{ChannelLayer, ChannelName, GroupName, Health, LayerFuture, LayerMessage, MemoryLayer, Receiver};
use chanx::routing::path;
use chanx::{Channels, Connections, Consumer, Settings, Websockets};

use crate::consumer::{Bare, Handle, Typed};
use crate::journal::{Entry, Journal, What};
use crate::plan::{CLOSE_TIMEOUT, Endpoint, LONGEST, PING_INTERVAL, Plan, SEND_TIMEOUT};

/// How a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mode {
    /// On so many threads, each with a runtime; none: on one whose clock moves when nothing else does.
    pub(crate) threads: Option<usize>,
    /// Over sockets of the system.
    pub(crate) over_tcp: bool,
}

impl Mode {
    pub(crate) const PAUSED: Self = Self { threads: None, over_tcp: false };

    /// Whether everything happens in an order that the seed alone decides, and in no time but that which something waits for.
    pub(crate) fn is_exact(self) -> bool {
        self.threads.is_none()
    }

    /// A millisecond of the plan.
    fn unit(self) -> Duration {
        if self.is_exact() { Duration::from_millis(1) } else { Duration::from_micros(200) }
    }
}

/// What consumers, clients and streams of a run share.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) mode: Mode,
    pub(crate) journal: Journal,
    pub(crate) layer: Arc<Watched>,
    handles: Mutex<Vec<Option<Handle>>>,
    numbers: Vec<AtomicU32>,
    steps: AtomicU64,
}

thread_local! {
    /// The run of this thread, for what is called without any context.
    static HERE: RefCell<Option<Journal>> = const { RefCell::new(None) };
}

/// Makes a run that of this thread.
pub(crate) fn live_here(journal: &Journal) {
    HERE.set(Some(journal.clone()));
}

pub(crate) fn note_here(of: usize, what: What) {
    HERE.with_borrow(|journal| {
        if let Some(journal) = journal {
            journal.note(of, what);
        }
    });
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    pub(crate) fn new(plan: &Plan, mode: Mode) -> Self {
        let count = plan.connections.len();
        Self {
            plan: plan.clone(),
            mode,
            journal: Journal::begin(mode.unit()),
            layer: Arc::default(),
            handles: Mutex::new(vec![None; count]),
            numbers: (0..count).map(|_| AtomicU32::new(0)).collect(),
            steps: AtomicU64::new(0),
        }
    }

    /// So much time of the plan.
    pub(crate) fn time(&self, time: u64) -> Duration {
        self.mode.unit() * time as u32
    }

    pub(crate) fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    pub(crate) fn count_step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// The next number of what a connection sends.
    pub(crate) fn next_number(&self, of: usize) -> u32 {
        self.numbers[of].fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn register(&self, number: usize, handle: Handle) {
        locked(&self.handles)[number] = Some(handle);
    }

    pub(crate) fn handle(&self, number: usize) -> Option<Handle> {
        locked(&self.handles).get(number).cloned().flatten()
    }
}

/// A layer of one process that can say that messages are missing, and knows what is subscribed to.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    inner: MemoryLayer,
    receiver: OnceLock<Arc<dyn Receiver>>,
    subscribed: Mutex<BTreeSet<String>>,
}

impl Watched {
    pub(crate) fn miss(&self) {
        if let Some(receiver) = self.receiver.get() {
            receiver.missed();
        }
    }
}

impl ChannelLayer for Watched {
    fn new_channel(&self) -> ChannelName {
        self.inner.new_channel()
    }

    fn attach(&self, receiver: Arc<dyn Receiver>) {
        self.inner.attach(Arc::clone(&receiver));
        // Called once.
        let _ = self.receiver.set(receiver);
    }

    fn subscribe(&self, group: &GroupName) -> LayerFuture<'static> {
        locked(&self.subscribed).insert(group.as_str().to_owned());
        self.inner.subscribe(group)
    }

    fn unsubscribe(&self, group: &GroupName) {
        locked(&self.subscribed).remove(group.as_str());
        self.inner.unsubscribe(group);
    }

    fn group_send<'a>(&'a self, group: &'a GroupName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        self.inner.group_send(group, message)
    }

    fn send<'a>(&'a self, channel: &'a ChannelName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        self.inner.send(channel, message)
    }

    fn health(&self) -> Health {
        self.inner.health()
    }

    fn check(&self) -> LayerFuture<'_> {
        self.inner.check()
    }

    fn close(&self) -> LayerFuture<'_> {
        self.inner.close()
    }
}

/// What a run came to.
pub(crate) struct Story {
    pub(crate) mode: Mode,
    pub(crate) entries: Vec<Entry>,
    pub(crate) steps: u64,
    /// What is left in the server, in words; nothing should be.
    pub(crate) left: Vec<String>,
}

fn settings(world: &World) -> Settings {
    let (knobs, time) = (&world.plan.settings, |time| world.time(time));
    let mut settings = Settings::default();
    settings.allow_missing_origin = true;
    settings.max_outgoing_bytes = knobs.max_outgoing_bytes;
    settings.max_outgoing_message_size = LONGEST;
    settings.max_waiting_messages = knobs.max_waiting_messages;
    settings.max_queued_deliveries = knobs.max_queued_deliveries;
    settings.handler_timeout = knobs.handler_timeout.map(time);
    settings.admission_timeout = time(knobs.admission_timeout);
    settings.close_timeout = time(CLOSE_TIMEOUT);
    settings.send_message_immediately = knobs.sends_immediately;
    settings.send_completion = knobs.completes;
    settings.send_authentication_message = knobs.tells_authentication;
    settings.compression = knobs.compresses.is_some();
    settings.max_compression_contexts = knobs.compresses.unwrap_or(0);
    settings.compression_threshold = 30;
    // On a real clock a busy machine would make clients slow and silent.
    if world.mode.is_exact() {
        settings.send_timeout = time(SEND_TIMEOUT);
        settings.min_send_rate = knobs.min_send_rate;
        settings.ping_interval = Some(time(PING_INTERVAL));
        settings.ping_timeout = time(PING_INTERVAL);
        settings.idle_timeout = knobs.idle_timeout.map(time);
    }
    settings
}

/// The first part of an endpoint's path.
pub(crate) fn name_of(endpoint: Endpoint) -> &'static str {
    match (endpoint.is_bare, endpoint.is_lenient) {
        (false, false) => "typed",
        (false, true) => "typed-lenient",
        (true, false) => "bare",
        (true, true) => "bare-lenient",
    }
}

/// The server of a run.
pub(crate) fn serve(world: &Arc<World>) -> (Router, Connections) {
    let routes = [
        path("typed/<int:number>/", Typed::<false>::endpoint()),
        path("typed-lenient/<int:number>/", Typed::<true>::endpoint()),
        path("bare/<int:number>/", Bare::<false>::endpoint()),
        path("bare-lenient/<int:number>/", Bare::<true>::endpoint()),
    ];
    let channels = Channels::new(Arc::clone(&world.layer) as _);
    let websockets = Websockets::with_channels(routes, &settings(world), &channels)
        .expect("the routes and settings are good")
        .extension(Arc::clone(world));
    let connections = websockets.connections();
    (websockets.into_router(), connections)
}

/// What is left in the server, in words.
pub(crate) fn left(world: &World, connections: &Connections) -> Vec<String> {
    let mut left: Vec<_> = locked(&world.layer.subscribed).iter().map(|group| format!("the group {group}")).collect();
    if !connections.is_empty() {
        left.push(format!("{} connections", connections.len()));
    }
    left
}
