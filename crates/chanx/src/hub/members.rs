//! Places in the hub, which their owners give back by dropping them, however they end.

use std::sync::Arc;

use chanx_core::close::CloseCode;
use chanx_core::layer::{GroupName, LayerError, LayerFuture};

use super::mailbox::Mailbox;
use super::roster::{Place, Roster};
use super::{Format, Hub};

/// A connection's place among the others.
#[derive(Debug)]
pub(crate) struct Registration {
    hub: Arc<Hub>,
    id: u64,
    /// The place on the list of its endpoint.
    place: Option<Place>,
}

/// The groups of a connection, which it leaves when this is dropped.
#[derive(Debug)]
pub(crate) struct Memberships {
    hub: Arc<Hub>,
    mailbox: Arc<Mailbox>,
    /// With no more room than it needs, as it seldom changes.
    joined: Box<[GroupName]>,
    /// Whether the connection is in the groups of its user and of everyone, whose names are made again when they are needed.
    is_in_audiences: bool,
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
        self.hub.flusher.run_here();
        self.place = Some(roster.add(&mailbox));
        if self.hub.is_draining() {
            mailbox.end(CloseCode::GOING_AWAY, "server shutdown");
        }
        mailbox
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if let Some(mailbox) = self.place.take().and_then(|place| place.leave(self.id)) {
            mailbox.close();
            if let Some(channel) = mailbox.channel.get() {
                self.hub.channels_mut().remove(channel);
            }
        }
        self.hub.count.send_modify(|count| *count -= 1);
    }
}

impl Memberships {
    pub(crate) fn new(hub: Arc<Hub>, mailbox: Arc<Mailbox>) -> Self {
        Self { hub, mailbox, joined: Box::default(), is_in_audiences: false }
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    pub(crate) fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// The groups in the order of joining, without the audiences.
    pub(crate) fn names(&self) -> &[GroupName] {
        &self.joined
    }

    /// Joins all of these groups or, where the layer refuses one, none. Messages of theirs arrive from then on.
    pub(crate) async fn join(&mut self, groups: &[GroupName]) -> Result<(), LayerError> {
        let entered = self.enter(groups).await?.take();
        self.change(|joined| joined.extend(entered));
        Ok(())
    }

    /// Joins what makes the connection reachable for its user and for everyone.
    pub(crate) async fn join_audiences(&mut self) -> Result<(), LayerError> {
        self.enter(&audiences(&self.mailbox)).await?.take();
        self.is_in_audiences = true;
        Ok(())
    }

    pub(crate) fn leave(&mut self, group: &GroupName) {
        if let Some(index) = self.joined.iter().position(|joined| joined == group) {
            self.change(|joined| drop(joined.remove(index)));
            self.hub.leave(group, &self.mailbox);
        }
    }

    /// Whoever gives up waiting is in none of the groups.
    async fn enter(&self, groups: &[GroupName]) -> Result<Self, LayerError> {
        let mut entered = Self::new(Arc::clone(&self.hub), Arc::clone(&self.mailbox));
        // All are asked for before one is waited for.
        let confirmations: Vec<_> = groups.iter().map(|group| entered.add(group)).collect();
        for confirmed in confirmations {
            confirmed.await?;
        }
        Ok(entered)
    }

    fn add(&mut self, group: &GroupName) -> LayerFuture<'static> {
        let (name, confirmed) = self.hub.join(group, &self.mailbox);
        self.change(|joined| {
            joined.reserve_exact(1);
            joined.push(name);
        });
        confirmed
    }

    fn change(&mut self, change: impl FnOnce(&mut Vec<GroupName>)) {
        let mut joined = std::mem::take(&mut self.joined).into_vec();
        change(&mut joined);
        self.joined = joined.into_boxed_slice();
    }

    fn take(mut self) -> Box<[GroupName]> {
        std::mem::take(&mut self.joined)
    }
}

impl Drop for Memberships {
    fn drop(&mut self) {
        let audiences = self.is_in_audiences.then(|| audiences(&self.mailbox));
        for group in self.joined.iter().chain(audiences.iter().flatten()) {
            self.hub.leave(group, &self.mailbox);
        }
    }
}

fn audiences(mailbox: &Mailbox) -> Vec<GroupName> {
    mailbox.user().map(GroupName::of_identity).into_iter().chain([GroupName::everyone()]).collect()
}
