//! Messages that arrived while a handler was running.

use std::collections::VecDeque;

use super::SessionConfig;

/// A whole message.
#[derive(Debug)]
pub(super) enum Held {
    Text(String),
    /// Refused when its turn comes, whatever it holds.
    Binary,
}

/// Whole messages in the order of their arrival.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    messages: VecDeque<Held>,
    bytes: usize,
}

impl Waiting {
    /// Whether one more may wait: bounded in number, and in bytes by the size that a single message may have.
    pub(super) fn has_room(&self, config: &SessionConfig) -> bool {
        self.messages.len() < config.max_waiting_messages && self.bytes < config.max_message_size
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(super) fn push(&mut self, message: Held) {
        self.bytes += message.size();
        self.messages.push_back(message);
    }

    pub(super) fn pop(&mut self) -> Option<Held> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.size();
        Some(message)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Held {
    fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary => 0,
        }
    }
}
