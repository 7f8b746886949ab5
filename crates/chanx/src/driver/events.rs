//! Events that wait for their turn.

use std::collections::VecDeque;
use std::sync::Arc;

use chanx_core::layer::Event;

use crate::hub::Limits;

/// Events in the order of their arrival. Most connections never have any.
#[derive(Debug, Default)]
pub(super) struct Events(Option<Box<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Arc<Event>>,
    bytes: usize,
}

impl Events {
    pub(super) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|queue| queue.waiting.is_empty())
    }

    /// Whether one more may wait.
    pub(super) fn has_room(&self, limits: Limits) -> bool {
        let has_room = |queue: &Queue| queue.waiting.len() < limits.deliveries && queue.bytes < limits.bytes;
        self.0.as_deref().is_none_or(has_room)
    }

    pub(super) fn push(&mut self, event: Arc<Event>) {
        let queue = self.0.get_or_insert_default();
        queue.bytes += event.data.len();
        queue.waiting.push_back(event);
    }

    pub(super) fn pop(&mut self) -> Option<Arc<Event>> {
        let queue = self.0.as_mut()?;
        let event = queue.waiting.pop_front()?;
        queue.bytes -= event.data.len();
        Some(event)
    }
}
