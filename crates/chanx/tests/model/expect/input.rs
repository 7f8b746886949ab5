//! What the client sent.

use std::collections::{BTreeMap, BTreeSet};

use super::Part;
use crate::journal::{Frame, Phase, Sent, What};
use crate::plan::Fault;

impl<'a> Part<'a> {
    /// What an admitted client sent is handled once and in order, and counted where it is not.
    pub(super) fn check_input(&mut self) {
        let sent: Vec<_> = self
            .own
            .iter()
            .filter_map(|(_, entry)| match &entry.what {
                What::Wrote(sent @ (Sent::Act(_) | Sent::Read(_) | Sent::Bad(_))) => Some(sent),
                _ => None,
            })
            .collect();
        let handled: Vec<_> = self
            .own
            .iter()
            .filter_map(|(_, entry)| match entry.what {
                What::Begun(Phase::Message, n) => Some(Sent::Act(n)),
                What::Begun(Phase::Reading, n) => Some(Sent::Read(n)),
                _ => None,
            })
            .collect();
        let mut good = sent.iter().filter(|sent| !matches!(sent, Sent::Bad(_)));
        for one in &handled {
            let next = good.next();
            self.require(next == Some(&one), || format!("{one:?} is handled where {next:?} was sent"));
        }
        let Some((by, _, unhandled, _)) = self.goodbye() else { return };
        let was_open = self.own.iter().any(|(_, entry)| matches!(entry.what, What::Ended(Phase::Greet, Some(false))));
        let is_whole = self.connection.stream.fault == Fault::None
            && self.count_of(|what| matches!(what, What::Reset)) == 0
            && self.count_of(|what| matches!(what, What::Wrote(Sent::Violation))) == 0;
        if by != "server" && was_open && is_whole {
            let taken = sent.len().saturating_sub(unhandled as usize);
            let expected = sent[..taken].iter().filter(|sent| !matches!(sent, Sent::Bad(_))).count();
            self.require(handled.len() == expected, || {
                format!(
                    "{} messages were sent, {unhandled} counted as unhandled, and {} handled",
                    sent.len(),
                    handled.len()
                )
            });
        }
    }

    /// Events and messages take turns.
    pub(super) fn check_turns(&mut self) {
        // A message that is refused has its turn too, and nobody notes when.
        if self.prompt_from > 0 || self.bad_refs() {
            return;
        }
        let mut before: Option<(bool, usize)> = None;
        let mut events: BTreeMap<(usize, u32), (usize, u64)> = BTreeMap::new();
        let mut messages: Vec<(usize, u64)> = Vec::new();
        let mut owed: BTreeSet<(usize, u32)> = self.told().into_iter().map(|(from, k, _)| (from, k)).collect();
        for (place, entry) in self.all.iter().enumerate() {
            if let (Some(of), What::Told { k }) = (entry.of, &entry.what)
                && owed.remove(&(of, *k))
            {
                events.insert((of, *k), (place, entry.at));
            }
            if entry.of != Some(self.number) {
                continue;
            }
            let ends = matches!(
                entry.what,
                What::Got(Frame::Close(_))
                    | What::ReadEnd
                    | What::Closing(_)
                    | What::Wrote(Sent::Close(_) | Sent::Violation)
                    | What::Finished
                    | What::Disconnected { .. }
            );
            if ends {
                return;
            }
            // What arrives beside a handler is looked for when that waits.
            let is_late = |(place, at): (usize, u64), begun| place < begun && at < entry.at;
            match entry.what {
                What::Wrote(Sent::Act(_)) => messages.push((place, entry.at)),
                What::Heard { from, k } => {
                    // It may be heard before its sender goes on.
                    owed.remove(&(from, k));
                    events.remove(&(from, k));
                }
                What::Begun(Phase::Message, _) => {
                    let waits = before.is_some_and(|(is_event, begun)| {
                        !is_event && events.values().any(|told| is_late(*told, begun))
                    });
                    self.require(!waits, || format!("an event waits for a second message, at {}", entry.at));
                    if !messages.is_empty() {
                        messages.remove(0);
                    }
                    before = Some((false, place));
                }
                What::Begun(Phase::Event, _) => {
                    let waits = before.is_some_and(|(is_event, begun)| {
                        is_event && messages.first().is_some_and(|sent| is_late(*sent, begun))
                    });
                    self.require(!waits, || format!("a message waits for a second event, at {}", entry.at));
                    before = Some((true, place));
                }
                What::Begun(..) => before = None,
                _ => {}
            }
        }
    }
}
