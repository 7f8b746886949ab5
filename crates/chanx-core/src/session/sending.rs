//! What is sent, and how much of it may be under way.

use bytes::Bytes;

use super::{SendError, Session};
use crate::builtin::Builtin;
use crate::encode::encode;
use crate::frame::Opcode;
use crate::message::OutgoingMessage;

impl Session {
    /// Sends a message as an answer to the one that is being handled.
    ///
    /// # Errors
    /// A closed connection, or a message without a JSON form.
    pub fn send<M: OutgoingMessage>(&mut self, message: &M) -> Result<(), SendError> {
        self.require_open()?;
        let before = self.output.pending().len();
        let (envelope, wire) = (&self.envelope, &self.config.wire);
        self.output.text(|out| encode(message, envelope, wire, out))?;
        if self.config.log.wants_sent(message.action()) {
            let bytes = self.output.pending().len() - before;
            let message_id = self.message_number;
            tracing::info!(target: "chanx::message", message_id, action = message.action(), bytes, "sent");
        }
        Ok(())
    }

    /// Sends text as it is.
    ///
    /// # Errors
    /// A closed connection.
    pub fn send_text(&mut self, text: &str) -> Result<(), SendError> {
        self.require_open()?;
        self.output.frame(Opcode::Text, text.as_bytes());
        Ok(())
    }

    /// Sends frames that are ready to go, as they are. `action` names them in the log.
    ///
    /// # Errors
    /// A closed connection.
    pub fn send_frames(&mut self, frames: Bytes, action: &str) -> Result<(), SendError> {
        self.require_open()?;
        let bytes = frames.len();
        self.output.frames(frames);
        if self.config.log.wants_sent(action) {
            let message_id = self.message_number;
            tracing::info!(target: "chanx::message", message_id, action, bytes, "sent");
        }
        Ok(())
    }

    /// Sends a binary frame.
    ///
    /// # Errors
    /// A closed connection.
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<(), SendError> {
        self.require_open()?;
        self.output.frame(Opcode::Binary, bytes);
        Ok(())
    }

    /// What the socket should take.
    pub fn output(&self) -> &[u8] {
        self.output.pending()
    }

    /// Notes that the socket took `written` bytes of [`Session::output`].
    pub fn advance_output(&mut self, written: usize) {
        self.liveness.wrote();
        self.output.advance(written);
    }

    /// Whether little enough waits for the peer that more may be sent.
    pub fn has_room(&self) -> bool {
        self.output.pending().len() < self.config.max_outgoing_bytes
    }

    fn require_open(&self) -> Result<(), SendError> {
        if self.is_ending() { Err(SendError::Closed) } else { Ok(()) }
    }

    pub(super) fn send_builtin(&mut self, message: &Builtin) {
        if let Err(SendError::Encode(error)) = self.send(message) {
            tracing::error!(target: "chanx::message", %error, "a protocol frame could not be written");
        }
    }
}
