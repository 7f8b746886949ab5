//! Events that wait for their turn.

use std::collections::VecDeque;
use std::sync::Arc;

use chanx_core::layer::Event;

use crate::hub::Limits;

/// Events in the order of their arrival.
#[derive(Debug, Default)]
pub(super) struct Events {
    waiting: VecDeque<Arc<Event>>,
    bytes: usize,
}

impl Events {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether one more may wait.
    pub(super) fn has_room(&self, limits: Limits) -> bool {
        self.waiting.len() < limits.deliveries && self.bytes < limits.bytes
    }

    pub(super) fn push(&mut self, event: Arc<Event>) {
        self.bytes += event.data.len();
        self.waiting.push_back(event);
    }

    pub(super) fn pop(&mut self) -> Option<Arc<Event>> {
        let event = self.waiting.pop_front()?;
        self.bytes -= event.data.len();
        Some(event)
    }
}
