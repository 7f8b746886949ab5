//! Places in the hub, which their owners give back by dropping them, however they end.

use std::sync::Arc;

use chanx_core::close::CloseCode;
use chanx_core::layer::GroupName;

use super::mailbox::{Limits, Mailbox};
use super::{Format, Hub};

/// A connection's place among the others.
#[derive(Debug)]
pub(crate) struct Registration {
    hub: Arc<Hub>,
    id: u64,
}

/// A connection's place in a group.
#[derive(Debug)]
pub(crate) struct Membership {
    hub: Arc<Hub>,
    group: GroupName,
    member: u64,
}

impl Registration {
    pub(super) fn new(hub: Arc<Hub>, id: u64) -> Self {
        Self { hub, id }
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Makes the connection reachable. One that begins while the server ends is told at once.
    pub(crate) fn open_mailbox(&self, format: Arc<dyn Format>, limits: Limits) -> Arc<Mailbox> {
        let mailbox = Arc::new(Mailbox::new(self.id, format, limits));
        let mut connections = self.hub.connections_mut();
        if connections.is_draining {
            mailbox.end(CloseCode::GOING_AWAY, "server shutdown");
        }
        connections.mailboxes.insert(self.id, Arc::clone(&mailbox));
        mailbox
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut connections = self.hub.connections_mut();
        if let Some(mailbox) = connections.mailboxes.remove(&self.id) {
            mailbox.close();
            if let Some(channel) = mailbox.channel.get() {
                connections.channels.remove(channel);
            }
        }
        drop(connections);
        self.hub.count.send_modify(|count| *count -= 1);
    }
}

impl Membership {
    pub(super) fn new(hub: Arc<Hub>, group: GroupName, member: u64) -> Self {
        Self { hub, group, member }
    }

    pub(crate) fn group(&self) -> &GroupName {
        &self.group
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.hub.groups.leave(&self.group, self.member, || self.hub.layer.unsubscribe(&self.group));
    }
}
