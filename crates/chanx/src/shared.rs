//! The protocol state of a connection, which its driver and its handlers take turns with.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use atomic_refcell::{AtomicRef, AtomicRefCell, AtomicRefMut};
use chanx_core::session::Session;
use futures_util::task::AtomicWaker;

use crate::label::ConnectionLabel;

/// A session in a cell. Driver and handlers run in one task, so that a borrow which is taken twice is a defect; the
/// cell is a lock in nothing but its type.
#[derive(Clone, Debug)]
pub(crate) struct SharedSession(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    label: ConnectionLabel,
    session: AtomicRefCell<Session>,
    /// The handler that waits for room, if one does.
    waiting: AtomicWaker,
}

impl SharedSession {
    pub(crate) fn new(label: ConnectionLabel, session: Session) -> Self {
        Self(Arc::new(Inner { label, session: AtomicRefCell::new(session), waiting: AtomicWaker::new() }))
    }

    pub(crate) fn label(&self) -> &ConnectionLabel {
        &self.0.label
    }

    pub(crate) fn borrow(&self) -> AtomicRef<'_, Session> {
        self.0.session.borrow()
    }

    pub(crate) fn borrow_mut(&self) -> AtomicRefMut<'_, Session> {
        self.0.session.borrow_mut()
    }

    /// Waits until the peer has taken enough of what was sent, or has gone. A handler that sends on and on to a client that
    /// takes everything never has to wait for it, and lets others have their turn here.
    pub(crate) async fn room(&self) {
        tokio::task::consume_budget().await;
        poll_fn(|task| {
            let session = self.borrow();
            if session.has_room() || session.is_ending() {
                return Poll::Ready(());
            }
            self.0.waiting.register(task.waker());
            Poll::Pending
        })
        .await;
    }

    /// Lets whoever waits for room look again.
    pub(crate) fn made_room(&self) {
        self.0.waiting.wake();
    }
}
