//! Receiving at one server: one connection after the other, each as long as it is of use.

use std::sync::Arc;
use std::time::Duration;

use chanx_core::layer::Receiver;
use redis::aio::MultiplexedConnection;
use tokio::time::{Instant, sleep};

use super::Shared;
use super::standing::Turn;
use crate::outage::{Backoff, Part};
use crate::trouble::Trouble;

/// After working for so long, the pauses between attempts begin anew.
pub(super) const LASTING: Duration = Duration::from_secs(5);

/// Receives at a server, and keeps it informed. Neither loop ends when the other fails.
pub(super) async fn run(shared: Arc<Shared>, receiver: Arc<dyn Receiver>, server: usize) {
    tokio::join!(shared.receive(&*receiver, server), shared.keep_up(&*receiver, server));
}

impl Shared {
    async fn receive(&self, receiver: &dyn Receiver, server: usize) {
        let mut backoff = Backoff::new();
        loop {
            let trouble = match self.links[server].server().open().await {
                Ok(connection) => self.serve(receiver, server, connection, &mut backoff).await,
                Err(trouble) => trouble,
            };
            self.receives_not(server, &trouble);
            sleep(backoff.pause()).await;
        }
    }

    /// Hands over what arrives, until the connection is of no use. A server that refuses keeps its connection, and is
    /// asked again.
    async fn serve(
        &self,
        receiver: &dyn Receiver,
        server: usize,
        mut connection: MultiplexedConnection,
        backoff: &mut Backoff,
    ) -> Trouble {
        let link = &self.links[server];
        let standing = &self.standings[server];
        // The connection of the senders is worth another attempt, too.
        link.hurry();
        standing.opened();
        let mut working_since = None;
        loop {
            let fetched = self.fetch(&mut connection).await;
            self.deliver_all(receiver, server, &fetched).await;
            match (fetched.trouble, standing.turned(fetched.echo)) {
                (Some(trouble @ Trouble::Lost(_)), _) => return trouble,
                (Some(trouble), _) => {
                    working_since = None;
                    self.receives_not(server, &trouble);
                    sleep(backoff.pause()).await;
                }
                (None, Turn::Diverged) => {
                    link.renew();
                    return Trouble::Lost("the connections that send and receive are at different servers".to_owned());
                }
                (None, Turn::Unproven) => {}
                (None, Turn::Receives) => {
                    link.server().outage.end(Part::Receiving);
                    if working_since.get_or_insert_with(Instant::now).elapsed() >= LASTING {
                        *backoff = Backoff::new();
                    }
                }
            }
            self.tell_losses(receiver, server);
        }
    }

    fn receives_not(&self, server: usize, trouble: &Trouble) {
        self.links[server].server().outage.begin(Part::Receiving, &trouble.to_string());
        self.standings[server].failed();
    }

    /// Tells the members if messages may have been lost and the time is right.
    pub(super) fn tell_losses(&self, receiver: &dyn Receiver, server: usize) {
        if self.standings[server].take_notice() {
            receiver.missed();
        }
    }
}
