//! Events that wait for their turn.

use std::collections::VecDeque;
use std::sync::Arc;

use chanx_core::layer::Event;

use crate::hub::Limits;

/// Events in the order of their arrival, as many and as large as may wait.
#[derive(Debug)]
pub(super) struct Events {
    waiting: VecDeque<Arc<Event>>,
    bytes: usize,
    limits: Limits,
}

impl Events {
    pub(super) fn new(limits: Limits) -> Self {
        Self { waiting: VecDeque::new(), bytes: 0, limits }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < self.limits.deliveries && self.bytes < self.limits.bytes
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
