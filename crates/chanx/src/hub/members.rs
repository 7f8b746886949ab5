//! Places in the hub, which their owners give back by dropping them, however they end.

use std::sync::Arc;

use chanx_core::close::CloseCode;
use chanx_core::layer::GroupName;

use super::mailbox::Mailbox;
use super::roster::{Place, Roster};
use super::{Format, Hub};

/// A connection's place among the others.
#[derive(Debug)]
pub(crate) struct Registration {
    hub: Arc<Hub>,
    id: u64,
    place: Option<(Arc<Roster>, Place)>,
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
        Self { hub, id, place: None }
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Makes the connection reachable. One that begins while the server ends is told at once.
    pub(crate) fn open_mailbox(&mut self, roster: &Arc<Roster>, format: Arc<dyn Format>) -> Arc<Mailbox> {
        let mailbox = Arc::new(Mailbox::new(self.id, format));
        self.place = Some((Arc::clone(roster), roster.add(Arc::clone(&mailbox))));
        if self.hub.is_draining() {
            mailbox.end(CloseCode::GOING_AWAY, "server shutdown");
        }
        mailbox
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if let Some(mailbox) = self.place.take().and_then(|(roster, place)| roster.remove(place)) {
            mailbox.close();
            if let Some(channel) = mailbox.channel.get() {
                self.hub.channels_mut().remove(channel);
            }
        }
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
