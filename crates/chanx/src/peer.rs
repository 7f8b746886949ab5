//! A connection, seen from outside its handlers.

use std::marker::PhantomData;
use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use chanx_core::encode::encode;
use chanx_core::frame::Opcode;
use chanx_core::message::OutgoingMessage;
use chanx_core::session::{SendError, SessionConfig};
use chanx_core::wire::Envelope;

use crate::hub::{Delivery, Mailbox};

/// A handle to a connection that other tasks may hold. It does not keep the connection open.
#[derive(Debug)]
pub struct Peer<M> {
    mailbox: Arc<Mailbox>,
    envelope: Envelope,
    config: Arc<SessionConfig>,
    messages: PhantomData<fn(M)>,
}

impl<M> Clone for Peer<M> {
    fn clone(&self) -> Self {
        Self {
            mailbox: Arc::clone(&self.mailbox),
            envelope: self.envelope.clone(),
            config: Arc::clone(&self.config),
            messages: PhantomData,
        }
    }
}

impl<M: OutgoingMessage> Peer<M> {
    pub(crate) fn new(mailbox: Arc<Mailbox>, envelope: Envelope, config: Arc<SessionConfig>) -> Self {
        Self { mailbox, envelope, config, messages: PhantomData }
    }

    /// Sends a message to the client. Waits while the connection's mailbox is half full.
    ///
    /// # Errors
    /// A closed connection, a message without a JSON form, or one that is too long.
    pub async fn send_message(&self, message: impl Into<M>) -> Result<(), SendError> {
        let message = message.into();
        let mut text = Vec::new();
        encode(&message, &self.envelope, &self.config.wire, &mut text)?;
        self.send(Opcode::Text, text.into(), message.action()).await
    }
}

impl<M> Peer<M> {
    /// Sends a text message as it is. Waits while the connection's mailbox is half full.
    ///
    /// # Errors
    /// A closed connection, or a text that is too long.
    pub async fn send_text(&self, text: impl Into<ByteString>) -> Result<(), SendError> {
        self.send(Opcode::Text, text.into().into_bytes(), "text").await
    }

    /// Sends a binary message. Waits while the connection's mailbox is half full.
    ///
    /// # Errors
    /// A closed connection, or more bytes than a message may have.
    pub async fn send_binary(&self, bytes: impl Into<Bytes>) -> Result<(), SendError> {
        self.send(Opcode::Binary, bytes.into(), "binary").await
    }

    async fn send(&self, opcode: Opcode, payload: Bytes, action: &str) -> Result<(), SendError> {
        let (size, limit) = (payload.len(), self.config.max_outgoing_message_size);
        if size > limit {
            return Err(SendError::TooLarge { size, limit });
        }
        self.mailbox.send(Delivery::Message(opcode, payload)).await.map_err(|_| SendError::Closed)?;
        if self.config.log.wants_sent(action) {
            tracing::info!(target: "chanx::message", action, bytes = size, "sent");
        }
        Ok(())
    }
}
