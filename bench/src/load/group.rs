//! Who has heard what: each member each message, once, in the order in which they were said.

use std::time::Instant;

use super::crowd::Ears;
use super::dialect::Dialect;
use super::script;
use super::{MAX_OUTSTANDING, Wrong};
use crate::histogram::Histogram;

/// One message more than may be under way: see [`super::Fanout::settle`].
const PLACES: u64 = MAX_OUTSTANDING as u64 + 1;

/// What members have heard so far.
#[derive(Debug)]
pub(super) struct Group {
    /// The number of the message that each member is to hear next.
    next: Vec<u64>,
    published: u64,
    /// Messages that all have heard.
    complete: u64,
    under_way: Vec<Message>,
    frame: Vec<u8>,
    dialect: Dialect,
    knows_the_sender: bool,
    latencies: Histogram,
}

#[derive(Debug)]
struct Message {
    text: Vec<u8>,
    /// The same, for the member who said it.
    own_text: Vec<u8>,
    published: Instant,
    heard_by: usize,
}

impl Group {
    pub(super) fn new(members: usize, dialect: Dialect, knows_the_sender: bool) -> Self {
        Self {
            next: vec![0; members],
            published: 0,
            complete: 0,
            under_way: Vec::new(),
            frame: Vec::new(),
            dialect,
            knows_the_sender,
            latencies: Histogram::default(),
        }
    }

    /// How many messages not everybody has heard.
    pub(super) fn under_way(&self) -> u64 {
        self.published - self.complete
    }

    /// Notes a new message. Yields the frame that says it.
    pub(super) fn publish(&mut self) -> &[u8] {
        let number = self.published;
        let text = script::said(self.dialect, number, false);
        let own_text = script::said(self.dialect, number, self.knows_the_sender);
        self.frame = script::say(self.dialect, number);
        let message = Message { text, own_text, published: Instant::now(), heard_by: 0 };
        match self.under_way.get_mut((number % PLACES) as usize) {
            Some(place) => *place = message,
            None => self.under_way.push(message),
        }
        self.published += 1;
        &self.frame
    }

    pub(super) fn latencies(&self) -> &Histogram {
        &self.latencies
    }

    pub(super) fn forget_latencies(&mut self) {
        self.latencies = Histogram::default();
    }
}

impl Ears for Group {
    /// Notes what a member heard. The first member is the one who speaks.
    fn hear(&mut self, member: usize, text: &[u8], now: Instant) -> Result<(), Wrong> {
        let number = self.next[member];
        if number == self.published {
            return Err(Wrong::unexpected(text));
        }
        let message = &mut self.under_way[(number % PLACES) as usize];
        let expected = if member == 0 { &message.own_text } else { &message.text };
        if text != expected {
            return Err(Wrong::text(text, expected));
        }
        self.next[member] += 1;
        message.heard_by += 1;
        if message.heard_by == self.next.len() {
            self.complete += 1;
        }
        self.latencies.record(now - message.published);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A group of two to whom this many messages were said.
    fn group(messages: usize) -> Group {
        let mut group = Group::new(2, Dialect::Json, true);
        for _ in 0..messages {
            group.publish();
        }
        group
    }

    fn hear(group: &mut Group, member: usize, number: u64) -> Result<(), Wrong> {
        group.hear(member, &script::said(Dialect::Json, number, member == 0), Instant::now())
    }

    #[test]
    fn a_message_is_complete_when_all_have_heard_it() {
        let mut group = group(2);
        assert_eq!(hear(&mut group, 1, 0), Ok(()));
        assert_eq!(hear(&mut group, 1, 1), Ok(()));
        assert_eq!(group.under_way(), 2);
        assert_eq!(hear(&mut group, 0, 0), Ok(()));
        assert_eq!(group.under_way(), 1);
        assert_eq!(group.latencies().count(), 3);
    }

    #[test]
    fn one_too_many_is_wrong() {
        let mut group = group(1);
        assert_eq!(hear(&mut group, 1, 0), Ok(()));
        assert!(matches!(hear(&mut group, 1, 0), Err(Wrong::Unexpected(_))));
    }

    #[test]
    fn twice_left_out_or_in_the_wrong_order_is_wrong() {
        let mut group = group(3);
        assert!(matches!(hear(&mut group, 1, 1), Err(Wrong::Text { .. })));
        assert_eq!(hear(&mut group, 1, 0), Ok(()));
        assert!(matches!(hear(&mut group, 1, 0), Err(Wrong::Text { .. })));
        assert!(matches!(hear(&mut group, 1, 2), Err(Wrong::Text { .. })));
    }

    #[test]
    fn only_the_sender_is_told_that_it_is_the_sender() {
        let mut group = group(1);
        let now = Instant::now();
        assert!(matches!(group.hear(1, &script::said(Dialect::Json, 0, true), now), Err(Wrong::Text { .. })));
        assert!(matches!(group.hear(0, &script::said(Dialect::Json, 0, false), now), Err(Wrong::Text { .. })));
    }

    #[test]
    fn places_are_used_again() {
        let mut group = group(0);
        for number in 0..PLACES * 2 {
            group.publish();
            assert_eq!(hear(&mut group, 0, number), Ok(()));
            assert_eq!(hear(&mut group, 1, number), Ok(()));
        }
        assert_eq!(group.under_way(), 0);
    }
}
