//! A connection, seen from outside its handlers.

use std::marker::PhantomData;
use std::sync::Arc;

use chanx_core::close::CloseCode;
use chanx_core::encode::encode;
use chanx_core::message::OutgoingMessage;
use chanx_core::session::{SendError, SessionConfig};
use chanx_core::wire::Envelope;
use tokio::sync::mpsc;

/// Something for a connection that does not come from its client.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// A text frame, ready to go.
    Text(Vec<u8>),
    /// The end of the connection.
    Close(CloseCode, &'static str),
}

/// How many deliveries may wait for a connection; whoever sends more waits.
pub(crate) const MAILBOX_CAPACITY: usize = 64;

/// A handle to a connection that other tasks may hold. It does not keep the connection open.
#[derive(Debug)]
pub struct Peer<M> {
    mailbox: mpsc::Sender<Delivery>,
    envelope: Envelope,
    config: Arc<SessionConfig>,
    messages: PhantomData<fn(M)>,
}

impl<M> Clone for Peer<M> {
    fn clone(&self) -> Self {
        Self {
            mailbox: self.mailbox.clone(),
            envelope: self.envelope.clone(),
            config: Arc::clone(&self.config),
            messages: PhantomData,
        }
    }
}

impl<M: OutgoingMessage> Peer<M> {
    pub(crate) fn new(mailbox: mpsc::Sender<Delivery>, envelope: Envelope, config: Arc<SessionConfig>) -> Self {
        Self { mailbox, envelope, config, messages: PhantomData }
    }

    /// Sends a message to the client. Waits while the connection has enough to do.
    ///
    /// # Errors
    /// A closed connection, or a message without a JSON form.
    pub async fn send_message(&self, message: impl Into<M>) -> Result<(), SendError> {
        let mut text = Vec::new();
        encode(&message.into(), &self.envelope, &self.config.wire, &mut text)?;
        self.mailbox.send(Delivery::Text(text)).await.map_err(|_| SendError::Closed)
    }
}
