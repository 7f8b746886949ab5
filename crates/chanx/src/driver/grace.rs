//! The time that is left to a connection once it ends: one deadline for all that may still happen.

use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Runs from the moment on at which the end is noticed.
#[derive(Debug)]
pub(super) struct Grace {
    /// When the connection is cut.
    until: Instant,
    /// When handlers are given up. The last fifth of the time is for `disconnected` and for the goodbye of the client.
    handlers: Pin<Box<Sleep>>,
}

impl Grace {
    /// `limit` is the setting `close_timeout`.
    pub(super) fn new(limit: Duration) -> Self {
        let now = Instant::now();
        Self { until: now + limit, handlers: Box::pin(sleep_until(now + limit / 5 * 4)) }
    }

    pub(super) fn until(&self) -> Instant {
        self.until
    }

    pub(super) fn handlers(&mut self) -> Pin<&mut Sleep> {
        self.handlers.as_mut()
    }

    /// Lets what runs from now on take all that is left.
    pub(super) fn extend(&mut self) {
        let until = self.until;
        self.handlers.as_mut().reset(until);
    }
}
