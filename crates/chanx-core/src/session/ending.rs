//! How a connection ends: by a close frame, by silence, or because the transport is gone.

use super::liveness::{Circumstances, Verdict};
use super::{Disconnect, EndedBy, Session, State};
use crate::close::{CloseCode, CloseFrame, InvalidCloseCode};
use crate::frame::Opcode;

impl Session {
    /// Counts ticks, of [`SessionConfig::tick_period`] each, that passed since the last count. To be called before the session
    /// is told of anything that happened after them.
    ///
    /// [`SessionConfig::tick_period`]: super::SessionConfig::tick_period
    pub fn elapse(&mut self, ticks: u32) {
        let now = self.circumstances();
        self.liveness.elapse(ticks, now);
    }

    /// Acts on the time that was counted: asks a silent peer for a sign of life, and closes on one that gives none.
    pub fn check_liveness(&mut self) {
        match self.liveness.judge(&self.config) {
            Verdict::Alive => {}
            // Nothing may follow the close frame.
            Verdict::Ask if self.is_ending() => {}
            Verdict::Ask => self.send_control(Opcode::Ping, &[]),
            Verdict::Silent => self.give_up(CloseCode::IDLE, "no sign of life"),
            Verdict::Idle => self.end(CloseCode::IDLE, "no message for too long"),
            Verdict::Stalled => self.give_up(CloseCode::TOO_SLOW, "too slow"),
        }
    }

    /// After how many ticks [`check_liveness`](Self::check_liveness) may have something to do, if nothing happens until
    /// then. A driver need not wake before.
    pub fn ticks_to_check(&self) -> u32 {
        let now = self.circumstances();
        // The end of a transport from which nothing is read is to be noticed by its driver.
        if now.is_deaf { 1 } else { self.liveness.ticks_to_verdict(now) }
    }

    /// Whether nothing is read from the peer because enough messages wait for their handler.
    pub fn is_deaf(&self) -> bool {
        !self.waiting.has_room(&self.config)
    }

    fn circumstances(&self) -> Circumstances {
        Circumstances {
            has_output: !self.output.pending().is_empty(),
            is_awaited: self.is_handling || self.state == State::Authenticating,
            is_deaf: self.is_deaf(),
        }
    }

    /// Closes the connection: nothing is handled or sent any more. Closing a closed one changes nothing, except that the
    /// messages which a closed client left are not handled either.
    pub fn end(&mut self, code: CloseCode, reason: &str) {
        if self.state == State::Draining {
            self.abandon();
        } else if !self.is_ending() {
            self.send_close(&CloseFrame::new(code, reason));
            self.note_end(Some(code), reason.to_owned(), EndedBy::Server);
        }
    }

    /// Gives up the messages that a client left when it closed.
    pub fn abandon(&mut self) {
        if self.state == State::Draining {
            self.unhandled = self.waiting.len();
            self.waiting.clear();
            self.state = State::Closing;
        }
    }

    /// How many messages a client left when it closed that were not handled.
    pub fn unhandled(&self) -> usize {
        self.unhandled
    }

    /// Closes the connection with a code that the application chose.
    ///
    /// # Errors
    /// A code that must not be sent. Closing a closed connection is none.
    pub fn close(&mut self, code: u16, reason: &str) -> Result<(), InvalidCloseCode> {
        self.end(CloseCode::try_from(code)?, reason);
        Ok(())
    }

    /// A peer that does not listen gets a close frame, but nobody waits for its answer.
    fn give_up(&mut self, code: CloseCode, reason: &str) {
        self.end(code, reason);
        self.peer_is_done = true;
    }

    /// Notes the first end. What a client sent before it closed is still handled, unless it closed before it was admitted.
    pub(super) fn note_end(&mut self, code: Option<CloseCode>, reason: String, by: EndedBy) {
        if self.state == State::Open && by != EndedBy::Server && !self.waiting.is_empty() {
            self.state = State::Draining;
        } else if self.state != State::Draining {
            self.state = State::Closing;
            self.waiting.clear();
        }
        self.ended.get_or_insert_with(|| Box::new(Disconnect { code, reason, by }));
    }
}
