//! The load: clients that stay, come and go, read slowly, or break the rules, each of them a task, all in one thread.

mod churner;
mod client;
mod malformed;
mod publisher;
mod session;
mod shape;
mod slow;
mod steady;
mod words;

pub(super) use shape::Shape;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::book::Book;
use super::dice::Dice;

/// How many connect at the same time.
const AT_ONCE: usize = 64;
/// How long the server may take for what it must do.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the clients are to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// All that they can.
    Going,
    /// Nothing is said to groups any more.
    Quiet,
    /// Everybody goes.
    Leaving,
}

/// What all clients share.
#[derive(Debug)]
pub(super) struct World {
    addresses: Vec<SocketAddr>,
    shape: Shape,
    book: Arc<Mutex<Book>>,
    /// What was done, by name, and how often.
    deeds: Arc<Mutex<BTreeMap<&'static str, u64>>>,
    stage: watch::Receiver<Stage>,
    /// How many connections the server has closed because their clients were slow.
    too_slow: watch::Receiver<u64>,
    gate: Semaphore,
}

/// A running load.
#[derive(Debug)]
pub(super) struct Crowd {
    thread: JoinHandle<()>,
    stage: watch::Sender<Stage>,
    too_slow: watch::Sender<u64>,
}

/// What outlives a load.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    pub(super) book: Arc<Mutex<Book>>,
    pub(super) deeds: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl Notes {
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Crowd {
    /// Lets the clients come.
    pub(super) fn start(addresses: &[SocketAddr], shape: Shape, seed: u64, notes: &Notes) -> std::io::Result<Self> {
        let (stage, stages) = watch::channel(Stage::Going);
        let (too_slow, slow) = watch::channel(0);
        let world = Arc::new(World {
            addresses: addresses.to_vec(),
            shape,
            book: Arc::clone(&notes.book),
            deeds: Arc::clone(&notes.deeds),
            stage: stages,
            too_slow: slow,
            gate: Semaphore::new(AT_ONCE),
        });
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::spawn(move || runtime.block_on(everybody(&world, seed)));
        Ok(Self { thread, stage, too_slow })
    }

    pub(super) fn set_stage(&self, stage: Stage) {
        self.stage.send_replace(stage);
    }

    pub(super) fn set_too_slow(&self, count: u64) {
        self.too_slow.send_if_modified(|known| std::mem::replace(known, count) != count);
    }

    pub(super) fn is_over(&self) -> bool {
        self.thread.is_finished()
    }
}

async fn everybody(world: &Arc<World>, seed: u64) {
    let mut tasks = JoinSet::new();
    let shape = &world.shape;
    let mut clients = 0;
    let mut dice = || {
        clients += 1;
        Dice::new(seed, clients)
    };
    for number in 0..shape.steady {
        tasks.spawn(steady::stay(Arc::clone(world), number));
    }
    for group in 0..shape.loud() {
        tasks.spawn(publisher::publish(Arc::clone(world), group, publisher::USUAL, dice()));
    }
    tasks.spawn(publisher::publish(Arc::clone(world), shape.loud(), publisher::LOUD, dice()));
    for number in 0..shape.churners {
        tasks.spawn(churner::come_and_go(Arc::clone(world), number, dice()));
    }
    for number in 0..shape.slow {
        tasks.spawn(slow::read(Arc::clone(world), number, dice()));
    }
    for number in 0..shape.malformed {
        tasks.spawn(malformed::break_rules(Arc::clone(world), number, dice()));
    }
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            world.fault(format!("a client of the load failed: {error}"));
        }
    }
}

impl World {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, what: impl Into<String>) {
        self.book().fault(what);
    }

    /// Counts something that was done.
    fn did(&self, what: &'static str) {
        *self.deeds.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += 1;
    }

    fn address(&self, number: u32) -> SocketAddr {
        self.addresses[number as usize % self.addresses.len()]
    }

    fn is_going(&self) -> bool {
        *self.stage.borrow() == Stage::Going
    }

    fn is_leaving(&self) -> bool {
        *self.stage.borrow() == Stage::Leaving
    }

    /// Ends when this stage is reached.
    async fn until(&self, stage: Stage) {
        let mut stages = self.stage.clone();
        // The sender lives as long as the load; without it there is nothing to stay for.
        let _ = stages.wait_for(|now| *now >= stage).await;
    }

    /// Waits, but not beyond the beginning of this stage. Yields whether the time has passed.
    async fn rest(&self, time: Duration, stage: Stage) -> bool {
        tokio::select! {
            () = sleep(time) => true,
            () = self.until(stage) => false,
        }
    }
}
