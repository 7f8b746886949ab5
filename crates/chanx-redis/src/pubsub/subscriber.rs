//! Keeps this process subscribed at one server, through whatever happens to the connection.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chanx_core::layer::Receiver;
use tokio::select;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::ear::Queue;
use super::line::{Dialect, Line};
use super::wishes::{Turn, Wishes};
use crate::connection::{Link, Server};
use crate::outage::{Backoff, Part};
use crate::trouble::Trouble;

/// A connection that lasted this long was a good one: attempts to replace it begin without a long pause.
const LASTING: Duration = Duration::from_secs(5);

/// How often a server is asked for a sign of life.
const PULSE: Duration = Duration::from_secs(2);

/// A subscriber at one server. It connects when it is started.
#[derive(Debug)]
pub(crate) struct Subscriber {
    /// The connection for sending to the same server.
    link: Arc<Link>,
    how: How,
    wishes: Arc<Wishes>,
    tried: watch::Sender<bool>,
    task: Mutex<Option<AbortHandle>>,
}

/// What a subscriber does at its server.
#[derive(Clone, Debug)]
pub(crate) struct How {
    pub(crate) dialect: Dialect,
    /// Channels that it listens to for as long as it lives.
    pub(crate) pattern: Option<String>,
}

/// Where the news of a subscriber goes.
#[derive(Clone, Debug)]
pub(crate) struct Outlet {
    pub(crate) queue: Queue,
    pub(crate) receiver: Arc<dyn Receiver>,
    /// Told whenever a connection is lost, or cannot be made.
    pub(crate) lost: Arc<Notify>,
}

/// The part of a subscriber that runs in the background.
struct Worker {
    link: Arc<Link>,
    how: How,
    wishes: Arc<Wishes>,
    tried: watch::Sender<bool>,
    outlet: Outlet,
}

impl Subscriber {
    pub(crate) fn new(link: Arc<Link>, how: How) -> Self {
        Self { link, how, wishes: Arc::default(), tried: watch::Sender::new(false), task: Mutex::default() }
    }

    pub(crate) fn wishes(&self) -> &Wishes {
        &self.wishes
    }

    /// Begins to connect, unless that has begun already, or was stopped. Needs a runtime.
    pub(crate) fn start(&self, outlet: &Outlet) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_none() && !self.wishes.is_over() {
            *task = Some(tokio::spawn(self.worker(outlet).run()).abort_handle());
        }
    }

    /// Ends when the first attempt to connect is over, whatever came of it.
    pub(crate) async fn tried(&self) {
        // The sender is here.
        let _ = self.tried.subscribe().wait_for(|tried| *tried).await;
    }

    /// Ends the connection, and with it all subscriptions.
    pub(crate) fn stop(&self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            task.abort();
        }
        self.wishes.end();
        self.tried.send_replace(true);
    }

    fn worker(&self, outlet: &Outlet) -> Worker {
        Worker {
            link: Arc::clone(&self.link),
            how: self.how.clone(),
            wishes: Arc::clone(&self.wishes),
            tried: self.tried.clone(),
            outlet: outlet.clone(),
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Worker {
    async fn run(self) {
        let mut backoff = Backoff::new();
        loop {
            let start = Instant::now();
            let Err(trouble) = self.serve().await;
            self.lost(&trouble);
            if start.elapsed() >= LASTING {
                backoff = Backoff::new();
                sleep(backoff.after(&trouble, self.server().config().dead_after)).await;
            } else {
                sleep(backoff.pause()).await;
            }
        }
    }

    /// Connects, and fulfills wishes until the connection is lost.
    async fn serve(&self) -> Result<Infallible, Trouble> {
        let mut line = Line::open(self.server(), self.how.dialect, self.outlet.queue.clone()).await?;
        if let Some(pattern) = &self.how.pattern {
            line.listen_to_pattern(pattern).await?;
        }
        if self.how.dialect == Dialect::Sharded {
            line.look().await?;
        }
        line.fulfill(self.wishes.whole(), &self.wishes).await?;
        // Whoever hears that the server is back wants to send, too, and to the same server.
        self.link.follow(line.address());
        self.link.hurry();
        self.link.ping().await?;
        self.report_refusals();
        self.connected();
        let pulse = PULSE.min(self.server().config().dead_after);
        let mut pulse = interval_at(Instant::now() + pulse, pulse);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let address = line.address().clone();
        let mut replaced = pin!(self.server().is_replaced(&address));
        loop {
            select! {
                trouble = line.lost() => return Err(trouble),
                trouble = &mut replaced => return Err(trouble),
                () = self.wishes.changed() => {
                    let turn = self.wishes.turn(line.held());
                    self.fulfill(&mut line, turn).await?;
                }
                _ = pulse.tick() => {
                    line.look().await?;
                    if let Some(turn) = self.wishes.retry() {
                        self.fulfill(&mut line, turn).await?;
                    }
                }
            }
        }
    }

    async fn fulfill(&self, line: &mut Line, turn: Turn) -> Result<(), Trouble> {
        let is_back = line.fulfill(turn, &self.wishes).await?;
        self.report_refusals();
        if is_back {
            self.outlet.receiver.missed();
        }
        Ok(())
    }

    /// Members that the server lets hear nothing are an outage of theirs.
    fn report_refusals(&self) {
        let outage = &self.server().outage;
        match self.wishes.refused() {
            0 => outage.end(Part::Groups),
            count => {
                let reason = format!("the server refuses {count} subscriptions that it took before");
                outage.begin(Part::Groups, &reason);
            }
        }
    }

    fn connected(&self) {
        self.server().outage.end(Part::Session);
        if self.tried.send_replace(true) {
            self.outlet.receiver.missed();
        }
    }

    fn server(&self) -> &Server {
        self.link.server()
    }

    fn lost(&self, trouble: &Trouble) {
        self.server().outage.begin(Part::Session, &trouble.to_string());
        self.wishes.went_down();
        self.tried.send_replace(true);
        self.link.look();
        self.outlet.lost.notify_one();
    }
}
