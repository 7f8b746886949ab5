//! Messages that arrived while a handler was running.

use std::collections::VecDeque;

use super::SessionConfig;
use crate::message::Raw;

/// Whole messages in the order of their arrival. Most sessions never have any.
#[derive(Debug, Default)]
pub(super) struct Waiting(Option<Box<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    messages: VecDeque<Raw>,
    bytes: usize,
}

impl Waiting {
    /// Whether one more may wait: bounded in number, and in bytes by the size that a single message may have.
    pub(super) fn has_room(&self, config: &SessionConfig) -> bool {
        let has_room =
            |queue: &Queue| queue.messages.len() < config.max_waiting_messages && queue.bytes < config.max_message_size;
        self.0.as_deref().is_none_or(has_room)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|queue| queue.messages.is_empty())
    }

    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |queue| queue.messages.len())
    }

    pub(super) fn push(&mut self, message: Raw) {
        let queue = self.0.get_or_insert_default();
        queue.bytes += message.as_bytes().len();
        queue.messages.push_back(message);
    }

    pub(super) fn pop(&mut self) -> Option<Raw> {
        let queue = self.0.as_mut()?;
        let message = queue.messages.pop_front()?;
        queue.bytes -= message.as_bytes().len();
        Some(message)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
