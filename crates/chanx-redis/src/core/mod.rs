//! The layer that shares groups with `channels_redis.core.RedisChannelLayer`.
//!
//! A process has one key in Redis, a sorted set in which senders leave messages, and fetches them from there with
//! `BZPOPMIN` (`inbox`). A group is a sorted set of channel names. Where Python enters each connection, a process of chanx
//! enters one *alias*, a channel name made for this one subscription; a message that comes for an alias is one for the
//! group (`members`, `upkeep`). Python notices no difference. As an alias is never used twice, a removal that is late
//! never undoes a later subscription.
//!
//! What is done otherwise than in Python, where no peer notices:
//!
//! - *A message that was fetched is not kept in an in-flight key.* Python's protects from a crash between fetching and
//!   delivering, but only within the process, whose connections are gone then; it costs two commands for each message and
//!   leaves keys behind. What a breaking connection swallows is announced by [`Receiver::missed`].
//! - *All messages that wait are fetched at once*, with a `ZPOPMIN` right behind the `BZPOPMIN`, and those of one sender keep
//!   their order: their scores grow strictly.
//! - *Sending is a script for up to 64 processes*, so that racing senders keep within the capacity, one process's broken key
//!   is not in the way of others, and a group of thousands of processes does not hold up the server.
//! - *A process that dies is forgotten within a minute.* Each process keeps a heartbeat, a key that expires; a process that
//!   sends to a group removes the aliases of processes without one, every ten seconds at most (`tidied`). An alias shows that it is one of chanx's
//!   (`chanx.` behind the `!`), and Python's members are left alone. A process that was taken for dead enters its groups
//!   again when it next looks.
//! - *Memberships are looked at every five seconds*, all of them in one round trip, and made again where the server has
//!   forgotten them: after `FLUSHALL`, an eviction, or a failover that lost them. They are renewed well before
//!   `group_expiry`, and end with the process that closes its layer.
//! - *Every server is listened to*, because channels_redis leaves messages for a single channel on the server that the
//!   whole name belongs to, and looks for them where the name up to `!` does. Messages from here are where both look.
//!
//! A group message takes two round trips, as in Python: who is in the group, and the messages for their processes. A script
//! could do both, but only without encryption and on a single server.
//!
//! `capacity` counts what waits for one process, because others count so: 100 messages that wait for one channel are in
//! the way of all channels of its process. A single message is refused then; a group message passes that process over. The
//! sender is told ([`LayerError::PassedOver`]) if it is a process of chanx; one of Python may be dead for hours, and is
//! passed over with a line in the log. A process that finds its own key full, filled by chanx or Python, tells its
//! members ([`Receiver::missed`]), and so does one that fetched something unreadable or found its registration gone.
//!
//! Messages are ordered by the time of their sender. They are too old by the sender's clock or by Redis's, whichever allows
//! more: a clock that is ahead deletes nothing. The clocks of all machines must agree well within `expiry` nevertheless, as
//! with channels_redis, whose processes go by their own.
//!
//! A connection to each server waits for messages (`session`), another one is shared by all senders and tells the server of
//! the memberships (`upkeep`). Each is replaced for itself when it breaks. A process counts as receiving once an echo that it
//! left by the one came by the other (`standing`), which shows that both work and lead to the same server. When it is
//! registered as well, it says that messages may have been missed.

mod clock;
mod inbox;
mod members;
mod names;
mod script;
mod send;
mod session;
mod standing;
mod tidied;
mod upkeep;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chanx_core::layer::{
    ChannelLayer, ChannelName, GroupName, Health, LayerError, LayerFuture, LayerMessage, Receiver,
};
use futures_util::future::{join_all, try_join_all};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::codec::Codec;
use crate::config::Config;
use crate::connection::{Link, Server};
use crate::outage::Seldom;
use clock::Clock;
use members::Members;
use names::Names;
use standing::Standing;
use tidied::Tidied;

/// The layer of `redis://`.
pub(crate) struct CoreLayer {
    shared: Arc<Shared>,
    /// One for each server, once there is a runtime and somebody to receive.
    sessions: Mutex<Vec<JoinHandle<()>>>,
}

