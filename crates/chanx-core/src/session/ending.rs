//! How a connection ends: by a close frame, by silence, or because the transport is gone.

use std::time::Duration;

use super::liveness::Verdict;
use super::{Disconnect, EndedBy, Session, State};
use crate::close::{CloseCode, CloseFrame, InvalidCloseCode};
use crate::frame::Opcode;

impl Session {
    /// Judges the time since the last tick, or since the beginning: one [`SessionConfig::tick_period`] where nothing is late.
    ///
    /// [`SessionConfig::tick_period`]: super::SessionConfig::tick_period
    pub fn tick(&mut self, elapsed: Duration) {
        if !self.waiting.has_room(&self.config) {
            // Whoever is not read from cannot be heard.
            self.liveness.heard();
        }
        if self.is_handling || self.state == State::Authenticating {
            // Whoever waits for an answer is not idle.
            self.liveness.had_message();
        }
        match self.liveness.tick(elapsed, !self.output.pending().is_empty(), &self.config) {
            Verdict::Alive => {}
            // Nothing may follow the close frame.
            Verdict::Ask if self.is_ending() => {}
            Verdict::Ask => self.output.frame(Opcode::Ping, &[]),
            Verdict::Silent => self.give_up(CloseCode::IDLE, "no sign of life"),
            Verdict::Idle => self.end(CloseCode::IDLE, "no message for too long"),
            Verdict::Stalled => self.give_up(CloseCode::TOO_SLOW, "too slow"),
        }
    }

    /// Closes the connection: nothing is handled or sent any more. Closing a closed one changes nothing.
    pub fn end(&mut self, code: CloseCode, reason: &str) {
        if !self.is_ending() {
            self.output.close(&CloseFrame::new(code, reason));
            self.note_end(Some(code), reason.to_owned(), EndedBy::Server);
        }
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

    pub(super) fn note_end(&mut self, code: Option<CloseCode>, reason: String, by: EndedBy) {
        self.state = State::Closing;
        self.waiting.clear();
        self.ended.get_or_insert_with(|| Box::new(Disconnect { code, reason, by }));
    }
}
