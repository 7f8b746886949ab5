//! What is sent, and how much of it may be under way.

use bytes::Bytes;

use super::output::check_size;
use super::{SendError, Session};
use crate::builtin::Builtin;
use crate::close::CloseFrame;
use crate::encode::encode;
use crate::frame::{Opcode, is_compressed};
use crate::message::OutgoingMessage;

impl Session {
    /// Sends a message as an answer to the one that is being handled.
    ///
    /// # Errors
    /// A closed connection, a message without a JSON form, or one that is too long.
    pub fn send<M: OutgoingMessage>(&mut self, message: &M) -> Result<(), SendError> {
        let sent = self.send_within(message, self.config.max_outgoing_message_size);
        self.note_refusal(sent)
    }

    /// Notes that a handler learned of the end, so that its failure can be told from one with a cause of its own.
    fn note_refusal(&mut self, sent: Result<(), SendError>) -> Result<(), SendError> {
        self.has_refused |= matches!(sent, Err(SendError::Closed));
        sent
    }

    fn send_within<M: OutgoingMessage>(&mut self, message: &M, limit: usize) -> Result<(), SendError> {
        self.require_open()?;
        let before = self.output.pending().len();
        let (envelope, wire) = (&self.envelope, &self.config.wire);
        self.output.text(self.deflater.as_deref_mut(), limit, |out| encode(message, envelope, wire, out))?;
        self.log_sent(message.action(), self.output.pending().len() - before);
        Ok(())
    }

    fn log_sent(&self, action: &str, bytes: usize) {
        if self.config.log.wants_sent(action) {
            tracing::info!(target: "chanx::message", message_id = self.message_number, action, bytes, "sent");
        }
    }

    /// Sends text as it is.
    ///
    /// # Errors
    /// A closed connection, or a text that is too long.
    pub fn send_text(&mut self, text: &str) -> Result<(), SendError> {
        let sent = self.send_payload(Opcode::Text, text.as_bytes());
        self.note_refusal(sent)?;
        self.log_sent("text", text.len());
        Ok(())
    }

    /// Sends a text or binary message that was made elsewhere, by a handle of the connection: it leaves at once, also where
    /// what a handler sends is held back.
    ///
    /// # Errors
    /// A closed connection, or a message that is too long.
    pub fn send_encoded(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SendError> {
        self.send_payload(opcode, payload)?;
        self.must_leave = true;
        Ok(())
    }

    /// Sends frames that are ready to go, as they are. Frames of groups leave no line in the log: one message to many
    /// connections is one line, of the hub.
    ///
    /// If one of them is a compressed message, the first is: see [`Broadcast::frames`](crate::broadcast::Broadcast::frames).
    ///
    /// # Errors
    /// A closed connection.
    pub fn send_frames(&mut self, frames: Bytes) -> Result<(), SendError> {
        self.require_open()?;
        if let Some(deflater) = self.deflater.as_deref_mut().filter(|_| is_compressed(&frames)) {
            deflater.sent_other();
        }
        self.output.frames(frames);
        self.must_leave = true;
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
    /// A closed connection, or more bytes than a message may have.
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<(), SendError> {
        let sent = self.send_payload(Opcode::Binary, bytes);
        self.note_refusal(sent)?;
        self.log_sent("binary", bytes.len());
        Ok(())
    }

    fn send_payload(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SendError> {
        self.require_open()?;
        check_size(payload.len(), self.config.max_outgoing_message_size)?;
        self.output.message(self.deflater.as_deref_mut(), opcode, payload);
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
        self.output.advance(written);
        let emptied = self.output.pending().is_empty();
        self.liveness.wrote(written, emptied);
        self.must_leave &= !emptied;
    }

    /// Whether the output has something that must not wait for the end of a handler: a control frame, or what others sent.
    pub fn must_leave(&self) -> bool {
        self.must_leave
    }

    pub(super) fn send_control(&mut self, opcode: Opcode, payload: &[u8]) {
        self.output.frame(opcode, payload);
        self.must_leave = true;
    }

    pub(super) fn send_close(&mut self, close: &CloseFrame) {
        self.output.close(close);
        self.must_leave = true;
    }

    /// Whether little enough waits for the peer that more may be sent.
    pub fn has_room(&self) -> bool {
        self.output.pending().len() < self.config.max_outgoing_bytes
    }

    fn require_open(&self) -> Result<(), SendError> {
        if self.is_ending() { Err(SendError::Closed) } else { Ok(()) }
    }

    /// Sends one of the protocol's own messages, whose size other limits bound.
    pub(super) fn send_builtin(&mut self, message: &Builtin) {
        if let Err(SendError::Encode(error)) = self.send_within(message, usize::MAX) {
            tracing::error!(target: "chanx::message", %error, "a protocol frame could not be written");
        }
    }
}
