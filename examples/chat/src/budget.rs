//! How much one connection may ask for: a token bucket.

use std::time::Duration;

use tokio::time::Instant;

/// How many messages a client may send at once.
const BURST: u32 = 20;

/// How long it takes to earn another message.
const EARNED_IN: Duration = Duration::from_millis(250);

/// Messages that a client may send at present.
#[derive(Debug)]
pub(crate) struct Budget {
    left: u32,
    /// Since when the next message is being earned.
    since: Instant,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { left: BURST, since: Instant::now() }
    }

    /// Takes one message; `false`, if there is none left.
    pub(crate) fn take(&mut self) -> bool {
        self.take_at(Instant::now())
    }

    fn take_at(&mut self, now: Instant) -> bool {
        self.earn(now);
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }

    fn earn(&mut self, now: Instant) {
        let periods = now.duration_since(self.since).as_nanos() / EARNED_IN.as_nanos();
        let earned = u32::try_from(periods).unwrap_or(u32::MAX);
        match self.left.checked_add(earned) {
            Some(left) if left < BURST => {
                self.left = left;
                self.since += EARNED_IN * earned;
            }
            // A full bucket earns nothing.
            _ => (self.left, self.since) = (BURST, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_followed_by_a_steady_flow() {
        let mut budget = Budget::new();
        let start = budget.since;
        assert!((0..BURST).all(|_| budget.take_at(start)));
        assert!(!budget.take_at(start));
        assert!(!budget.take_at(start + EARNED_IN - Duration::from_nanos(1)));
        assert!(budget.take_at(start + EARNED_IN));
        assert!(!budget.take_at(start + EARNED_IN));
        assert!(budget.take_at(start + EARNED_IN * 2), "what was earned in part is not lost");
    }

    #[test]
    fn nobody_saves_more_than_a_burst() {
        let mut budget = Budget::new();
        let later = budget.since + Duration::from_secs(1_000_000_000);
        assert!((0..BURST).all(|_| budget.take_at(later)));
        assert!(!budget.take_at(later));
    }
}
