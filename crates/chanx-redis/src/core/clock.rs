//! The times that order messages, and those by which messages and memberships are too old.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::outage::Seldom;

/// How far the scores of a process may be ahead of the machine's clock, in microseconds. Beyond that the clock was set back,
/// and going on from the last score would give every message a time that has yet to come.
const MAX_AHEAD: u64 = 1_000_000;

/// Scores for messages, which grow with every message so that messages of one process keep their order: Redis orders equal
/// scores by the random bytes that a message begins with. They follow the machine's clock when that is set back by more than
/// [`MAX_AHEAD`], which may reorder messages once.
///
/// No score decides what is too old: that is [`Score::wall`], without this rule.
#[derive(Debug, Default)]
pub(super) struct Clock {
    last: AtomicU64,
    set_back: Seldom,
}

/// A time as a score, in microseconds since 1970. Steps of one survive in a 64-bit float until the year 2255.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Score(u64);

impl Clock {
    pub(super) fn now(&self) -> Score {
        self.after(Score::wall().0)
    }

    /// The score after the last one, at this time of the machine's clock.
    fn after(&self, now: u64) -> Score {
        let next = |last: u64| if last > now.saturating_add(MAX_AHEAD) { now } else { now.max(last + 1) };
        match self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last))) {
            Ok(last) | Err(last) => {
                if next(last) < last {
                    self.warn(last - now);
                }
                Score(next(last))
            }
        }
    }

    fn warn(&self, behind: u64) {
        if self.set_back.happened().is_some() {
            let by = Duration::from_micros(behind);
            tracing::warn!(?by, "the machine's clock was set back: messages may overtake those sent before");
        }
    }
}

impl Score {
    /// The time of the machine's clock.
    pub(super) fn wall() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(now.as_micros()).unwrap_or(0))
    }

    /// How long before the time of the machine's clock this is, if it is.
    pub(super) fn age_of(seconds: f64) -> Option<Duration> {
        Duration::try_from_secs_f64(Self::wall().0 as f64 / 1e6 - seconds).ok()
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
    fn scores_grow_even_where_the_clock_does_not() {
        let clock = Clock::default();
        let scores = [100, 100, 50, 200].map(|now| clock.after(now));
        assert_eq!(scores, [Score(100), Score(101), Score(102), Score(200)]);
        assert!(clock.now() < clock.now());
    }

    #[test]
    fn a_clock_that_was_an_hour_ahead_for_a_moment_is_followed_back() {
        const HOUR: u64 = 3_600_000_000;
        let clock = Clock::default();
        let now = Score::wall().0;
        assert_eq!(clock.after(now + HOUR), Score(now + HOUR));
        assert_eq!(clock.after(now), Score(now));
        assert_eq!(clock.after(now), Score(now + 1), "and scores grow again from there");
    }

    #[test]
    fn scores_are_seconds() {
        let score = Score(1_795_375_837_000_042);
        assert_eq!(score.to_text(), "1795375837.000042");
        let next: f64 = Score(1_795_375_837_000_043).to_text().parse().unwrap();
        assert!(score.to_text().parse::<f64>().unwrap() < next);
    }

    #[test]
    fn an_age_is_counted_from_now_and_a_time_to_come_has_none() {
        let now = Score::wall().0 as f64 / 1e6;
        assert!(Score::age_of(now - 60.0).is_some_and(|age| age.as_secs() >= 59));
        assert_eq!(Score::age_of(now + 60.0), None);
    }
}
