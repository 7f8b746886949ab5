//! Whether the peer is still there, in whole ticks: nothing here asks for the time, and no message pays for it.

use std::time::Duration;

use super::SessionConfig;

/// What the ticks so far say about the peer.
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

/// The waits of a [`SessionConfig`] in ticks, rounded up. `u32::MAX` stands for no limit.
#[derive(Clone, Copy, Debug)]
struct Limits {
    ping: u32,
    pong: u32,
    idle: u32,
    send: u32,
}

impl Limits {
    fn new(config: &SessionConfig) -> Self {
        let period = config.tick_period().as_nanos().max(1);
        let ticks = |wait: Duration| wait.as_nanos().div_ceil(period).try_into().unwrap_or(u32::MAX);
        Self {
            ping: config.ping_interval.map_or(u32::MAX, ticks),
            pong: ticks(config.ping_timeout),
            idle: config.idle_timeout.map_or(u32::MAX, ticks),
            send: ticks(config.send_timeout),
        }
    }
}

/// Counts for how many ticks nothing happened.
#[derive(Debug)]
pub(super) struct Liveness {
    limits: Limits,
    quiet: u32,
    idle: u32,
    stalled: u32,
    /// For how long output has waited since the peer's rate of reading was last judged.
    measured: u32,
    /// The bytes that the peer took in that time.
    taken: u32,
    asked: bool,
    heard: bool,
    had_message: bool,
    had_output: bool,
    wrote: bool,
    emptied: bool,
}

/// What a session knows of itself while time passes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    /// Output waits for the peer to take it.
    pub(super) has_output: bool,
    /// The peer waits for an answer, so it is not idle.
    pub(super) is_awaited: bool,
    /// Nothing is read from the peer, so it cannot be heard.
    pub(super) is_deaf: bool,
}

impl Liveness {
    pub(super) fn new(config: &SessionConfig) -> Self {
        Self {
            limits: Limits::new(config),
            quiet: 0,
            idle: 0,
            stalled: 0,
            measured: 0,
            taken: 0,
            asked: false,
            heard: false,
            had_message: false,
            had_output: false,
            wrote: false,
            emptied: false,
        }
    }

    pub(super) fn heard(&mut self) {
        self.heard = true;
    }

    pub(super) fn had_message(&mut self) {
        self.had_message = true;
    }

    /// The peer took bytes; `emptied` says that it left none.
    pub(super) fn wrote(&mut self, bytes: usize, emptied: bool) {
        self.wrote = true;
        self.emptied |= emptied;
        self.taken = self.taken.saturating_add(bytes.try_into().unwrap_or(u32::MAX));
    }

    /// Counts ticks that passed under the same circumstances. What happened since the last count belongs to the first.
    pub(super) fn elapse(&mut self, ticks: u32, now: Circumstances) {
        let Some(rest) = ticks.checked_sub(1) else { return };
        self.count(1, now);
        if rest > 0 {
            self.count(rest, now);
        }
    }

    fn count(&mut self, ticks: u32, now: Circumstances) {
        let since = |happened: bool, before: u32| if happened { 0 } else { before.saturating_add(ticks) };
        let had_output = std::mem::replace(&mut self.had_output, now.has_output);
        self.heard |= now.is_deaf;
        self.had_message |= now.is_awaited;
        self.asked &= !self.heard;
        // A peer that has yet to take what was sent may not have seen the question.
        self.quiet = since(std::mem::take(&mut self.heard) || now.has_output, self.quiet);
        self.idle = since(std::mem::take(&mut self.had_message), self.idle);
        // Output that is newer than the last count has not waited for as long as that.
        let emptied = std::mem::take(&mut self.emptied);
        let waits = had_output && now.has_output && !emptied;
        self.stalled = since(std::mem::take(&mut self.wrote) || !waits, self.stalled);
        self.measured = since(!waits, self.measured);
        if !waits {
            self.taken = 0;
        }
    }

    /// Judges what was counted. What happened since then counts in the peer's favor.
    pub(super) fn judge(&mut self, config: &SessionConfig) -> Verdict {
        let limits = self.limits;
        if !self.wrote && self.stalled >= limits.send || self.reads_too_slowly(config) {
            return Verdict::Stalled;
        }
        if !self.had_message && self.idle >= limits.idle {
            return Verdict::Idle;
        }
        if self.heard {
            return Verdict::Alive;
        }
        match self.asked {
            true if self.quiet >= limits.pong => Verdict::Silent,
            false if self.quiet >= limits.ping => {
                self.asked = true;
                self.quiet = 0;
                Verdict::Ask
            }
            _ => Verdict::Alive,
        }
    }

    /// Whether the peer took less, in the time of `send_timeout`, than it must to keep its connection.
    fn reads_too_slowly(&mut self, config: &SessionConfig) -> bool {
        if self.measured < self.limits.send {
            return false;
        }
        let least = config.send_timeout.as_secs_f64() * config.min_send_rate as f64;
        self.measured = 0;
        f64::from(std::mem::take(&mut self.taken)) < least
    }