/// What the layer and its sessions share.
struct Shared {
    config: Arc<Config>,
    names: Names,
    codec: Codec,
    clock: Clock,
    /// In the order of the ring.
    links: Vec<Link>,
    members: Members,
    /// In the order of the ring, too.
    standings: Vec<Standing>,
    receiver: OnceLock<Arc<dyn Receiver>>,
    is_closed: AtomicBool,
    garbage: Seldom,
    overflow: Seldom,
    own_overflow: Seldom,
    tidied: Tidied,
    reaped: Seldom,
    refusals: Seldom,
}

impl CoreLayer {
    pub(crate) fn new(config: Config) -> Self {
        let config = Arc::new(config);
        let links: Vec<_> = Server::all(&config).into_iter().map(Link::new).collect();
        let shared = Shared {
            names: Names::new(&config.prefix),
            codec: Codec::new(&config),
            clock: Clock::default(),
            members: Members::new(links.len()),
            standings: links.iter().map(|_| Standing::default()).collect(),
            links,
            receiver: OnceLock::new(),
            is_closed: AtomicBool::new(false),
            garbage: Seldom::default(),
            overflow: Seldom::default(),
            own_overflow: Seldom::default(),
            tidied: Tidied::default(),
            reaped: Seldom::default(),
            refusals: Seldom::default(),
            config,
        };
        Self { shared: Arc::new(shared), sessions: Mutex::default() }
    }

    /// Begins to receive, if that is possible by now and did not happen yet.
    fn start(&self) {
        let (Some(receiver), Ok(runtime)) = (self.shared.receiver.get(), Handle::try_current()) else { return };
        let mut sessions = self.sessions();
        if !sessions.is_empty() || self.shared.is_closed() {
            return;
        }
        for server in 0..self.shared.links.len() {
            sessions.push(runtime.spawn(session::run(Arc::clone(&self.shared), Arc::clone(receiver), server)));
        }
    }

    fn sessions(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the sessions, and waits for their end.
    async fn stop(&self) {
        self.shared.is_closed.store(true, Ordering::Release);
        let sessions = std::mem::take(&mut *self.sessions());
        sessions.iter().for_each(JoinHandle::abort);
        join_all(sessions).await;
    }
}

impl ChannelLayer for CoreLayer {
    fn new_channel(&self) -> ChannelName {
        self.start();
        self.shared.names.new_channel()
    }

    fn attach(&self, receiver: Arc<dyn Receiver>) {
        // A second receiver breaks the contract, and gets nothing.
        let _ = self.shared.receiver.set(receiver);
        self.start();
    }

    fn subscribe(&self, group: &GroupName) -> LayerFuture<'static> {
        self.start();
        self.shared.subscribe(group)
    }

    fn unsubscribe(&self, group: &GroupName) {
        self.shared.members.unsubscribe(group);
    }

    fn group_send<'a>(&'a self, group: &'a GroupName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        Box::pin(async move {
            self.start();
            self.shared.group_send(group, &message).await
        })
    }

    fn send<'a>(&'a self, channel: &'a ChannelName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        Box::pin(async move {
            self.start();
            self.shared.send(channel, &message).await
        })
    }

    fn health(&self) -> Health {
        let mut states = self.shared.links.iter().map(|link| link.server().outage.health());
        states.find(|health| *health != Health::Up).unwrap_or(Health::Up)
    }

    fn check(&self) -> LayerFuture<'_> {
        Box::pin(async {
            self.start();
            self.shared.open()?;
            try_join_all(self.shared.links.iter().map(Link::ping)).await?;
            Ok(())
        })
    }

    fn close(&self) -> LayerFuture<'_> {
        Box::pin(async {
            self.stop().await;
            self.shared.leave_all().await
        })
    }
}

/// Without the receiver, which may show its layer.
impl fmt::Debug for CoreLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoreLayer")
            .field("config", &self.shared.config)
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

impl Drop for CoreLayer {
    fn drop(&mut self) {
        self.sessions().iter().for_each(JoinHandle::abort);
    }
}

impl Shared {
    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    /// Whether the layer is to be used at all.
    fn open(&self) -> Result<(), LayerError> {
        if self.is_closed() {
            return Err(LayerError::Unavailable { reason: "it is closed".to_owned() });
        }
        Ok(())
    }
}
