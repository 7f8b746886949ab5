//! Whether the peer is still there, in whole ticks: nothing here asks for the time, and no message pays for it.

use std::time::Duration;

use super::SessionConfig;

/// What a tick found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Alive,
    /// Silent for long enough to ask.
    Ask,
    /// Asked, and still silent.
    Silent,
    /// Connected, but without a message for too long.
    Idle,
    /// Does not take what is sent.
    Stalled,
}

/// Counts how long nothing happened.
#[derive(Debug, Default)]
pub(super) struct Liveness {
    quiet: Milliseconds,
    idle: Milliseconds,
    stalled: Milliseconds,
    asked: bool,
    heard: bool,
    had_message: bool,
    had_output: bool,
    wrote: bool,
}

/// Seven weeks at most, after which no time passes any more: a fourth of the room that a [`Duration`] takes.
#[derive(Clone, Copy, Debug, Default)]
struct Milliseconds(u32);

impl Milliseconds {
    fn add(self, elapsed: Duration) -> Self {
        Self(self.0.saturating_add(elapsed.as_millis().try_into().unwrap_or(u32::MAX)))
    }

    fn reach(self, limit: Duration) -> bool {
        u128::from(self.0) >= limit.as_millis().min(u32::MAX.into())
    }
}

impl Liveness {
    pub(super) fn heard(&mut self) {
        self.heard = true;
    }

    pub(super) fn had_message(&mut self) {
        self.had_message = true;
    }

    pub(super) fn wrote(&mut self) {
        self.wrote = true;
    }

    /// Judges the time since the last tick. `has_output`: something waits for the peer to take it.
    pub(super) fn tick(&mut self, elapsed: Duration, has_output: bool, config: &SessionConfig) -> Verdict {
        self.count(elapsed, has_output);
        if self.stalled.reach(config.send_timeout) {
            return Verdict::Stalled;
        }
        if config.idle_timeout.is_some_and(|limit| self.idle.reach(limit)) {
            return Verdict::Idle;
        }
        match config.ping_interval {
            Some(_) if self.asked && self.quiet.reach(config.ping_timeout) => Verdict::Silent,
            Some(interval) if !self.asked && self.quiet.reach(interval) => {
                self.asked = true;
                self.quiet = Milliseconds::default();
                Verdict::Ask
            }
            _ => Verdict::Alive,
        }
    }

    fn count(&mut self, elapsed: Duration, has_output: bool) {
        let since = |happened: bool, before: Milliseconds| match happened {
            true => Milliseconds::default(),
            false => before.add(elapsed),
        };
        let had_output = std::mem::replace(&mut self.had_output, has_output);
        self.asked &= !self.heard;
        // Whoever has yet to take what was sent may not have seen the question.
        self.quiet = since(std::mem::take(&mut self.heard) || has_output, self.quiet);
        self.idle = since(std::mem::take(&mut self.had_message), self.idle);
        // Output that is newer than the last tick has not waited for as long as that.
        self.stalled = since(std::mem::take(&mut self.wrote) || !(had_output && has_output), self.stalled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_secs(20);

    fn config() -> SessionConfig {
        SessionConfig { ping_interval: Some(TICK), ping_timeout: TICK, ..SessionConfig::default() }
    }

    #[test]
    fn a_silent_peer_is_asked_once_and_then_given_up() {
        let mut peer = Liveness::default();
        let ticks = [(); 2].map(|()| peer.tick(TICK, false, &config()));
        assert_eq!(ticks, [Verdict::Ask, Verdict::Silent]);
    }

    #[test]
    fn any_sign_of_life_counts() {
        let mut peer = Liveness::default();
        assert_eq!(peer.tick(TICK, false, &config()), Verdict::Ask);
        peer.heard();
        assert_eq!(peer.tick(TICK, false, &config()), Verdict::Alive);
        assert_eq!(peer.tick(TICK, false, &config()), Verdict::Ask);
    }

    #[test]
    fn pongs_do_not_make_a_client_busy() {
        let config = SessionConfig { idle_timeout: Some(3 * TICK), ..config() };
        let mut peer = Liveness::default();
        let ticks = [(); 3].map(|()| {
            peer.heard();
            peer.tick(TICK, false, &config)
        });
        assert_eq!(ticks, [Verdict::Alive, Verdict::Alive, Verdict::Idle]);
    }

    #[test]
    fn a_peer_that_takes_nothing_is_stalled() {
        let mut peer = Liveness::default();
        peer.heard();
        assert_eq!(peer.tick(TICK, true, &config()), Verdict::Alive);
        peer.wrote();
        peer.heard();
        assert_eq!(peer.tick(TICK, true, &config()), Verdict::Alive);
        peer.heard();
        assert_eq!(peer.tick(2 * TICK, true, &config()), Verdict::Stalled);
    }
}
