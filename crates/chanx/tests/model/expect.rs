//! What must be true of a run: each check looks at one connection's part of the journal.

use std::collections::{BTreeMap, BTreeSet};

use tracing::Level;

use crate::coverage::{Cell, Coverage};
use crate::journal::{Entry, Frame, Kind, Line, Phase, Sent, Waited, What};
use crate::plan::{CLOSE_TIMEOUT, Connection, Fault, PING_INTERVAL, Plan, Step};
use crate::table::{End, Follows, follows, line};
use crate::world::{Mode, Story};

/// All that is wrong with a run.
pub(crate) fn faults(plan: &Plan, story: &Story, coverage: &mut Coverage) -> Vec<String> {
    let mut faults: Vec<String> = story.left.iter().map(|what| format!("{what} is left")).collect();
    for number in 0..plan.connections.len() {
        let mut part = Part::new(plan, story.mode, number, &story.entries);
        part.check();
        part.count(coverage);
        faults.extend(part.faults.iter().map(|fault| format!("connection {number}: {fault}")));
    }
    for entry in &story.entries {
        if let (None, What::Log(line)) = (entry.of, &entry.what)
            && line.level <= Level::WARN
        {
            faults.push(format!("a line that belongs to no connection: {line:?}"));
        }
    }
    faults
}

/// Whether everything has arrived that must, if nothing more happens.
pub(crate) fn is_settled(plan: &Plan, mode: Mode, mut entries: Vec<Entry>) -> bool {
    let at = entries.last().map_or(0, |entry| entry.at);
    entries.push(Entry { at, of: None, what: What::Quiet });
    (0..plan.connections.len()).all(|number| {
        let mut part = Part::new(plan, mode, number, &entries);
        part.check_groups();
        part.check_whispers();
        part.check_events();
        part.faults.is_empty()
    })
}

/// One connection's part of the journal.
struct Part<'a> {
    plan: &'a Plan,
    mode: Mode,
    connection: &'a Connection,
    number: usize,
    all: &'a [Entry],
    /// Its own entries, with their places among all.
    own: Vec<(usize, &'a Entry)>,
    /// The last entry at which the connection was certainly not ending.
    last_alive: Option<usize>,
    /// The first at which it certainly was.
    first_ending: usize,
    /// From when on nothing is late because of the client or its stream.
    prompt_from: u64,
    faults: Vec<String>,
}

/// A frame that the connection's own consumer, or its driver, sent.
struct Expected {
    frame: Frame,
    /// When it must have arrived where nothing holds it up.
    due: u64,
    /// Whether it may be missing, because nobody knows whether the connection was still open.
    may_miss: bool,
}

impl<'a> Part<'a> {
    fn new(plan: &'a Plan, mode: Mode, number: usize, all: &'a [Entry]) -> Self {
        let connection = &plan.connections[number];
        let own: Vec<_> = all.iter().enumerate().filter(|(_, entry)| entry.of == Some(number)).collect();
        let is_alive = |what: &What| {
            matches!(
                what,
                What::Own { .. } | What::Closing(_) | What::Ended(_, Some(false)) | What::Failed(_, _, Some(false))
            )
        };
        let last_alive = own.iter().rposition(|(_, entry)| is_alive(&entry.what));
        let first_ending = own.iter().position(|(_, entry)| {
            matches!(
                entry.what,
                What::Disconnected { .. }
                    | What::Ended(_, Some(true))
                    | What::Failed(_, _, Some(true))
                    | What::Broke
                    | What::ReadEnd
                    | What::Got(Frame::Close(_))
            )
        });
        let first_ending = first_ending.unwrap_or(own.len());
        let prompt_from = match connection {
            _ if !mode.is_exact() => u64::MAX,
            connection if connection.is_prompt() => 0,
            connection if connection.stream.fault != Fault::None => u64::MAX,
            _ => all.iter().find(|entry| entry.what == What::Prompt).map_or(u64::MAX, |entry| entry.at),
        };
        Self { plan, mode, connection, number, all, own, last_alive, first_ending, prompt_from, faults: Vec::new() }
    }

    fn fault(&mut self, text: impl Into<String>) {
        self.faults.push(text.into());
    }

    fn require(&mut self, holds: bool, text: impl FnOnce() -> String) {
        if !holds {
            let text = text();
            self.fault(text);
        }
    }

    fn check(&mut self) {
        if !self.own.iter().any(|(_, entry)| is_line(entry, "connected")) {
            return;
        }
        self.check_log();
        self.check_life();
        self.check_end();
        self.check_frames();
        self.check_own_frames();
        self.check_input();
        self.check_groups();
        self.check_whispers();
        self.check_events();
        if self.mode.is_exact() {
            self.check_promptness();
            self.check_waits();
            self.check_grace();
            self.check_goodbye();
            self.check_turns();
            self.check_liveness();
            self.check_time();
        }
    }

    fn count_of(&self, is_it: impl Fn(&What) -> bool) -> usize {
        self.own.iter().filter(|(_, entry)| is_it(&entry.what)).count()
    }

