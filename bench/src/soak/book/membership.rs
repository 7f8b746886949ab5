//! One membership: what came to it, what did not, and what it was told.

use std::collections::BTreeSet;
use std::time::Instant;

use super::{Answer, Said};
use crate::soak::outages::Outages;

/// One membership.
#[derive(Debug)]
pub(super) struct Membership {
    group: u32,
    joined: Instant,
    /// The first message that must arrive.
    from: u32,
    /// What comes next, once anything came.
    next: Option<u32>,
    /// What was passed over.
    skipped: BTreeSet<u32>,
    /// What of that came later.
    late: BTreeSet<u32>,
    notices: Vec<Instant>,
    /// Whether it reads slowly, so that no bound holds for what it is told.
    is_slow: bool,
}

/// How a membership ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::soak) enum Parting {
    /// The member goes.
    Leaves,
    /// The server ends the connection.
    Ended,
    /// The member goes after all messages have had their time.
    Settled,
}

/// When a message comes.
pub(super) enum Order {
    Next,
    /// After one that was said later.
    Late,
    /// It was there already, or comes after it was passed over before the member was one.
    Again,
}

/// What became of a message that did not come in its turn.
pub(super) enum Lack {
    /// It was not accepted.
    None,
    /// A notice came in time.
    Told,
    /// The server ended the connection.
    Ended,
    /// The member left before it had to be told.
    Left,
    Untold,
}

impl Membership {
    pub(super) fn new(group: u32, from: u32, is_slow: bool, joined: Instant) -> Self {
        let (skipped, late, notices) = Default::default();
        Self { group, joined, from, next: None, skipped, late, notices, is_slow }
    }

    pub(super) fn group(&self) -> u32 {
        self.group
    }

    pub(super) fn is_slow(&self) -> bool {
        self.is_slow
    }

    /// Whether a message came after one that was said later.
    pub(super) fn came_late(&self, number: u32) -> bool {
        self.late.contains(&number)
    }

    /// The member is told that messages may be missing.
    pub(super) fn miss(&mut self, now: Instant) {
        self.notices.push(now);
    }

    /// A message comes.
    pub(super) fn hear(&mut self, number: u32) -> Order {
        match self.next {
            Some(next) if number < next => {
                let is_late = self.skipped.contains(&number) && self.late.insert(number);
                return if is_late { Order::Late } else { Order::Again };
            }
            next => self.skipped.extend(next.unwrap_or(0).max(self.from)..number),
        }
        self.next = Some(number + 1);
        Order::Next
    }

    /// What did not come in its turn, of so many messages.
    pub(super) fn missing(&self, said: u32) -> impl Iterator<Item = u32> {
        self.skipped.iter().copied().chain(self.next.unwrap_or(0).max(self.from)..said)
    }

    /// What became of a message that did not come in its turn, when the membership ends.
    pub(super) fn judge(&self, said: &Said, outages: &Outages, how: Parting, now: Instant) -> Lack {
        let accepted = match said.answer {
            Some(Answer::Accepted(at)) => at,
            // Nothing was promised, or not yet.
            Some(Answer::Rejected) | None => return Lack::None,
        };
        let bound = outages.bound(accepted).filter(|_| !self.is_slow);
        let is_told = |notice: &Instant| *notice >= said.at && bound.is_none_or(|bound| *notice <= bound);
        match how {
            _ if self.notices.iter().any(is_told) => Lack::Told,
            Parting::Ended => Lack::Ended,
            Parting::Leaves if bound.is_none_or(|bound| now < bound) => Lack::Left,
            Parting::Leaves | Parting::Settled => Lack::Untold,
        }
    }

    /// How many outages there were without a notice in time.
    pub(super) fn untold_outages(&self, outages: &Outages) -> usize {
        let is_told = |(begin, bound): &(Instant, Instant)| {
            self.notices.iter().any(|notice| notice >= begin && (self.is_slow || notice <= bound))
        };
        outages.since(self.joined).filter(|outage| !is_told(outage)).count()
    }

    /// Whether a message that did not come may still come, or may still be told of.
    pub(super) fn may_still_be_told(&self, said: &Said) -> bool {
        let is_due = !matches!(said.answer, Some(Answer::Rejected));
        is_due && !self.notices.iter().any(|notice| *notice >= said.at)
    }

    /// What is known of a loss that was not told.
    pub(super) fn explain(&self, untold: &[u32], said: &[Said], now: Instant) -> String {
        let ago = |at: Instant| format!("{:.2} s ago", now.saturating_duration_since(at).as_secs_f64());
        let lost = untold.iter().take(5).map(|number| format!("{number}, said {}", ago(said[*number as usize].at)));
        let notices = self.notices.iter().rev().take(3).map(|notice| ago(*notice));
        format!(
            "{} accepted messages to group {} did not come to a member that joined {}, with message {}, and it was not told: {}; its last \
             notices: {}",
            untold.len(),
            self.group,
            ago(self.joined),
            self.from,
            lost.collect::<Vec<_>>().join(", "),
            notices.collect::<Vec<_>>().join(", "),
        )
    }
}
