//! How much one connection may do before others have their turn.

/// Messages that are handled in one turn.
const MESSAGES: u32 = 20;
/// Bytes that are read in one turn: what two reads bring at most.
const BYTES: u32 = 32 * 1024;

/// Bytes that are written in one turn.
const OUTPUT: u32 = 256 * 1024;

/// What is left of a turn. Without it a client that always has something to say would keep its worker: tokio's own budget
/// counts reads, and a single read of small messages is work for a millisecond.
#[derive(Debug)]
pub(super) struct Budget {
    messages: u32,
    bytes: u32,
    output: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { messages: MESSAGES, bytes: BYTES, output: OUTPUT }
    }
}

impl Budget {
    pub(super) fn is_spent(&self) -> bool {
        self.messages == 0 || self.bytes == 0 || self.output == 0
    }

    pub(super) fn spend_message(&mut self) {
        self.messages = self.messages.saturating_sub(1);
    }

    pub(super) fn spend_bytes(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(saturated(bytes));
    }

    pub(super) fn spend_output(&mut self, bytes: usize) {
        self.output = self.output.saturating_sub(saturated(bytes));
    }
}

fn saturated(bytes: usize) -> u32 {
    bytes.try_into().unwrap_or(u32::MAX)
}
