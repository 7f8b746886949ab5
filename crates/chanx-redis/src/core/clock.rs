//! The times that order messages.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that never says the same time twice and never goes back, so that messages of one process keep their order: Redis
/// orders equal times by the random bytes that a message begins with.
#[derive(Debug, Default)]
pub(super) struct Clock(AtomicU64);

/// A time as a score, in microseconds since 1970. Steps of one survive in a 64-bit float until the year 2255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Score(u64);

impl Clock {
    pub(super) fn now(&self) -> Score {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.at_least(u64::try_from(now.as_micros()).unwrap_or(0))
    }

    fn at_least(&self, now: u64) -> Score {
        let next = |last: u64| now.max(last + 1);
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last))) {
            Ok(last) | Err(last) => Score(next(last)),
        }
    }
}

impl Score {
    /// The time so long ago.
    pub(super) fn before(self, age: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(age.as_micros()).unwrap_or(u64::MAX)))
    }

    /// In seconds, as Python writes it.
    pub(super) fn to_text(self) -> String {
        format!("{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_grow_even_where_the_clock_does_not() {
        let clock = Clock::default();
        let scores = [100, 100, 50, 200].map(|now| clock.at_least(now));
        assert_eq!(scores, [Score(100), Score(101), Score(102), Score(200)]);
        assert!(clock.now() < clock.now());
    }

    #[test]
    fn scores_are_seconds() {
        let score = Score(1_795_375_837_000_042);
        assert_eq!(score.to_text(), "1795375837.000042");
        assert_eq!(score.before(Duration::from_secs(60)).to_text(), "1795375777.000042");
        let next: f64 = Score(1_795_375_837_000_043).to_text().parse().unwrap();
        assert!(score.to_text().parse::<f64>().unwrap() < next);
    }
}
