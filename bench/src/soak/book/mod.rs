//! The books: each message that the server accepted was delivered to each member once and in order, or its loss was told.
//!
//! A member is a connection from the answer to its wish to join a group to the moment at which it leaves or ends. The load
//! runs in one thread, so what is said after that answer was read is for this member too. A member that lacks an accepted message was told
//! of the loss if a notice (`messages_missed`) came after the message had been said and before [`Outages::bound`], or if the
//! server ended its connection. One that leaves before the bound is told nothing more.
//! Each outage of the layer is told as well to all that stay, whether they lost anything or not.
//! A message that comes after one that was said later counts as lacking as well: its members must have been told.

mod membership;

use std::collections::HashMap;
use std::time::Instant;

use super::outages::Outages;
pub(super) use membership::Parting;
use membership::{Lack, Membership, Order};

/// How many faults are kept with their text.
const FAULTS: usize = 30;

#[derive(Debug, Default)]
pub(super) struct Book {
    groups: HashMap<u32, Vec<Said>>,
    members: HashMap<u64, Membership>,
    made: u64,
    pub(super) outages: Outages,
    pub(super) totals: Totals,
    /// What went wrong, the first of it.
    pub(super) faults: Vec<String>,
    /// All of it.
    pub(super) fault_count: u64,
}

/// One message for a group.
#[derive(Debug)]
struct Said {
    at: Instant,
    answer: Option<Answer>,
}

#[derive(Clone, Copy, Debug)]
enum Answer {
    Accepted(Instant),
    Rejected,
}

/// What was counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    pub(super) delivered: u64,
    pub(super) late: u64,
    pub(super) notices: u64,
    /// Deliveries that did not take place: the member was told by a notice, by the end of its connection, or left before.
    pub(super) told: u64,
    pub(super) ended: u64,
    pub(super) left: u64,
}

impl Book {
    pub(super) fn fault(&mut self, what: impl Into<String>) {
        self.fault_count += 1;
        if self.faults.len() < FAULTS {
            self.faults.push(what.into());
        }
    }

    /// A message is said now. Yields its number.
    pub(super) fn say(&mut self, group: u32, now: Instant) -> u32 {
        let said = self.groups.entry(group).or_default();
        said.push(Said { at: now, answer: None });
        said.len() as u32 - 1
    }

    /// The server accepted the message, or said that it did not.
    pub(super) fn answer(&mut self, group: u32, number: u32, is_accepted: bool, now: Instant) {
        let said = self.groups.get_mut(&group).and_then(|said| said.get_mut(number as usize));
        match said {
            Some(said) if said.answer.is_none() && is_accepted => {
                said.answer = Some(Answer::Accepted(now));
                self.totals.accepted += 1;
            }
            Some(said) if said.answer.is_none() => {
                said.answer = Some(Answer::Rejected);
                self.totals.rejected += 1;
            }
            _ => self.fault(format!("message {number} to group {group} was answered, but not said before")),
        }
    }

    /// A connection has become a member. Yields the name of the membership.
    pub(super) fn join(&mut self, group: u32, is_slow: bool, joined: Instant) -> u64 {
        let from = self.groups.get(&group).map_or(0, Vec::len) as u32;
        self.made += 1;
        self.members.insert(self.made, Membership::new(group, from, is_slow, joined));
        self.made
    }

    /// A member was sent a message.
    pub(super) fn hear(&mut self, member: u64, number: u32) {
        let Some(member) = self.members.get_mut(&member) else { return };
        let group = member.group();
        let said = self.groups.get(&group).map_or(0, Vec::len) as u32;
        if number >= said {
            return self.fault(format!("message {number} came to group {group}, and was never said"));
        }
        self.totals.delivered += 1;
        match member.hear(number) {
            Order::Next => {}
            Order::Late => self.totals.late += 1,
            Order::Again => {
                self.fault(format!("message {number} came to a member of group {group} twice, or out of order"));
            }
        }
    }

    /// Members were told that messages may be missing.
    pub(super) fn miss(&mut self, members: impl Iterator<Item = u64>, now: Instant) {
        self.totals.notices += 1;
        for member in members {
            if let Some(member) = self.members.get_mut(&member) {
                member.miss(now);
            }
        }
    }

