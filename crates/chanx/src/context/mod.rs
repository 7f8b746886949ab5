//! What a handler can do with its connection.

mod group_send;
mod groups;

pub use group_send::{GroupSend, SendGroupError};
pub use groups::JoinError;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use chanx_core::close::InvalidCloseCode;
use chanx_core::session::SendError;
use futures_util::FutureExt;
use http::Extensions;
use thiserror::Error;
use tokio::task::JoinSet;

use crate::auth::Authentication;
use crate::consumer::{Consumer, HandlerError, Result};
use crate::driver::panic_text;
use crate::handshake::Handshake;
use crate::hub::Memberships;
use crate::label;
use crate::mounted::Mounted;
use crate::peer::Peer;
use crate::shared::SharedSession;
use crate::users::UserPlace;

/// The user of a consumer's connections.
pub type UserOf<C> = <<C as Consumer>::Authentication as Authentication>::User;

/// The connection of a consumer, as its handlers see it: who and what it is, and ways to answer.
pub struct Context<C: Consumer> {
    session: SharedSession,
    /// Until the connection is admitted, unless its consumer keeps it.
    handshake: Option<Box<Handshake>>,
    subprotocol: Option<&'static &'static str>,
    /// What is attached to the application.
    attached: Arc<Extensions>,
    user: UserOf<C>,
    object: C::Object,
    mounted: Arc<Mounted>,
    memberships: Memberships,
    /// In a box, as most connections spawn nothing.
    tasks: Option<Box<JoinSet<()>>>,
    _place: Option<UserPlace>,
}

impl<C: Consumer> Context<C> {
    pub(crate) fn new(
        session: SharedSession,
        handshake: Box<Handshake>,
        (user, object, place): (UserOf<C>, C::Object, Option<UserPlace>),
        (mounted, memberships): (Arc<Mounted>, Memberships),
    ) -> Self {
        let (subprotocol, attached) = (handshake.chosen_subprotocol(), Arc::clone(handshake.shared()));
        Self {
            session,
            handshake: Some(handshake),
            subprotocol,
            attached,
            user,
            object,
            mounted,
            memberships,
            tasks: None,
            _place: place,
        }
    }

    /// Drops the request, once the connection is admitted.
    pub(crate) fn admitted(&mut self) {
        if !self.mounted.keep_handshake {
            self.handshake = None;
        }
    }

    pub(crate) fn mounted(&self) -> &Mounted {
        &self.mounted
    }

    /// Who is on the other side; possibly nobody, if the permissions let nobody in too.
    pub fn user(&self) -> &UserOf<C> {
        &self.user
    }

    /// What this connection is about.
    pub fn object(&self) -> &C::Object {
        &self.object
    }

    /// The same, to change it for the life of this connection.
    pub fn object_mut(&mut self) -> &mut C::Object {
        &mut self.object
    }

    /// The request that opened the connection, with its headers, cookies and path parameters: in
    /// [`connect`](Consumer::connect), [`build_groups`](Consumer::build_groups) and
    /// [`post_authentication`](Consumer::post_authentication). Take from it there what is needed later.
    ///
    /// # Errors
    /// Afterwards the request is gone, since it may be long and hold credentials, unless the consumer says
    /// [`Overrides::keep_handshake`](crate::Overrides::keep_handshake).
    pub fn handshake(&self) -> Result<&Handshake> {
        let gone = "the request is dropped once the connection is admitted: read it in `connect`, or return \
                    `Overrides::new().keep_handshake(true)` from `overrides`";
        self.handshake.as_deref().ok_or_else(|| HandlerError::new(gone))
    }

