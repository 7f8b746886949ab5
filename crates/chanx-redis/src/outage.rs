//! When a server does not work: what is logged, what health says, and how long to wait before the next attempt.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chanx_core::layer::Health;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The pauses between attempts: doubled each time, between half and whole by chance, so that processes that lost their
/// server together do not come back together.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Self { next: FIRST_PAUSE }
    }

    /// How long to wait now.
    pub(crate) fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST_PAUSE);
        pause.mul_f64(rand::random_range(0.5..=1.0))
    }
}

/// What of a server's use can fail by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Being a member of groups, and receiving where one connection does both.
    Session,
    /// Receiving, where that is a connection of its own.
    Receiving,
    /// Sending.
    Commands,
    /// Writing: the server works, and refuses.
    Writes,
}

/// Whether one server works. It does while all parts do; the log is told when that changes.
#[derive(Debug)]
pub(crate) struct Outage {
    server: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    since: Option<Instant>,
    reasons: Vec<(Part, String)>,
}

impl Outage {
    /// For the server of this name, which holds no secret.
    pub(crate) fn new(server: String) -> Self {
        Self { server, state: Mutex::default() }
    }

    /// A part does not work.
    pub(crate) fn begin(&self, part: Part, reason: &str) {
        self.note(part, reason);
        let mut state = self.state();
        if state.since.is_none() {
            state.since = Some(Instant::now());
            tracing::warn!(server = self.server, reason, "the channel layer has lost its server");
        }
    }

    /// A part does not work, for a reason that the log was told of already.
    pub(crate) fn note(&self, part: Part, reason: &str) {
        let mut state = self.state();
        state.reasons.retain(|(other, _)| *other != part);
        state.reasons.push((part, reason.to_owned()));
    }

    /// A part works.
    pub(crate) fn end(&self, part: Part) {
        let mut state = self.state();
        state.reasons.retain(|(other, _)| *other != part);
        if !state.reasons.is_empty() {
            return;
        }
        if let Some(since) = state.since.take() {
            tracing::info!(server = self.server, duration = ?since.elapsed(), "the channel layer has its server again");
        }
    }

    #[cfg(test)]
    fn is_down(&self, part: Part) -> bool {
        self.state().reasons.iter().any(|(other, _)| *other == part)
    }

    /// The latest reason counts.
    pub(crate) fn health(&self) -> Health {
        match self.state().reasons.last() {
            Some((_, reason)) => Health::Down { reason: format!("{}: {reason}", self.server) },
            None => Health::Up,
        }
    }

    /// Nothing here panics half-way.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that may happen often, and is logged seldom.
#[derive(Debug, Default)]
pub(crate) struct Seldom {
    last: Mutex<(Option<Instant>, u64)>,
}

impl Seldom {
    const INTERVAL: Duration = Duration::from_secs(10);

    /// It happened. When it should be logged: how often it happened since the last time.
    pub(crate) fn happened(&self) -> Option<u64> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.1 += 1;
        if last.0.is_some_and(|time| time.elapsed() < Self::INTERVAL) {
            return None;
        }
        last.0 = Some(Instant::now());
        Some(std::mem::take(&mut last.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        let mut backoff = Backoff::new();
        let mut whole = FIRST_PAUSE;
        for _ in 0..20 {
            let pause = backoff.pause();
            assert!(pause >= whole / 2 && pause <= whole, "{pause:?} of {whole:?}");
            whole = (whole * 2).min(LONGEST_PAUSE);
        }
        assert_eq!(whole, LONGEST_PAUSE);
    }

    #[test]
    fn a_server_is_up_when_all_parts_are() {
        let outage = Outage::new("here".to_owned());
        assert_eq!(outage.health(), Health::Up);
        outage.begin(Part::Session, "gone");
        outage.begin(Part::Commands, "late");
        outage.begin(Part::Commands, "later");
        assert_eq!(outage.health(), Health::Down { reason: "here: later".to_owned() });
        outage.end(Part::Commands);
        assert_eq!(outage.health(), Health::Down { reason: "here: gone".to_owned() });
        assert!(outage.is_down(Part::Session) && !outage.is_down(Part::Commands));
        outage.end(Part::Session);
        assert_eq!(outage.health(), Health::Up);
    }

    #[test]
    fn what_happens_often_is_counted() {
        let seldom = Seldom::default();
        assert_eq!([seldom.happened(), seldom.happened(), seldom.happened()], [Some(1), None, None]);
        seldom.last.lock().unwrap().0 = None;
        assert_eq!(seldom.happened(), Some(3));
    }
}