    /// A membership ends.
    pub(super) fn part(&mut self, member: u64, how: Parting, now: Instant) {
        let Some(member) = self.members.remove(&member) else { return };
        let said = self.groups.get(&member.group()).map_or(&[][..], Vec::as_slice);
        let mut untold = Vec::new();
        for number in member.missing(said.len() as u32) {
            let lost = u64::from(!member.came_late(number));
            match member.judge(&said[number as usize], &self.outages, how, now) {
                Lack::None => {}
                Lack::Told => self.totals.told += lost,
                Lack::Ended => self.totals.ended += lost,
                Lack::Left => self.totals.left += lost,
                Lack::Untold => untold.push(number),
            }
        }
        let lost = (!untold.is_empty()).then(|| member.explain(&untold, said, now));
        if how == Parting::Settled && member.untold_outages(&self.outages) > 0 {
            self.fault(format!("a member of group {} was not told of an outage", member.group()));
        }
        if let Some(lost) = lost {
            self.fault_count += untold.len() as u64 - 1;
            self.fault(lost);
        }
    }

    /// How many deliveries may still come, or may still be told of. Slow readers are not waited for.
    pub(super) fn unsettled(&self) -> usize {
        let unsettled = |member: &Membership| {
            let said = self.groups.get(&member.group()).map_or(&[][..], Vec::as_slice);
            let is_open = |number: &u32| member.may_still_be_told(&said[*number as usize]);
            member.missing(said.len() as u32).filter(is_open).count() + member.untold_outages(&self.outages)
        };
        self.members.values().filter(|member| !member.is_slow()).map(unsettled).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const GROUP: u32 = 7;

    struct Story {
        book: Book,
        start: Instant,
    }

    impl Story {
        fn new() -> Self {
            Self { book: Book::default(), start: Instant::now() }
        }

        fn at(&self, seconds: u64) -> Instant {
            self.start + Duration::from_secs(seconds)
        }

        /// Says a message that is accepted at once.
        fn say(&mut self, seconds: u64) -> u32 {
            let at = self.at(seconds);
            let number = self.book.say(GROUP, at);
            self.book.answer(GROUP, number, true, at);
            number
        }

        fn join(&mut self) -> u64 {
            self.book.join(GROUP, false, self.start)
        }

        fn hear(&mut self, member: u64, numbers: &[u32]) {
            for number in numbers {
                self.book.hear(member, *number);
            }
        }

        fn miss(&mut self, member: u64, seconds: u64) {
            let at = self.at(seconds);
            self.book.miss(std::iter::once(member), at);
        }

        /// How many faults there are after the member went.
        fn part(&mut self, member: u64, how: Parting, seconds: u64) -> u64 {
            let at = self.at(seconds);
            self.book.part(member, how, at);
            self.book.fault_count
        }
    }

    #[test]
    fn a_member_that_hears_everything_once_and_in_order_is_content() {
        let mut story = Story::new();
        story.say(0);
        let member = story.join();
        for seconds in 1..4 {
            story.say(seconds);
        }
        // The first one was on its way before the member joined.
        story.hear(member, &[0, 1, 2]);
        assert_eq!(story.book.unsettled(), 1);
        story.hear(member, &[3]);
        assert_eq!(story.book.unsettled(), 0);
        assert_eq!(story.part(member, Parting::Settled, 5), 0);
        assert_eq!(story.book.totals.delivered, 4);
    }

    #[test]
    fn a_gap_an_end_and_everything_that_is_lost_without_a_word_are_faults() {
        for heard in [&[0, 2][..], &[0, 1], &[1, 2], &[]] {
            let mut story = Story::new();
            let member = story.join();
            for _ in 0..3 {
                story.say(1);
            }
            story.hear(member, heard);
            assert_eq!(story.part(member, Parting::Settled, 100), 3 - heard.len() as u64, "{heard:?}");
        }
    }

    #[test]
    fn what_comes_twice_or_was_never_said_is_a_fault() {
        let mut story = Story::new();
        let member = story.join();
        story.say(0);
        story.say(0);
        story.hear(member, &[0, 1]);
        for number in [1, 0, 2] {
            let before = story.book.fault_count;
            story.hear(member, &[number]);
            assert_eq!(story.book.fault_count, before + 1, "{number}");
        }
    }

    #[test]
    fn a_late_message_is_no_fault_for_a_member_that_was_told() {
        for (is_told, faults) in [(true, 0), (false, 1)] {
            let mut story = Story::new();
            let member = story.join();
            story.say(1);
            story.say(1);
            if is_told {
                story.miss(member, 2);
            }
            story.hear(member, &[1, 0]);
            assert_eq!((story.book.totals.late, story.book.fault_count), (1, 0));
            assert_eq!(story.part(member, Parting::Settled, 100), faults);
        }
    }

    #[test]
    fn a_late_message_that_comes_twice_is_a_fault() {
        let mut story = Story::new();
        let member = story.join();
        story.say(1);
        story.say(1);
        story.miss(member, 2);
        story.hear(member, &[1, 0, 0]);
        assert_eq!(story.book.fault_count, 1);
    }

    #[test]
    fn a_notice_counts_after_the_message_was_said_and_before_the_bound() {
        // Said at 10; told within 10 seconds and some slack.
        for (told, faults) in [(9, 1), (10, 0), (20, 0), (25, 0), (26, 1)] {
            let mut story = Story::new();
            let member = story.join();
            story.say(10);
            story.miss(member, told);
            assert_eq!(story.part(member, Parting::Settled, 100), faults, "told at {told}");
        }
    }

    #[test]
    fn an_outage_gives_more_time_to_tell() {
        let mut story = Story::new();
        let member = story.join();
        story.say(10);
        let (begin, end) = (story.at(12), story.at(40));
        story.book.outages.begin(begin);
        story.book.outages.end(end);
        story.miss(member, 50);
        assert_eq!(story.part(member, Parting::Settled, 100), 0);
    }

    #[test]
    fn an_outage_is_told_to_those_that_lost_nothing() {
        for (told, faults) in [(None, 1), (Some(9), 1), (Some(11), 0), (Some(28), 0), (Some(29), 1)] {
            let mut story = Story::new();
            let (member, visitor) = (story.join(), story.join());
            let (begin, end) = (story.at(10), story.at(13));
            story.book.outages.begin(begin);
            story.book.outages.end(end);
            let newcomer = story.book.join(GROUP, false, story.at(11));
            assert_eq!(story.book.unsettled(), 2);
            if let Some(told) = told {
                story.miss(member, told);
            }
            assert_eq!(story.part(visitor, Parting::Leaves, 100), 0);
            assert_eq!(story.part(newcomer, Parting::Settled, 100), 0);
            assert_eq!(story.part(member, Parting::Settled, 100), faults, "told at {told:?}");
        }
    }

    #[test]
    fn who_leaves_before_the_bound_and_who_is_cut_off_lacks_nothing() {
        for (how, seconds, faults) in
            [(Parting::Leaves, 20, 0), (Parting::Leaves, 26, 1), (Parting::Settled, 20, 1), (Parting::Ended, 26, 0)]
        {
            let mut story = Story::new();
            let member = story.join();
            story.say(10);
            assert_eq!(story.part(member, how, seconds), faults, "{how:?} at {seconds}");
        }
    }

    #[test]
    fn what_the_server_did_not_accept_may_be_lost_and_may_come() {
        let mut story = Story::new();
        let (member, other) = (story.join(), story.join());
        let at = story.at(0);
        let number = story.book.say(GROUP, at);
        assert_eq!(story.book.unsettled(), 2, "it is not answered");
        story.book.answer(GROUP, number, false, at);
        assert_eq!(story.book.unsettled(), 0);
        story.hear(member, &[number]);
        assert_eq!((story.part(member, Parting::Settled, 100), story.part(other, Parting::Settled, 100)), (0, 0));
        story.book.answer(GROUP, number, true, at);
        assert_eq!(story.book.fault_count, 1, "answered twice");
    }

    #[test]
    fn a_slow_reader_may_read_its_notice_late_but_must_have_one() {
        let mut story = Story::new();
        let (told, untold) = (story.book.join(GROUP, true, story.start), story.book.join(GROUP, true, story.start));
        story.say(10);
        assert_eq!(story.book.unsettled(), 0);
        story.miss(told, 90);
        assert_eq!(story.part(told, Parting::Settled, 100), 0);
        assert_eq!(story.part(untold, Parting::Settled, 100), 1);
    }
}
