//! The connections of one server: how many there are, and how to tell all of them that it ends.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chanx_core::close::CloseCode;
use tokio::sync::{mpsc, watch};

use crate::peer::Delivery;

/// All connections of a [`Websockets`](crate::Websockets). Clones are the same list.
#[derive(Clone, Debug, Default)]
pub struct Connections(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    next_id: AtomicU64,
    list: Mutex<List>,
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct List {
    mailboxes: HashMap<u64, mpsc::Sender<Delivery>>,
    is_draining: bool,
}

/// A place in the list, which its connection gives back by dropping it.
#[derive(Debug)]
pub(crate) struct Registration {
    id: u64,
    shared: Arc<Shared>,
}

impl Connections {
    /// How many connections there are.
    pub fn len(&self) -> usize {
        *self.0.count.borrow()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Closes every connection with 1001 and waits until all are gone. New ones are refused from now on.
    pub async fn drain(&self) {
        let mailboxes: Vec<_> = {
            let mut list = self.0.list();
            list.is_draining = true;
            list.mailboxes.values().cloned().collect()
        };
        for mailbox in mailboxes {
            // A full mailbox belongs to a connection that does not listen; it ends with the server.
            let _ = mailbox.try_send(Delivery::Close(CloseCode::GOING_AWAY, "server shutdown"));
        }
        self.drained().await;
    }

    /// Waits until there are no connections.
    pub async fn drained(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.0.count.subscribe().wait_for(|count| *count == 0).await;
    }

    /// A place for one more connection; none if there are `limit` already, or if the server ends.
    pub(crate) fn register(&self, limit: Option<usize>) -> Option<Registration> {
        let list = self.0.list();
        if list.is_draining || limit.is_some_and(|limit| self.len() >= limit) {
            return None;
        }
        self.0.count.send_modify(|count| *count += 1);
        let id = self.0.next_id.fetch_add(1, Ordering::Relaxed);
        Some(Registration { id, shared: Arc::clone(&self.0) })
    }
}

impl Registration {
    /// Makes the connection reachable. One that begins while the server ends is told at once.
    pub(crate) fn announce(&self, mailbox: &mpsc::Sender<Delivery>) {
        let mut list = self.shared.list();
        if list.is_draining {
            let _ = mailbox.try_send(Delivery::Close(CloseCode::GOING_AWAY, "server shutdown"));
        }
        list.mailboxes.insert(self.id, mailbox.clone());
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.shared.list().mailboxes.remove(&self.id);
        self.shared.count.send_modify(|count| *count -= 1);
    }
}

impl Shared {
    /// The list stays usable after a panic elsewhere: every change of it is one step.
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
