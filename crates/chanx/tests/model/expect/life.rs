//! The life of a consumer and of its connection: one beginning, one end, and handlers that never overlap.

use super::{Part, is_line};
use crate::journal::{Phase, What};
use crate::table::End;

impl<'a> Part<'a> {
    /// The consumer's life has one beginning and one end, and so has the connection's.
    pub(super) fn check_life(&mut self) {
        let made = self.count_of(|what| matches!(what, What::Ended(Phase::Connect, _)));
        for (name, count) in [
            ("disconnected", self.count_of(|what| matches!(what, What::Disconnected { .. }))),
            ("dropped", self.count_of(|what| matches!(what, What::Dropped))),
            ("in its farewell", self.count_of(|what| matches!(what, What::Begun(Phase::Farewell, _)))),
        ] {
            self.require(count == made, || format!("{made} consumers were made, and {count} were {name}"));
        }
        for name in ["connected", "disconnected"] {
            let count = self.own.iter().filter(|(_, entry)| is_line(entry, name)).count();
            self.require(count == 1, || format!("{count} lines say {name}"));
        }
        // Its groups are left before its client has said goodbye.
        let farewell = self.own.iter().find(|(_, entry)| {
            matches!(
                entry.what,
                What::Ended(Phase::Farewell, _)
                    | What::Failed(Phase::Farewell, ..)
                    | What::Cut { phase: Phase::Farewell, .. }
            )
        });
        let dropped = self.find(|what| matches!(what, What::Dropped));
        if let Some(((_, farewell), dropped)) = farewell.zip(dropped)
            && self.mode.is_exact()
        {
            self.require(farewell.at == dropped.at, || format!("the consumer is there until {}", dropped.at));
        }
        // Handlers never overlap.
        let (mut running, mut is_given_up) = (None, false);
        for index in 0..self.own.len() {
            let end = self.end_at(index).map(|(_, end, _)| end);
            is_given_up |= self.mode.is_exact() && end == Some(End::Abandoned);
            match &self.own[index].1.what {
                What::Begun(phase, _) => {
                    let is_timely = !is_given_up || *phase == Phase::Farewell;
                    self.require(is_timely, || format!("{phase:?} begins although the time of handlers is over"));
                    self.require(running.is_none(), || format!("{phase:?} begins beside {running:?}"));
                    running = Some(*phase);
                }
                What::Ended(phase, _) | What::Failed(phase, ..) | What::Cut { phase, .. } => {
                    self.require(running == Some(*phase), || format!("{phase:?} ends, and {running:?} runs"));
                    running = None;
                }
                What::Denied => running = None,
                _ => {}
            }
        }
        self.require(running.is_none(), || format!("{running:?} never ends"));
    }
}
