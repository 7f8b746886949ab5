//! Nothing is late: time passes only where the plan waits for something.

use std::collections::BTreeMap;

use super::Part;
use crate::journal::{Entry, Frame, Phase, Sent, Waited, What};
use crate::plan::{PING_INTERVAL, Step};
use crate::table::End;

impl<'a> Part<'a> {
    /// Where nothing holds it up, what arrives is handled at once, and what others sent arrives when it is sent.
    pub(super) fn check_promptness(&mut self) {
        self.check_prompt_input();
        self.check_prompt_frames();
    }

    pub(super) fn check_prompt_input(&mut self) {
        let told = self.times(|what| match *what {
            What::Told { k } => Some(k),
            _ => None,
        });
        let mut sent = BTreeMap::new();
        let mut free = None;
        // The first loss that the consumer was not told of yet.
        let missing: Vec<_> = self.all.iter().enumerate().filter(|(_, entry)| entry.what == What::Missing).collect();
        let mut served = 0;
        for index in 0..self.own.len() {
            let Entry { at, what, .. } = self.own[index].1;
            match what {
                What::Wrote(Sent::Act(n)) => _ = sent.insert(*n, *at),
                What::Begun(Phase::Message, n) => {
                    let due = sent.get(n).copied().max(free).max(Some(self.prompt_from)).unwrap_or_default();
                    self.require(*at <= due, || {
                        format!("message {n} is handled at {at}, and could have been at {due}")
                    });
                }
                // Before that nobody knew of it.
                What::Begun(Phase::Greet, _) => served = self.own[index].0,
                What::Begun(Phase::Missed, _) => {
                    let here = self.own[index].0;
                    let first = missing.iter().find(|(place, _)| *place >= served).map_or(0, |(_, entry)| entry.at);
                    let due = first.max(free.unwrap_or_default()).max(self.prompt_from);
                    self.require(*at <= due, || format!("a loss is told at {at}, and could have been at {due}"));
                    served = here;
                }
                What::Heard { from, k } => {
                    let due = told
                        .get(&(*from, *k))
                        .copied()
                        .unwrap_or(u64::MAX)
                        .max(free.unwrap_or_default())
                        .max(self.prompt_from);
                    self.require(*at <= due, || {
                        format!("the event {k} of {from} is handled at {at}, and could have been at {due}")
                    });
                }
                What::Ended(..) | What::Failed(..) | What::Cut { .. } => free = Some(*at),
                _ => {}
            }
        }
    }

    pub(super) fn check_prompt_frames(&mut self) {
        let sent = self.times(|what| match *what {
            What::Published { k } | What::Whispering { k, .. } => Some(k),
            _ => None,
        });
        let mut pings = Vec::new();
        let (mut waiting, most) = (0, self.plan.settings.max_waiting_messages);
        for index in 0..self.own.len() {
            let Entry { at, what, .. } = self.own[index].1;
            match what {
                What::Got(frame @ (Frame::Said { from, k, .. } | Frame::Whisper { from, k, .. })) => {
                    let due = sent.get(&(*from, *k)).copied().unwrap_or(u64::MAX).max(self.prompt_from);
                    self.require(*at <= due, || format!("{frame:?} arrives at {at}, and could have at {due}"));
                }
                What::Wrote(Sent::Ping(payload)) => pings.push((payload, (waiting < most).then_some(*at))),
                What::Wrote(_) => waiting += 1,
                What::Begun(Phase::Message | Phase::Reading, _) => waiting = waiting.saturating_sub(1),
                What::Got(Frame::Pong(_)) if !pings.is_empty() => {
                    let (_, due) = pings.remove(0);
                    self.require(due.is_none_or(|due| *at <= due.max(self.prompt_from)), || {
                        format!("the pong to {due:?} arrives at {at}")
                    });
                }
                _ => {}
            }
        }
    }

    /// When others had sent what they number.
    pub(super) fn times(&self, done: impl Fn(&What) -> Option<u32>) -> BTreeMap<(usize, u32), u64> {
        self.all.iter().filter_map(|entry| Some(((entry.of?, done(&entry.what)?), entry.at))).collect()
    }

    /// Nobody waits for a connection that takes everything, or has ended.
    pub(super) fn check_waits(&mut self) {
        let offered = self.times(|what| match *what {
            What::Offering(k) => Some(k),
            _ => None,
        });
        // Events that wait for a handler take room in a mailbox.
        let has_events = self.all.iter().any(|entry| matches!(entry.what, What::Telling { .. }));
        for entry in self.all {
            if let (Some(of), What::Whispering { to, k }) = (entry.of, &entry.what)
                && *to == self.number
                && self.prompt_from < u64::MAX
                && !has_events
            {
                let due = offered.get(&(of, *k)).copied().unwrap_or_default().max(self.prompt_from);
                self.require(entry.at <= due, || format!("{of} waits until {} with its message {k}", entry.at));
            }
        }
        let mut sending = None;
        for index in 0..self.own.len() {
            let Entry { at, what, .. } = self.own[index].1;
            match what {
                What::Sending(k) => sending = Some((*k, *at)),
                What::Own { k, .. } if self.prompt_from <= *at => {
                    let begun = sending.filter(|(sent, _)| sent == k).map(|(_, at)| at);
                    let is_late = begun.is_none_or(|begun| begun.max(self.prompt_from) < *at);
                    self.require(!is_late, || format!("the message {k} waits from {begun:?} to {at} for room"));
                }
                What::Cut { waited: Waited::ForRoom, .. } => {
                    let takes_all = self.prompt_from == 0 && !has_events;
                    if let Some((phase, end, _)) = self.end_at(index)
                        && (end == End::Abandoned || takes_all)
                    {
                        self.fault(format!("{phase:?} waits for a connection that has ended, or takes everything"));
                    }
                }
                _ => {}
            }
        }
    }

    /// A client that gives no sign of life is given up.
    pub(super) fn check_liveness(&mut self) {
        let Some(quiet) = self.quiet().filter(|_| !self.is_stuck()) else { return };
        let is_mute = self.connection.steps.iter().any(|step| matches!(step, Step::Mute));
        let heard = self
            .own
            .iter()
            .filter(|(place, entry)| *place < quiet && matches!(entry.what, What::Wrote(_)))
            .map(|(_, entry)| entry.at)
            .max();
        let since = heard.unwrap_or_default().max(self.prompt_from);
        let silent = self.all[quiet].at.saturating_sub(since);
        let asks = self.plan.settings.idle_timeout.is_none();
        self.require(!(is_mute && asks && silent > 3 * PING_INTERVAL), || {
            format!("it is silent for {silent}, and still there")
        });
        if let Some(limit) = self.plan.settings.idle_timeout {
            self.require(silent < 2 * limit, || format!("it is idle for {silent}, and still there"));
        }
    }
}