    fn find(&self, is_it: impl Fn(&What) -> bool) -> Option<&'a Entry> {
        self.own.iter().map(|(_, entry)| *entry).find(|entry| is_it(&entry.what))
    }

    /// Whether the connection was ending at one of its entries, as far as that is known.
    fn is_ending(&self, index: usize, noted: Option<bool>) -> Option<bool> {
        noted.or_else(|| {
            if self.last_alive.is_some_and(|last| index <= last) {
                Some(false)
            } else if index >= self.first_ending {
                Some(true)
            } else {
                None
            }
        })
    }

    /// How the phase ended at this entry.
    fn end_at(&self, index: usize) -> Option<(Phase, End, Option<bool>)> {
        let (phase, end, ending) = self.noted_end_at(index)?;
        Some((phase, end, ending.or_else(|| self.was_ending(phase, end))))
    }

    /// Whether a failure that closes found the connection ending already: then it is not what ended it.
    fn was_ending(&self, phase: Phase, end: End) -> Option<bool> {
        if (phase, end) == (Phase::Admission, End::Ok) {
            return Some(self.count_of(|what| matches!(what, What::Begun(Phase::Connect, _))) == 0);
        }
        if !matches!(follows(phase, end, false, self.connection.endpoint), Follows::Closes | Follows::Refuses) {
            return None;
        }
        let (by, code, ..) = self.goodbye()?;
        Some(by != "server" || code != Some(1011))
    }

    fn noted_end_at(&self, index: usize) -> Option<(Phase, End, Option<bool>)> {
        let entry = self.own[index].1;
        Some(match entry.what {
            What::Ended(phase, ending) => (phase, End::Ok, self.is_ending(index, ending)),
            What::Failed(phase, kind, ending) => (phase, kind.into(), self.is_ending(index, ending)),
            What::Cut { phase, lasted, .. } => {
                let end = if self.is_too_late(phase, entry.at, lasted) { End::TimedOut } else { End::Abandoned };
                (phase, end, self.is_ending(index, (end == End::Abandoned).then_some(true)))
            }
            _ => return None,
        })
    }

    fn is_too_late(&self, phase: Phase, at: u64, lasted: u64) -> bool {
        match phase {
            Phase::Admission | Phase::Connect | Phase::Groups | Phase::Greet => {
                let begun = self.find(|what| matches!(what, What::Begun(Phase::Admission, _)));
                begun.is_some_and(|begun| at - begun.at >= self.plan.settings.admission_timeout)
            }
            Phase::Farewell => false,
            _ => self.plan.settings.handler_timeout.is_some_and(|limit| lasted >= limit),
        }
    }

    fn count(&self, coverage: &mut Coverage) {
        for index in 0..self.own.len() {
            if let Some((phase, end, Some(is_ending))) = self.end_at(index) {
                coverage.count(Cell { phase, end, is_ending, endpoint: self.connection.endpoint });
            }
        }
    }

    /// What may follow the end of the phase at this entry.
    fn follows(&self, index: usize) -> Vec<Follows> {
        let Some((phase, end, ending)) = self.end_at(index) else { return Vec::new() };
        let of = |ending| follows(phase, end, ending, self.connection.endpoint);
        let mut all: Vec<_> =
            [false, true].into_iter().filter(|is| ending.is_none_or(|ending| ending == *is)).map(of).collect();
        all.dedup();
        all
    }

    /// Each failure has its line, and each warning and error its failure.
    fn check_log(&mut self) {
        let mut claimed = BTreeSet::new();
        for index in 0..self.own.len() {
            let next = self.own.get(index + 1).map(|(_, entry)| &entry.what);
            let expected: Vec<_> = match &self.own[index].1.what {
                What::SpawnFailed(Kind::Closed) => vec![None],
                What::SpawnFailed(_) => vec![Some((Level::ERROR, "spawned work failed", None))],
                _ => match self.end_at(index) {
                    Some((phase, ..)) => self.follows(index).into_iter().map(|follows| line(follows, phase)).collect(),
                    None => continue,
                },
            };
            let found = match next {
                Some(What::Log(line)) if line.level <= Level::WARN => {
                    Some((line.level, line.text.as_str(), line.field("phase")))
                }
                _ => None,
            };
            if found.is_some() {
                claimed.insert(index + 1);
            }
            let what = self.own[index].1.what.clone();
            self.require(expected.contains(&found), || {
                format!("{what:?} is followed by {next:?}, not by {expected:?}")
            });
        }
        for index in 0..self.own.len() {
            if let What::Log(line) = &self.own[index].1.what
                && line.level <= Level::WARN
                && !claimed.contains(&index)
            {
                self.fault(format!("a line without a failure: {line:?}"));
            }
        }
    }

    /// The consumer's life has one beginning and one end, and so has the connection's.
    fn check_life(&mut self) {
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

    fn goodbye(&self) -> Option<(String, Option<u16>, u64, &'a Entry)> {
        let entry = self.own.iter().map(|(_, entry)| *entry).find(|entry| is_line(entry, "disconnected"))?;
        let What::Log(line) = &entry.what else { return None };
        let number = |name: &str| line.field(name).and_then(|text| text.parse::<u64>().ok());
        let code = number("code").map(|code| code as u16);
        Some((line.field("by")?.to_owned(), code, number("unhandled").unwrap_or(0), entry))
    }

    /// The end is one of those for which there was a cause, and everybody is told the same.
    fn check_end(&mut self) {
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
    fn causes(&self, place: usize) -> BTreeSet<(&'static str, Option<u16>)> {
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

    fn frames(&self) -> impl Iterator<Item = (u64, &'a Frame)> {
        self.own.iter().filter_map(|(_, entry)| match &entry.what {
            What::Got(frame) => Some((entry.at, frame)),
            _ => None,
        })
    }

    fn saw_close(&self) -> bool {
        self.frames().any(|(_, frame)| matches!(frame, Frame::Close(_)))
    }

    /// Nothing is garbled, nothing follows the close frame, and pongs answer pings.
    fn check_frames(&mut self) {
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

    fn bad_refs(&self) -> bool {
        self.own.iter().any(|(_, entry)| matches!(entry.what, What::Wrote(Sent::Bad(_))))
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
    fn due(&self, index: usize) -> u64 {
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
    fn logged_id(&self, index: usize) -> Option<String> {
        match &self.own.get(index + 1)?.1.what {
            What::Log(line) => line.field("id").map(str::to_owned),
            _ => None,
        }
    }

    /// The client sees a beginning of what was sent to it, once and in order; all of it if it saw the close frame.
    fn check_own_frames(&mut self) {
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

    /// What an admitted client sent is handled once and in order, and counted where it is not.
    fn check_input(&mut self) {
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

    /// Group messages come once, in the order of each sender, and to whoever was a member and stayed.
    fn check_groups(&mut self) {
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
    fn check_whispers(&mut self) {
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

    fn check_events(&mut self) {
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
    fn told(&self) -> Vec<(usize, u32, usize)> {
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
    fn quiet(&self) -> Option<usize> {
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
    fn is_alive_at(&self, place: usize) -> bool {
        let by = self.goodbye().map(|(by, ..)| by);
        let has_fault = self.connection.stream.fault != Fault::None;
        !(has_fault && by.as_deref() == Some("transport"))
            && self
                .own
                .iter()
                .any(|(own, entry)| *own < place && matches!(entry.what, What::Ended(Phase::Greet, Some(false))))
    }

    /// Whether a handler runs at the quiet moment.
    fn is_stuck(&self) -> bool {
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
    fn owed(
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

    /// Where nothing holds it up, what arrives is handled at once, and what others sent arrives when it is sent.
    fn check_promptness(&mut self) {
        self.check_prompt_input();
        self.check_prompt_frames();
    }

    fn check_prompt_input(&mut self) {
        let told = self.times(|what| match *what {
            What::Told { k } => Some(k),
            _ => None,
        });
        let mut sent = BTreeMap::new();
        let mut free = None;
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

    /// When others had sent what they number.
    fn times(&self, done: impl Fn(&What) -> Option<u32>) -> BTreeMap<(usize, u32), u64> {
        self.all.iter().filter_map(|entry| Some(((entry.of?, done(&entry.what)?), entry.at))).collect()
    }

    fn check_prompt_frames(&mut self) {
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

    /// Nobody waits for a connection that takes everything, or has ended.
    fn check_waits(&mut self) {
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
                    if let Some((phase, End::Abandoned, _)) = self.end_at(index) {
                        self.fault(format!("{phase:?} waits for a connection that has ended"));
                    }
                }
                _ => {}
            }
        }
    }

    /// Handlers have four fifths of the time that follows the end, and the farewell a fifth at least.
    fn check_grace(&mut self) {
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

    /// A client that does its part is told goodbye, and nobody waits for more than that.
    fn check_goodbye(&mut self) {
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

    /// Events and messages take turns.
    fn check_turns(&mut self) {
        if self.prompt_from > 0 {
            return;
        }
        let mut before: Option<(bool, usize)> = None;
        let mut events: BTreeMap<(usize, u32), (usize, u64)> = BTreeMap::new();
        let mut messages: Vec<(usize, u64)> = Vec::new();
        let owed: BTreeSet<(usize, u32)> = self.told().into_iter().map(|(from, k, _)| (from, k)).collect();
        for (place, entry) in self.all.iter().enumerate() {
            if let (Some(of), What::Told { k }) = (entry.of, &entry.what)
                && owed.contains(&(of, *k))
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
                What::Heard { from, k } => _ = events.remove(&(from, k)),
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

    /// A client that gives no sign of life is given up.
    fn check_liveness(&mut self) {
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

    /// Everything that follows the end of a connection takes no longer than it may.
    fn check_time(&mut self) {
        let Some((.., goodbye)) = self.goodbye() else { return };
        let first =
            self.own.iter().find(|(_, entry)| matches!(entry.what, What::Disconnected { .. } | What::Closing(_)));
        if let Some((_, first)) = first {
            let took = goodbye.at - first.at;
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

fn is_line(entry: &Entry, text: &str) -> bool {
    matches!(&entry.what, What::Log(Line { text: logged, .. }) if logged == text)
}
