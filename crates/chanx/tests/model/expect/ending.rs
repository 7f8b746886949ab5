//! The end of a connection: it has a cause, everybody is told the same, and it takes no longer than it may.

use std::collections::BTreeSet;

use super::Part;
use crate::journal::{Entry, Frame, Phase, Sent, What};
use crate::plan::{CLOSE_TIMEOUT, Fault, Step};
use crate::table::{End, Follows};

impl<'a> Part<'a> {
    /// The end is one of those for which there was a cause, and everybody is told the same.
    pub(super) fn check_end(&mut self) {
        let Some((by, code, _, entry)) = self.goodbye() else { return };
        let told = self.find(|what| matches!(what, What::Disconnected { .. }));
        if let Some(What::Disconnected { by: told_by, code: told_code }) = told.map(|entry| &entry.what) {
            self.require((told_by, *told_code) == (&by, code), || {
                format!("the consumer is told {told_by} {told_code:?}, the log {by} {code:?}")
            });
        }
        let place = self.own.iter().find(|(_, own)| std::ptr::eq(*own, entry)).map_or(0, |(place, _)| *place);
        let causes = self.causes(place);
        self.require(causes.contains(&(by.as_str(), code)), || {
            format!("the end is by {by} with {code:?}; there was a cause for {causes:?}")
        });
        // What must have been the end, because the connection was open until then.
        for index in 0..self.own.len() {
            let is_alive = self.end_at(index).is_some_and(|(_, _, ending)| ending == Some(false));
            let closes =
                self.follows(index).iter().all(|follows| matches!(follows, Follows::Closes | Follows::Refuses));
            let must = match self.own[index].1.what {
                What::Closing(code) => code,
                _ if is_alive && closes => 1011,
                _ => continue,
            };
            let (by, what) = (by.clone(), &self.own[index].1.what);
            self.require(by == "server" && code == Some(must), || format!("{what:?} ended it by {by} with {code:?}"));
        }
        let seen: Vec<_> = self
            .own
            .iter()
            .filter_map(|(_, entry)| match entry.what {
                What::Got(Frame::Close(code)) => Some(code),
                _ => None,
            })
            .collect();
        self.require(seen.len() <= 1, || "two close frames".to_owned());
        if let [seen] = seen[..] {
            self.require(by == "transport" || seen == code, || {
                format!("the client saw {seen:?}, the log {by} {code:?}")
            });
        }
    }

    /// The ends for which there is a cause before this place in the journal.
    pub(super) fn causes(&self, place: usize) -> BTreeSet<(&'static str, Option<u16>)> {
        let mut causes = BTreeSet::new();
        for index in (0..self.own.len()).take_while(|index| self.own[*index].0 < place) {
            match self.own[index].1.what {
                What::Closing(code) => _ = causes.insert(("server", Some(code))),
                What::Denied => _ = causes.insert(("server", Some(4403))),
                What::Wrote(Sent::Close(code)) => _ = causes.insert(("client", Some(code))),
                What::Wrote(Sent::Violation) => causes.extend([("server", Some(1002)), ("server", Some(1007))]),
                What::Finished | What::Reset => _ = causes.insert(("transport", None)),
                _ if self
                    .follows(index)
                    .iter()
                    .any(|follows| matches!(follows, Follows::Closes | Follows::Refuses)) =>
                {
                    causes.insert(("server", Some(1011)));
                }
                _ => {}
            }
        }
        if self.all[..place].iter().any(|entry| entry.what == What::Drain) {
            causes.insert(("server", Some(1001)));
        }
        if self.connection.stream.fault != Fault::None {
            causes.insert(("transport", None));
        }
        if !self.connection.is_prompt()
            || self.plan.settings.max_queued_deliveries < 64
            || self.plan.settings.max_outgoing_bytes < 100_000
        {
            causes.insert(("server", Some(4413)));
        }
        let is_mute = self.connection.steps.iter().any(|step| matches!(step, Step::Mute));
        let reads_late = self.connection.steps.iter().any(|step| matches!(step, Step::Appetite(_)));
        if is_mute || reads_late || self.plan.settings.idle_timeout.is_some() {
            causes.insert(("server", Some(4408)));
        }
        causes
    }