    /// The subprotocol that was chosen, of those in [`Consumer::subprotocols`].
    pub fn subprotocol(&self) -> Option<&'static str> {
        self.subprotocol.copied()
    }

    /// A value that was attached to the application with [`Websockets::extension`](crate::Websockets::extension), by its
    /// type. Values that axum layers attach belong to the request: [`Handshake::extension`] finds them.
    ///
    /// # Errors
    /// Nothing of that type was attached.
    pub fn state<T: Clone + Send + Sync + 'static>(&self) -> Result<&T> {
        let missing = || HandlerError::new(format!("no `{}` is attached", std::any::type_name::<T>()));
        self.attached.get().ok_or_else(missing)
    }

    /// The connection's name in the log.
    pub fn connection_id(&self) -> &str {
        self.session.label().id()
    }

    /// Sends a message to this client, as an answer to the message that is being handled.
    ///
    /// Waits while too much is on its way to the client already (`max_outgoing_bytes`).
    ///
    /// # Errors
    /// A closed connection, a message without a JSON form, or one that is longer than `max_outgoing_message_size`.
    pub async fn send_message(&mut self, message: impl Into<C::Outgoing>) -> std::result::Result<(), SendError> {
        let message = message.into();
        self.session.room().await;
        self.session.borrow_mut().send(&message)
    }

    /// Sends a text message as it is, past the declared messages. Waits as [`send_message`](Self::send_message) does.
    ///
    /// # Errors
    /// A closed connection, or a text that is longer than `max_outgoing_message_size`.
    pub async fn send_text(&mut self, text: &str) -> std::result::Result<(), SendError> {
        self.session.room().await;
        self.session.borrow_mut().send_text(text)
    }

    /// Sends a binary message. Waits as [`send_message`](Self::send_message) does.
    ///
    /// # Errors
    /// A closed connection, or more bytes than `max_outgoing_message_size`.
    pub async fn send_binary(&mut self, bytes: &[u8]) -> std::result::Result<(), SendError> {
        self.session.room().await;
        self.session.borrow_mut().send_binary(bytes)
    }

    /// Closes the connection with 1000. What was sent before still arrives; nothing more is handled.
    pub fn close(&mut self) {
        // 1000 can always be sent.
        let _ = self.close_with(1000, "");
    }

    /// Closes the connection with this code (1000–1003, 1007–1014, 3000–4999) and a reason of up to 123 bytes; more
    /// is cut off.
    ///
    /// # Errors
    /// A code that must not be sent; the connection stays open.
    pub fn close_with(&mut self, code: u16, reason: &str) -> std::result::Result<(), InvalidCloseCode> {
        self.session.borrow_mut().close(code, reason)
    }

    /// A handle to this connection for work outside its handlers. What it sends answers the message that is being
    /// handled now.
    pub fn peer(&self) -> Peer<C::Outgoing> {
        let session = self.session.borrow();
        Peer::new(Arc::clone(self.memberships.mailbox()), session.envelope().clone(), session.shared_config())
    }

    /// Runs long work beside the handlers. It ends with the connection, at any point at which it waits. An error or a panic
    /// of it is logged, and leaves the connection open.
    ///
    /// # Errors
    /// As many tasks of this connection run already as `max_spawned_tasks` allows: a client whose messages spawn work must
    /// not be able to make the server run any number of tasks.
    pub fn spawn<F>(&mut self, work: impl FnOnce(Peer<C::Outgoing>) -> F) -> std::result::Result<(), SpawnError>
    where
        F: Future<Output = Result> + Send + 'static,
    {
        let limit = self.mounted.max_spawned_tasks;
        let tasks = self.tasks.get_or_insert_default();
        while tasks.try_join_next().is_some() {}
        if tasks.len() >= limit {
            return Err(SpawnError::TooMany { limit });
        }
        let work = work(self.peer());
        self.tasks.get_or_insert_default().spawn(label::inherit(report(work)));
        Ok(())
    }
}

/// Why work was not spawned.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// The connection runs as many tasks as it may (`max_spawned_tasks`).
    #[error("a connection may run {limit} tasks beside its handlers at most (`max_spawned_tasks`)")]
    TooMany {
        /// How many are allowed.
        limit: usize,
    },
}

/// Logs how spawned work failed.
async fn report(work: impl Future<Output = Result>) {
    let error = match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(())) => return,
        Ok(Err(error)) if error.is_closed() => return,
        Ok(Err(error)) => error.report(),
        Err(panic) => panic_text(&*panic),
    };
    tracing::error!(error, "spawned work failed");
}

impl<C: Consumer> std::fmt::Debug for Context<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("connection_id", &self.connection_id()).finish_non_exhaustive()
    }
}
