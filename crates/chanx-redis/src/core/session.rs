//! The life of this process at one server: sessions, and the time between them.

use std::sync::Arc;

use chanx_core::layer::Receiver;
use tokio::time::sleep;

use super::Shared;
use crate::outage::{Backoff, Part};
use crate::trouble::Trouble;

/// Receives at a server, one session after the other.
pub(super) async fn run(shared: Arc<Shared>, receiver: Arc<dyn Receiver>, server: usize) {
    let outage = &shared.links[server].server().outage;
    let mut backoff = Backoff::new();
    let mut is_back = false;
    loop {
        let trouble = shared.session(&*receiver, server, is_back).await;
        if !outage.is_down(Part::Session) {
            backoff = Backoff::new();
        }
        outage.begin(Part::Session, &trouble.to_string());
        shared.members.set_down(server, true);
        is_back = true;
        sleep(backoff.pause()).await;
    }
}

impl Shared {
    /// Connects, and receives and keeps the server informed until one of both is impossible.
    async fn session(&self, receiver: &dyn Receiver, server: usize, is_back: bool) -> Trouble {
        let link = &self.links[server];
        let connection = match link.server().open().await {
            Ok(connection) => connection,
            Err(trouble) => return trouble,
        };
        // So that the connection of those who send is a good one, too.
        link.hurry();
        if let Err(trouble) = link.ping().await {
            return trouble;
        }
        self.members.renew(server);
        tokio::select! {
            trouble = self.receive(receiver, connection) => trouble,
            trouble = self.keep_up(receiver, server, is_back) => trouble,
        }
    }
}
