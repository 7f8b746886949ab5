//! How much one connection may do before others have their turn.

/// Messages that are handled in one turn.
const MESSAGES: u8 = 20;

/// Bytes of messages that are handled in one turn, as they are once they are inflated. The last message may have more.
const HANDLED: u16 = 32 * 1024;

/// Bytes that are read in one turn.
const READ: u16 = 32 * 1024;

/// Bytes that are written in one turn.
const OUTPUT: u32 = 256 * 1024;

/// What is left of a turn, in small numbers, as every connection has them. Without it a client that always has something to
/// say would keep its worker: tokio's own budget counts reads, and a single read of small messages is work for a millisecond.
#[derive(Debug)]
pub(super) struct Budget {
    messages: u8,
    handled: u16,
    read: u16,
    output: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { messages: MESSAGES, handled: HANDLED, read: READ, output: OUTPUT }
    }
}

impl Budget {
    pub(super) fn is_spent(&self) -> bool {
        self.messages == 0 || self.handled == 0 || self.read == 0 || self.output == 0
    }

    /// How many bytes the next read may bring: at least one, as a read without room looks like the end of the stream.
    pub(super) fn room_to_read(&self) -> usize {
        self.read.max(1).into()
    }

    /// For a message of the client of this size, or for an event.
    pub(super) fn spend_message(&mut self, bytes: usize) {
        self.messages = self.messages.saturating_sub(1);
        self.handled = self.handled.saturating_sub(bytes.try_into().unwrap_or(u16::MAX));
    }

    pub(super) fn spend_read(&mut self, bytes: usize) {
        self.read = self.read.saturating_sub(bytes.try_into().unwrap_or(u16::MAX));
    }

    pub(super) fn spend_output(&mut self, bytes: usize) {
        self.output = self.output.saturating_sub(bytes.try_into().unwrap_or(u32::MAX));
    }
}
