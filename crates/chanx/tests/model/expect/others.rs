//! What comes from other connections: group messages, messages of handles, events, and that some may be missing.

use std::collections::{BTreeMap, BTreeSet};

use super::Part;
use crate::journal::{Frame, Phase, Sent, What};
use crate::plan::Fault;

impl<'a> Part<'a> {
    /// Group messages come once, in the order of each sender, and to whoever was a member and stayed.
    pub(super) fn check_groups(&mut self) {
        let mut last: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        let mut whispers: BTreeMap<usize, u32> = BTreeMap::new();
        let frames: Vec<_> = self.frames().collect();
        let mut got = BTreeSet::new();
        for (_, frame) in &frames {
            match **frame {
                Frame::Said { from, group, k, .. } => {
                    let before = last.insert((from, group), k);
                    self.require(before.is_none_or(|before| before < k), || {
                        format!("{frame:?} comes after {before:?}")
                    });
                    got.insert((from, k));
                }
                // Spawned work sends beside handlers, each in its own order.
                Frame::Whisper { from, k, .. } if from != self.number => {
                    let before = whispers.insert(from, k);
                    self.require(before.is_none_or(|before| before < k), || {
                        format!("{frame:?} comes after {before:?}")
                    });
                }
                _ => {}
            }
        }
        for (from, k, group) in self.owed(
            |what| match *what {
                What::Publishing { group, k, own_too } => Some((group, k, own_too)),
                _ => None,
            },
            |what| match *what {
                What::Published { k } => Some(k),
                _ => None,
            },
        ) {
            self.require(got.contains(&(from, k)), || {
                format!("the message {k} of {from} to the group {group} never came")
            });
        }
    }

    /// What a handle took comes, if the connection lives on.
    pub(super) fn check_whispers(&mut self) {
        let Some(quiet) = self.quiet() else { return };
        let whispers: BTreeSet<_> = self
            .frames()
            .filter_map(|(_, frame)| match *frame {
                Frame::Whisper { from, k, .. } => Some((from, k)),
                _ => None,
            })
            .collect();
        for entry in &self.all[..quiet] {
            if let (Some(of), What::Whispering { to, k }) = (entry.of, &entry.what)
                && *to == self.number
            {
                self.require(whispers.contains(&(of, *k)), || format!("the message {k} from {of} never came"));
            }
        }
    }

    pub(super) fn check_events(&mut self) {
        let mut last: BTreeMap<usize, u32> = BTreeMap::new();
        let mut heard = BTreeSet::new();
        for index in 0..self.own.len() {
            if let What::Heard { from, k } = self.own[index].1.what {
                let before = last.insert(from, k);
                self.require(before.is_none_or(|before| before < k), || {
                    format!("the event {k} of {from} comes after {before:?}")
                });
                heard.insert((from, k));
            }
        }
        if self.is_stuck() {
            return;
        }
        for (from, k, group) in self.told() {
            self.require(heard.contains(&(from, k)), || {
                format!("the event {k} of {from} to the group {group} never came")
            });
        }
        let Some(quiet) = self.quiet() else { return };
        let greeted = self.own.iter().find(|(_, entry)| matches!(entry.what, What::Begun(Phase::Greet, _)));
        let missing = self.all[..quiet].iter().rposition(|entry| entry.what == What::Missing);
        if let Some((missing, (greeted, _))) = missing.zip(greeted)
            && missing > *greeted
        {
            let told =
                self.own.iter().any(|(place, entry)| *place > missing && entry.what == What::Begun(Phase::Missed, 0));
            self.require(told, || "it was never told that messages may be missing".to_owned());
        }
    }

    /// The events that it must hear of.
    pub(super) fn told(&self) -> Vec<(usize, u32, usize)> {
        self.owed(
            |what| match *what {
                What::Telling { group, k } => Some((group, k, true)),
                _ => None,
            },
            |what| match *what {
                What::Told { k } => Some(k),
                _ => None,
            },
        )
    }

    /// The last quiet moment, if the connection still lived then.
    pub(super) fn quiet(&self) -> Option<usize> {
        let quiet = self.all.iter().rposition(|entry| entry.what == What::Quiet)?;
        let goodbye = self.goodbye().map(|(.., goodbye)| goodbye);
        let ended = self.own.iter().find(|(_, entry)| goodbye.is_some_and(|goodbye| std::ptr::eq(*entry, goodbye)));
        let ended = ended.map_or(usize::MAX, |(place, _)| *place);
        // One that is closing gets nothing any more.
        let close = self.own.iter().find(|(_, entry)| {
            matches!(
                entry.what,
                What::Got(Frame::Close(_))
                    | What::Wrote(Sent::Close(_) | Sent::Violation)
                    | What::Finished
                    | What::Reset
                    | What::Disconnected { .. }
                    | What::Closing(_)
            )
        });
        (ended > quiet && close.is_none_or(|(place, _)| *place > quiet) && self.is_alive_at(quiet)).then_some(quiet)
    }

    /// Whether a later entry shows that the connection was open at this place.
    pub(super) fn is_alive_at(&self, place: usize) -> bool {
        let by = self.goodbye().map(|(by, ..)| by);
        let has_fault = self.connection.stream.fault != Fault::None;
        !(has_fault && by.as_deref() == Some("transport"))
            && self
                .own
                .iter()
                .any(|(own, entry)| *own < place && matches!(entry.what, What::Ended(Phase::Greet, Some(false))))
    }

    /// Whether a handler runs at the quiet moment.
    pub(super) fn is_stuck(&self) -> bool {
        let Some(quiet) = self.quiet() else { return true };
        let before = self.own.iter().take_while(|(place, _)| *place < quiet);
        let begun = before.clone().filter(|(_, entry)| matches!(entry.what, What::Begun(..))).count();
        let ended = before
            .filter(|(_, entry)| {
                matches!(entry.what, What::Ended(..) | What::Failed(..) | What::Cut { .. } | What::Denied)
            })
            .count();
        begun != ended
    }

    /// What others sent to groups that this connection was in from before until the quiet moment, and which it lived to see.
    pub(super) fn owed(
        &self,
        begins: impl Fn(&What) -> Option<(usize, u32, bool)>,
        ends: impl Fn(&What) -> Option<u32>,
    ) -> Vec<(usize, u32, usize)> {
        let Some(quiet) = self.quiet() else { return Vec::new() };
        let mut joined = BTreeSet::new();
        let mut begun: BTreeMap<(usize, u32), usize> = BTreeMap::new();
        let mut owed = Vec::new();
        for entry in &self.all[..quiet] {
            let Some(of) = entry.of else { continue };
            if of == self.number {
                match entry.what {
                    What::Joined(group) => _ = joined.insert(group),
                    What::Left(group) => {
                        joined.remove(&group);
                        begun.retain(|_, to| *to != group);
                    }
                    _ => {}
                }
            }
            if let Some((group, k, own_too)) = begins(&entry.what)
                && joined.contains(&group)
                && (own_too || of != self.number)
            {
                begun.insert((of, k), group);
            }
            if let Some(k) = ends(&entry.what)
                && let Some(group) = begun.remove(&(of, k))
            {
                owed.push((of, k, group));
            }
        }
        owed
    }
}
