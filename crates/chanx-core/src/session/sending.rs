//! What is sent, and how much of it may be under way.

use bytes::Bytes;

use super::{SendError, Session};
use crate::builtin::Builtin;
use crate::encode::encode;
use crate::frame::{Opcode, is_compressed};
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
        self.output.text(self.deflater.as_deref_mut(), |out| encode(message, envelope, wire, out))?;
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
        self.output.message(self.deflater.as_deref_mut(), Opcode::Text, text.as_bytes());
        Ok(())
    }

    /// Sends frames that are ready to go, as they are. `action` names them in the log.
    ///
    /// If one of them is a compressed message, the first is: see [`Broadcast::frames`](crate::broadcast::Broadcast::frames).
    ///
    /// # Errors
    /// A closed connection.
    pub fn send_frames(&mut self, frames: Bytes, action: &str) -> Result<(), SendError> {
        self.require_open()?;
        let bytes = frames.len();
        if let Some(deflater) = self.deflater.as_deref_mut().filter(|_| is_compressed(&frames)) {
            deflater.sent_other();
        }
        self.output.frames(frames);
        if self.config.log.wants_sent(action) {
            let message_id = self.message_number;
            tracing::info!(target: "chanx::message", message_id, action, bytes, "sent");
        }
        Ok(())
    }

    /// The rest of frames whose first bytes left without the session's help: it leaves before everything that waits.
    ///
    /// For a driver that lets others write for it while [`Session::output`] is empty.
    pub fn resume_output(&mut self, rest: Bytes) {
        self.output.precede(rest);
    }

    /// Sends a binary frame.
    ///
    /// # Errors
    /// A closed connection.
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<(), SendError> {
        self.require_open()?;
        self.output.message(self.deflater.as_deref_mut(), Opcode::Binary, bytes);
        Ok(())
    }

    /// Whether a message may refer to those before it. Then nobody else may write to the client, as what they write would
    /// be missing here.
    pub fn keeps_context(&self) -> bool {
        self.deflater.as_ref().is_some_and(|deflater| deflater.keeps_context())
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