    /// A client that does its part is told goodbye, and nobody waits for more than that.
    pub(super) fn check_goodbye(&mut self) {
        let Some((by, code, _, goodbye)) = self.goodbye() else { return };
        let is_cut = self.count_of(|what| matches!(what, What::Reset | What::Broke)) > 0;
        if self.prompt_from > 0 || is_cut || by == "transport" || matches!(code, Some(4408 | 4413)) {
            return;
        }
        let saw_close = self.find(|what| matches!(what, What::Got(Frame::Close(_)))).map(|entry| entry.at);
        self.require(saw_close.is_some(), || format!("it was closed by {by} with {code:?}, and its client never told"));
        let closed = self.find(|what| matches!(what, What::Wrote(Sent::Close(_)))).map(|entry| entry.at);
        let over = self.find(|what| matches!(what, What::SawEnd)).map(|entry| entry.at).unwrap_or_default();
        let is_violation = self.count_of(|what| matches!(what, What::Wrote(Sent::Violation))) > 0;
        let dropped = self.find(|what| matches!(what, What::Dropped)).map_or(0, |entry| entry.at);
        match (saw_close, closed) {
            (Some(saw), Some(closed)) => {
                let due = saw.max(closed).max(dropped);
                // The close frame may have to wait behind the rest of another one.
                let is_whole = !self.connection.steps.iter().any(|step| matches!(step, Step::Pieces(..)));
                let is_late = is_whole && dropped > 0 && goodbye.at > due;
                self.require(!is_late, || {
                    format!("the goodbye is over at {}, and could have been at {due}", goodbye.at)
                });
            }
            (Some(saw), None) if !is_violation && self.count_of(|what| matches!(what, What::Finished)) == 0 => {
                let waited = over.saturating_sub(saw);
                self.require(waited >= CLOSE_TIMEOUT / 5 * 4, || format!("the last word is waited for {waited}"));
            }
            _ => {}
        }
    }

    /// Handlers have four fifths of the time that follows the end, and the farewell a fifth at least.
    pub(super) fn check_grace(&mut self) {
        let ends = |what: &What| {
            matches!(
                what,
                What::Wrote(Sent::Close(_) | Sent::Violation)
                    | What::Finished
                    | What::Reset
                    | What::Broke
                    | What::ReadEnd
                    | What::Closing(_)
            )
        };
        let first = self
            .all
            .iter()
            .find(|entry| entry.what == What::Drain || entry.of == Some(self.number) && ends(&entry.what));
        let by = self.goodbye().map(|(by, code, ..)| (by, code));
        for index in 0..self.own.len() {
            let Entry { at, what, .. } = self.own[index].1;
            let What::Cut { phase, lasted, .. } = what else { continue };
            let Some((_, End::Abandoned, _)) = self.end_at(index) else { continue };
            if *phase == Phase::Farewell {
                self.require(*lasted >= CLOSE_TIMEOUT / 5, || format!("the farewell has {lasted}"));
            } else if let Some(first) = first
                && !matches!(by, Some((_, Some(4408 | 4413 | 1011))))
            {
                let had = at.saturating_sub(first.at);
                self.require(had >= CLOSE_TIMEOUT / 5 * 4, || format!("{phase:?} has {had} after the end"));
            }
        }
    }

    /// Everything that follows the end of a connection takes no longer than it may.
    pub(super) fn check_time(&mut self) {
        let Some((.., goodbye)) = self.goodbye() else { return };
        let first = self.own.iter().find(|(_, entry)| {
            matches!(entry.what, What::Disconnected { .. } | What::Closing(_) | What::Got(Frame::Close(_)))
        });
        if let Some((_, first)) = first {
            let took = goodbye.at.saturating_sub(first.at);
            self.require(took <= CLOSE_TIMEOUT + 2, || format!("the end takes {took}"));
        }
        // Whoever is told of the end of a stream deals with it at once.
        if let Some((_, broke)) = self.own.iter().find(|(_, entry)| matches!(entry.what, What::Broke | What::ReadEnd)) {
            let took = goodbye.at.saturating_sub(broke.at);
            self.require(took <= CLOSE_TIMEOUT + 2, || format!("the end of the stream takes {took}"));
        }
        if self.connection.is_prompt()
            && self.plan.settings.max_waiting_messages > 32
            && let Some((_, close)) =
                self.own.iter().find(|(_, entry)| matches!(entry.what, What::Wrote(Sent::Close(_)) | What::Finished))
        {
            let took = goodbye.at.saturating_sub(close.at);
            self.require(took <= CLOSE_TIMEOUT + 2, || format!("the end by the client takes {took}"));
        }
        let drained = self.all.iter().find(|entry| entry.what == What::Drain);
        if let Some(drain) = drained.filter(|drain| goodbye.at > drain.at) {
            let took = goodbye.at - drain.at;
            self.require(took <= CLOSE_TIMEOUT + 2, || format!("the end of the server takes {took}"));
        }
    }
}