    /// After how many ticks a verdict may be due if nothing happens until then.
    pub(super) fn ticks_to_verdict(&self, now: Circumstances) -> u32 {
        let limits = &self.limits;
        let due = |happened: bool, counted: u32, limit: u32| match happened {
            true => limit.saturating_add(1),
            false => limit.saturating_sub(counted),
        };
        let mut ticks = u32::MAX;
        if now.has_output {
            ticks = due(self.wrote, self.stalled, limits.send).min(due(false, self.measured, limits.send));
        } else if !now.is_deaf {
            let limit = if self.asked && !self.heard { limits.pong } else { limits.ping };
            ticks = due(self.heard, self.quiet, limit);
        }
        if !now.is_awaited {
            ticks = ticks.min(due(self.had_message, self.idle, limits.idle));
        }
        ticks.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Circumstances = Circumstances { has_output: false, is_awaited: false, is_deaf: false };
    const WAITING: Circumstances = Circumstances { has_output: true, ..QUIET };

    /// Asked after 4 ticks, given up after 4 more, too slow after 6.
    fn config() -> SessionConfig {
        SessionConfig::default()
    }

    fn tick(peer: &mut Liveness, ticks: u32, now: Circumstances) -> Verdict {
        peer.elapse(ticks, now);
        peer.judge(&config())
    }

    #[test]
    fn a_silent_peer_is_asked_once_and_then_given_up() {
        let mut peer = Liveness::new(&config());
        let verdicts: Vec<_> = (0..8).map(|_| tick(&mut peer, 1, QUIET)).collect();
        let mut expected = [Verdict::Alive; 8];
        (expected[3], expected[7]) = (Verdict::Ask, Verdict::Silent);
        assert_eq!(verdicts, expected);
    }

    #[test]
    fn any_sign_of_life_counts() {
        let mut peer = Liveness::new(&config());
        assert_eq!(tick(&mut peer, 4, QUIET), Verdict::Ask);
        peer.heard();
        assert_eq!(tick(&mut peer, 4, QUIET), Verdict::Alive);
        assert_eq!(tick(&mut peer, 1, QUIET), Verdict::Ask);
    }

    #[test]
    fn pongs_do_not_make_a_client_busy() {
        let config = SessionConfig { idle_timeout: Some(config().tick_period() * 3), ..config() };
        let mut peer = Liveness::new(&config);
        let limit = peer.limits.idle;
        for count in 1..=limit {
            peer.heard();
            peer.elapse(1, QUIET);
            assert_eq!(peer.judge(&config) == Verdict::Idle, count == limit);
        }
    }

    #[test]
    fn a_peer_that_takes_nothing_is_stalled() {
        let mut peer = Liveness::new(&config());
        assert_eq!(tick(&mut peer, 1, WAITING), Verdict::Alive);
        peer.wrote(100_000, false);
        assert_eq!(tick(&mut peer, 1, WAITING), Verdict::Alive);
        assert_eq!(tick(&mut peer, 5, WAITING), Verdict::Alive);
        assert_eq!(tick(&mut peer, 1, WAITING), Verdict::Stalled);
    }

    #[test]
    fn a_peer_that_takes_a_byte_now_and_then_is_stalled() {
        for (bytes, is_stalled) in [(1, true), (5120, false)] {
            let mut peer = Liveness::new(&config());
            let verdicts: Vec<_> = (0..20)
                .map(|_| {
                    peer.wrote(bytes, false);
                    tick(&mut peer, 1, WAITING)
                })
                .collect();
            assert_eq!(verdicts.contains(&Verdict::Stalled), is_stalled, "{bytes} bytes in each tick: {verdicts:?}");
        }
    }

    #[test]
    fn a_peer_that_takes_all_is_not_measured_by_what_comes_next() {
        let mut peer = Liveness::new(&config());
        for _ in 0..20 {
            peer.wrote(1, true);
            assert_eq!(tick(&mut peer, 1, WAITING), Verdict::Alive);
        }
    }

    #[test]
    fn ticks_that_are_counted_late_count_alike() {
        let mut peer = Liveness::new(&config());
        peer.heard();
        assert_eq!(peer.ticks_to_verdict(QUIET), 5);
        assert_eq!(tick(&mut peer, 5, QUIET), Verdict::Ask);
        assert_eq!(peer.ticks_to_verdict(QUIET), 4);
        peer.elapse(4, QUIET);
        peer.heard();
        assert_eq!(peer.judge(&config()), Verdict::Alive, "the peer was heard before the verdict");
    }

    #[test]
    fn no_verdict_comes_before_its_tick() {
        let config = SessionConfig { idle_timeout: Some(config().tick_period() * 7), ..config() };
        for now in [QUIET, WAITING, Circumstances { is_awaited: true, ..QUIET }] {
            let mut peer = Liveness::new(&config);
            for _ in 0..50 {
                for _ in 1..peer.ticks_to_verdict(now) {
                    peer.elapse(1, now);
                    assert_eq!(peer.judge(&config), Verdict::Alive);
                }
                peer.elapse(1, now);
                match peer.judge(&config) {
                    Verdict::Silent => peer.heard(),
                    Verdict::Stalled => peer.wrote(1_000_000, false),
                    Verdict::Idle => peer.had_message(),
                    Verdict::Alive | Verdict::Ask => {}
                }
            }
        }
    }
}
