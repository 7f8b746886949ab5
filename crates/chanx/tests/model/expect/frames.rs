//! What the client received.

use super::Part;
use crate::journal::{Frame, Phase, Sent, What};
use crate::table::Follows;

/// A frame that the connection's own consumer, or its driver, sent.
struct Expected {
    frame: Frame,
    /// When it must have arrived where nothing holds it up.
    due: u64,
    /// Whether it may be missing, because nobody knows whether the connection was still open.
    may_miss: bool,
}

impl<'a> Part<'a> {
    /// Nothing is garbled, nothing follows the close frame, and pongs answer pings.
    pub(super) fn check_frames(&mut self) {
        let mut is_closed = false;
        let mut was_said = false;
        let completes = self.plan.settings.completes && !self.connection.endpoint.is_bare;
        let mut pings = self
            .own
            .iter()
            .filter_map(|(_, entry)| match &entry.what {
                What::Wrote(Sent::Ping(payload)) => Some(payload),
                _ => None,
            })
            .collect::<Vec<_>>()
            .into_iter();
        let frames: Vec<_> = self.frames().collect();
        for (_, frame) in frames {
            self.require(!is_closed, || format!("{frame:?} follows the close frame"));
            let is_said = matches!(frame, Frame::Said { .. });
            self.require((*frame == Frame::GroupComplete) == (was_said && completes), || {
                format!("{frame:?} follows what was said: {was_said}")
            });
            was_said = is_said;
            match frame {
                Frame::Other(text) => self.fault(format!("the client got {text:?}")),
                Frame::Close(_) => is_closed = true,
                Frame::Pong(payload) => {
                    let asked = pings.next();
                    self.require(asked == Some(payload), || format!("the pong {payload:?} answers {asked:?}"));
                }
                Frame::Said { from, is_current, .. } => {
                    let number = self.number;
                    self.require(*is_current == (*from == number), || format!("{frame:?} says whose it is"));
                }
                _ => {}
            }
        }
    }

    pub(super) fn frames(&self) -> impl Iterator<Item = (u64, &'a Frame)> {
        self.own.iter().filter_map(|(_, entry)| match &entry.what {
            What::Got(frame) => Some((entry.at, frame)),
            _ => None,
        })
    }

    pub(super) fn saw_close(&self) -> bool {
        self.frames().any(|(_, frame)| matches!(frame, Frame::Close(_)))
    }

    pub(super) fn bad_refs(&self) -> bool {
        self.own.iter().any(|(_, entry)| matches!(entry.what, What::Wrote(Sent::Bad(_))))
    }

    /// The client sees a beginning of what was sent to it, once and in order; all of it if it saw the close frame.
    pub(super) fn check_own_frames(&mut self) {
        // What answers messages that are refused has no entry of the consumer's, so that its place is not known.
        let is_bad = |answers: &Option<String>| answers.as_deref() == Some("bad");
        let loose_completes = self.bad_refs();
        let is_loose = |frame: &Frame| loose_completes && *frame == Frame::Complete(None);
        let frames: Vec<_> = self
            .frames()
            .filter(|(_, frame)| match frame {
                Frame::Complete(answers) => !is_bad(answers) && !is_loose(frame),
                Frame::Authentication(_) | Frame::Error { .. } | Frame::Own { .. } => true,
                _ => false,
            })
            .collect();
        let expected: Vec<_> = self.expected().into_iter().filter(|expected| !is_loose(&expected.frame)).collect();
        let mut rest = expected.iter();
        for (at, frame) in frames {
            let mut skipped = None;
            let found = loop {
                match rest.next() {
                    None => break false,
                    Some(next) if next.frame == *frame => {
                        let is_late = at > next.due.max(self.prompt_from);
                        self.require(!is_late, || format!("{frame:?} arrives at {at}, and could have at {}", next.due));
                        break true;
                    }
                    Some(next) if next.may_miss => {}
                    Some(next) => {
                        skipped = Some(&next.frame);
                        break false;
                    }
                }
            };
            if !found {
                return self.fault(format!("the client got {frame:?} where {skipped:?} was sent"));
            }
        }
        if self.saw_close()
            && let Some(missing) = rest.find(|expected| !expected.may_miss)
        {
            self.fault(format!("the client was closed orderly and never got {:?}", missing.frame));
        }
    }

    /// What the connection itself sent, in order.
    fn expected(&self) -> Vec<Expected> {
        let settings = &self.plan.settings;
        let speaks = !self.connection.endpoint.is_bare;
        let mut expected = Vec::new();
        let mut running = 0;
        for index in 0..self.own.len() {
            let entry = self.own[index].1;
            let due = self.due(index);
            let mut expect = |frame, may_miss| expected.push(Expected { frame, due, may_miss });
            let ending = self.end_at(index).map(|(_, _, ending)| ending);
            let is_over = ending == Some(Some(true));
            let may_miss = ending == Some(None);
            let answers = |phase| (phase == Phase::Message && speaks).then(|| running.to_string());
            match &entry.what {
                What::Begun(Phase::Connect, _) if settings.tells_authentication && speaks => {
                    expect(Frame::Authentication(200), false);
                }
                What::Denied if settings.tells_authentication && speaks => expect(Frame::Authentication(403), true),
                What::Begun(Phase::Message, n) => running = *n,
                What::Own { k, size, answers } => {
                    expect(Frame::Own { k: *k, size: *size, answers: answers.clone() }, false);
                }
                _ if is_over || !speaks => {}
                What::Failed(Phase::Admission, ..) | What::Cut { phase: Phase::Admission, .. }
                    if settings.tells_authentication =>
                {
                    expect(Frame::Authentication(500), true);
                }
                What::Ended(Phase::Greet, _) if settings.completes => expect(Frame::Complete(None), may_miss),
                What::Ended(phase @ (Phase::Message | Phase::Event | Phase::Missed), _) if settings.completes => {
                    expect(Frame::Complete(answers(*phase)), may_miss);
                }
                What::Failed(phase, ..) | What::Cut { phase, .. } => {
                    let follows = self.follows(index);
                    if follows.contains(&Follows::Told) {
                        let id = self.logged_id(index).unwrap_or_default();
                        expect(Frame::Error { id, answers: answers(*phase) }, may_miss || follows.len() > 1);
                    }
                    let goes_on = follows.iter().any(|follows| matches!(follows, Follows::Told | Follows::Noted));
                    if goes_on && settings.completes && *phase != Phase::Farewell {
                        expect(Frame::Complete(answers(*phase)), may_miss || follows.len() > 1);
                    }
                }
                _ => {}
            }
        }
        expected
    }

    /// When that which was sent at an entry must leave: at once, or when the handler is done.
    pub(super) fn due(&self, index: usize) -> u64 {
        let entry = self.own[index].1;
        let is_held = |what: &What| match what {
            What::Ended(phase, _) => matches!(phase, Phase::Admission | Phase::Connect | Phase::Groups),
            What::Failed(..) | What::Cut { .. } => false,
            _ => true,
        };
        if self.plan.settings.sends_immediately || !matches!(entry.what, What::Own { .. } | What::Begun(..)) {
            return entry.at;
        }
        let done = self.own[index..].iter().find(|(_, entry)| !is_held(&entry.what));
        done.map_or(u64::MAX, |(_, done)| done.at)
    }

    /// The id in the line that follows an entry.
    pub(super) fn logged_id(&self, index: usize) -> Option<String> {
        match &self.own.get(index + 1)?.1.what {
            What::Log(line) => line.field("id").map(str::to_owned),
            _ => None,
        }
    }
}
