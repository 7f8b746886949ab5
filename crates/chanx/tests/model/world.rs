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
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::time::sleep;

use crate::client::Client;
use crate::consumer::{Bare, Handle, Typed, within};
use crate::journal::{Entry, Journal, What};
use crate::plan::{CLOSE_TIMEOUT, Endpoint, Knobs, LONGEST, PING_INTERVAL, Plan, SEND_TIMEOUT};
use crate::{log, stream};

/// What consumers, clients and streams of a run share.
pub(crate) struct World {
    pub(crate) plan: Plan,
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
    fn new(plan: &Plan) -> Self {
        let count = plan.connections.len();
        Self {
            plan: plan.clone(),
            journal: Journal::begin(),
            layer: Arc::default(),
            handles: Mutex::new(vec![None; count]),
            numbers: (0..count).map(|_| AtomicU32::new(0)).collect(),
            steps: AtomicU64::new(0),
        }
    }

    /// So much time of the plan.
    pub(crate) fn time(&self, time: u64) -> Duration {
        Duration::from_millis(time)
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
        locked(&self.handles)[number].clone()
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
    pub(crate) entries: Vec<Entry>,
    pub(crate) steps: u64,
    /// What is left in the server, in words; nothing should be.
    pub(crate) left: Vec<String>,
}

fn settings(knobs: &Knobs) -> Settings {
    let time = Duration::from_millis;
    let mut settings = Settings::default();
    settings.allow_missing_origin = true;
    settings.max_outgoing_bytes = knobs.max_outgoing_bytes;
    settings.max_outgoing_message_size = LONGEST;
    settings.max_waiting_messages = knobs.max_waiting_messages;
    settings.max_queued_deliveries = knobs.max_queued_deliveries;
    settings.handler_timeout = knobs.handler_timeout.map(time);
    settings.admission_timeout = time(knobs.admission_timeout);
    settings.close_timeout = time(CLOSE_TIMEOUT);
    settings.send_timeout = time(SEND_TIMEOUT);
    settings.min_send_rate = knobs.min_send_rate;
    settings.ping_interval = Some(time(PING_INTERVAL));
    settings.ping_timeout = time(PING_INTERVAL);
    settings.idle_timeout = knobs.idle_timeout.map(time);
    settings.send_message_immediately = knobs.sends_immediately;
    settings.send_completion = knobs.completes;
    settings.send_authentication_message = knobs.tells_authentication;
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

fn serve(world: &Arc<World>) -> (Router, Connections) {
    let routes = [
        path("typed/<int:number>/", Typed::<false>::endpoint()),
        path("typed-lenient/<int:number>/", Typed::<true>::endpoint()),
        path("bare/<int:number>/", Bare::<false>::endpoint()),
        path("bare-lenient/<int:number>/", Bare::<true>::endpoint()),
    ];
    let channels = Channels::new(Arc::clone(&world.layer) as _);
    let websockets = Websockets::with_channels(routes, &settings(&world.plan.settings), &channels)
        .expect("the routes and settings are good")
        .extension(Arc::clone(world));
    let connections = websockets.connections();
    (websockets.into_router(), connections)
}

/// Runs a plan on a clock that moves when nothing else does.
pub(crate) fn run(plan: &Plan) -> Story {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(live(plan))
}

async fn live(plan: &Plan) -> Story {
    let world = Arc::new(World::new(plan));
    let _log = log::record(&world.journal);
    HERE.set(Some(world.journal.clone()));
    let (app, connections) = serve(&world);
    let clients: Vec<_> = (0..plan.connections.len()).map(|number| connect(&world, &app, number)).collect();
    let playing: Vec<_> = clients.iter().map(|client| tokio::spawn(client.clone().play())).collect();
    for play in playing {
        play.await.expect("no client panics");
    }
    let stalled = rest(&world, &clients).await;
    end(&world, &clients, &connections).await;
    let steps = clients.iter().map(Client::steps).sum::<u64>() + world.steps.load(Ordering::Relaxed);
    let left = [stalled, left(&world, &connections)].concat();
    Story { entries: world.journal.entries(), steps, left }
}

fn connect(world: &Arc<World>, app: &Router, number: usize) -> Client {
    let seed = world.plan.seed.wrapping_mul(31).wrapping_add(number as u64);
    let (client, server) = stream::pipe(&world.plan.connections[number].stream, seed, &world.journal, number);
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(server), TowerToHyperService::new(app.clone()));
    tokio::spawn(connection.with_upgrades());
    Client::new(world, number, client)
}

/// Lets everything come to rest. Yields the clients that should have been given up meanwhile.
async fn rest(world: &Arc<World>, clients: &[Client]) -> Vec<String> {
    let mut stalled = Vec::new();
    if world.plan.stays_slow {
        sleep(world.time(2 * SEND_TIMEOUT)).await;
        let limit = world.journal.now() - SEND_TIMEOUT * 3 / 2;
        let is_stalled = |(number, client): (usize, &Client)| {
            client.full_since().is_some_and(|since| since < limit).then(|| format!("{number}, which takes nothing,"))
        };
        stalled = clients.iter().enumerate().filter_map(is_stalled).collect();
    }
    world.journal.note(None, What::Prompt);
    for client in clients {
        client.be_prompt();
    }
    sleep(world.time(2 * SEND_TIMEOUT)).await;
    stalled
}

/// Asks who is still there, and ends the server.
async fn end(world: &Arc<World>, clients: &[Client], connections: &Connections) {
    world.journal.note(None, What::Quiet);
    for client in clients {
        client.probe();
    }
    sleep(world.time(100)).await;
    world.journal.note(None, What::Quiet);
    if world.plan.clients_close {
        for client in clients {
            client.close(1000);
        }
        sleep(world.time(CLOSE_TIMEOUT + 20)).await;
    }
    world.journal.note(None, What::Drain);
    within(world.time(60_000), "the end of all connections", connections.drain()).await;
    world.journal.note(None, What::Drained);
    // What clients still have to see.
    sleep(world.time(50)).await;
}

fn left(world: &World, connections: &Connections) -> Vec<String> {
    let mut left: Vec<_> = locked(&world.layer.subscribed).iter().map(|group| format!("the group {group}")).collect();
    if !connections.is_empty() {
        left.push(format!("{} connections", connections.len()));
    }
    left
}
