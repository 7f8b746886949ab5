//! Who is connected to this process, and in which groups: the end of a channel layer at which the connections are.
//!
//! The hub knows no consumer and runs no code of the application but the reading and writing of its messages.

mod fanout;
mod groups;
mod mailbox;
mod members;

pub(crate) use mailbox::{Delivery, Limits, Mailbox};
pub(crate) use members::{Membership, Registration};

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chanx_core::broadcast::{Broadcast, BroadcastError};
use chanx_core::close::CloseCode;
use chanx_core::layer::{ChannelLayer, ChannelName, Content, GroupName, LayerFuture, LayerMessage, Pressure, Receiver};
use chanx_core::session::SessionConfig;
use tokio::sync::watch;

use fanout::Fanout;
use groups::Groups;

/// How the clients of one endpoint are written to.
pub(crate) trait Format: fmt::Debug + Send + Sync {
    /// The name of the endpoint, for the log.
    fn name(&self) -> &str;

    fn config(&self) -> &SessionConfig;

    /// A group message in the words of the endpoint.
    fn broadcast(&self, content: &Content) -> Result<Broadcast, BroadcastError>;
}

/// Connections, channels and groups of one server.
#[derive(Debug)]
pub(crate) struct Hub {
    layer: Arc<dyn ChannelLayer>,
    groups: Groups,
    connections: RwLock<Connections>,
    count: watch::Sender<usize>,
    next_id: AtomicU64,
}

#[derive(Debug, Default)]
struct Connections {
    mailboxes: HashMap<u64, Arc<Mailbox>>,
    channels: HashMap<ChannelName, Arc<Mailbox>>,
    is_draining: bool,
}

impl Hub {
    /// The hub of a process that this layer connects with others.
    pub(crate) fn new(layer: Arc<dyn ChannelLayer>) -> Arc<Self> {
        let hub = Arc::new(Self {
            layer: Arc::clone(&layer),
            groups: Groups::default(),
            connections: RwLock::default(),
            count: watch::Sender::default(),
            next_id: AtomicU64::default(),
        });
        layer.attach(Arc::new(Receiving(Arc::downgrade(&hub))));
        hub
    }

    pub(crate) fn layer(&self) -> &dyn ChannelLayer {
        &*self.layer
    }

    pub(crate) fn len(&self) -> usize {
        *self.count.borrow()
    }

    /// A place for one more connection; none if there are `limit` already, or if the server ends.
    pub(crate) fn register(self: &Arc<Self>, limit: Option<usize>) -> Option<Registration> {
        let connections = self.connections_mut();
        if connections.is_draining || limit.is_some_and(|limit| self.len() >= limit) {
            return None;
        }
        self.count.send_modify(|count| *count += 1);
        Some(Registration::new(Arc::clone(self), self.next_id.fetch_add(1, Ordering::Relaxed)))
    }

    /// Closes every connection with 1001, waits until all are gone, and leaves the channel layer. New connections are
    /// refused from now on.
    pub(crate) async fn drain(&self) {
        let mailboxes: Vec<_> = {
            let mut connections = self.connections_mut();
            connections.is_draining = true;
            connections.mailboxes.values().cloned().collect()
        };
        for mailbox in mailboxes {
            mailbox.end(CloseCode::GOING_AWAY, "server shutdown");
        }
        self.drained().await;
        if let Err(error) = self.layer.close().await {
            tracing::warn!(target: "chanx::layer", %error, "the channel layer could not be left");
        }
    }

    /// Waits until there are no connections.
    pub(crate) async fn drained(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Adds a connection to a group. The future ends once the group's messages arrive here.
    pub(crate) fn join(
        self: &Arc<Self>,
        group: &GroupName,
        mailbox: &Arc<Mailbox>,
    ) -> (Membership, LayerFuture<'static>) {
        let confirmed = self.groups.join(group, Arc::clone(mailbox), || self.layer.subscribe(group));
        (Membership::new(Arc::clone(self), group.clone(), mailbox.id), confirmed)
    }

    /// The name under which a connection can be reached, made when it is first asked for.
    pub(crate) fn channel_of<'a>(&self, mailbox: &'a Arc<Mailbox>) -> &'a ChannelName {
        mailbox.channel.get_or_init(|| {
            let channel = self.layer.new_channel();
            self.connections_mut().channels.insert(channel.clone(), Arc::clone(mailbox));
            channel
        })
    }

    fn mailbox_of(&self, channel: &str) -> Option<Arc<Mailbox>> {
        self.connections().channels.get(channel).cloned()
    }

    fn sender_of(&self, message: &LayerMessage) -> Option<u64> {
        let LayerMessage::Group(message) = message else { return None };
        self.mailbox_of(message.from_channel.as_deref()?).map(|sender| sender.id)
    }

    /// The tables stay usable after a panic elsewhere: every change of them is one step.
    fn connections(&self) -> RwLockReadGuard<'_, Connections> {
        self.connections.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn connections_mut(&self) -> RwLockWriteGuard<'_, Connections> {
        self.connections.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hub as its layer knows it, which does not keep it.
#[derive(Debug)]
struct Receiving(std::sync::Weak<Hub>);

impl Receiver for Receiving {
    fn group_message(&self, group: &GroupName, message: &LayerMessage) -> Pressure {
        let Some(hub) = self.0.upgrade() else { return Pressure::Low };
        let sender = hub.sender_of(message);
        let mut pressure = Pressure::Low;
        hub.groups.each(group, |members| {
            let mut fanout = Fanout::new(message, sender);
            for member in members.values() {
                pressure = pressure.max(fanout.deliver(&member.mailbox));
            }
        });
        pressure
    }

    fn channel_message(&self, channel: &str, message: &LayerMessage) -> Pressure {
        let Some(hub) = self.0.upgrade() else { return Pressure::Low };
        let Some(mailbox) = hub.mailbox_of(channel) else { return Pressure::Low };
        Fanout::new(message, hub.sender_of(message)).deliver(&mailbox)
    }

    fn missed(&self) {
        let Some(hub) = self.0.upgrade() else { return };
        let reachable: Vec<_> = hub.connections().channels.values().cloned().collect();
        for mailbox in reachable {
            mailbox.note_missed();
        }
    }
}
