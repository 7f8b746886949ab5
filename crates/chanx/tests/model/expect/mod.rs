//! What must be true of a run: each check looks at one connection's part of the journal.

mod ending;
mod frames;
mod input;
mod life;
mod log;
mod others;
mod promptness;

use tracing::Level;

use crate::coverage::{Cell, Coverage};
use crate::journal::{Entry, Frame, Line, Phase, What};
use crate::plan::{Connection, Fault, Plan};
use crate::table::{End, Follows, follows};
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
            What::Cut { phase, lasted, .. } if !self.mode.is_exact() => {
                let end = if self.is_too_late(phase, entry.at, lasted) { End::TimedOut } else { End::Abandoned };
                (phase, end, self.is_ending(index, None))
            }
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
        let endings = [false, true].into_iter().filter(|is| ending.is_none_or(|ending| ending == *is));
        // On a real clock nobody knows which of both limits was the first.
        let is_cut = matches!(self.own[index].1.what, What::Cut { .. });
        let ends = if is_cut && !self.mode.is_exact() { vec![End::TimedOut, End::Abandoned] } else { vec![end] };
        let of = |ending| ends.iter().map(move |end| follows(phase, *end, ending, self.connection.endpoint));
        let mut all: Vec<_> = endings.flat_map(of).collect();
        all.dedup();
        all
    }

    fn goodbye(&self) -> Option<(String, Option<u16>, u64, &'a Entry)> {
        let entry = self.own.iter().map(|(_, entry)| *entry).find(|entry| is_line(entry, "disconnected"))?;
        let What::Log(line) = &entry.what else { return None };
        let number = |name: &str| line.field(name).and_then(|text| text.parse::<u64>().ok());
        let code = number("code").map(|code| code as u16);
        Some((line.field("by")?.to_owned(), code, number("unhandled").unwrap_or(0), entry))
    }
}

fn is_line(entry: &Entry, text: &str) -> bool {
    matches!(&entry.what, What::Log(Line { text: logged, .. }) if logged == text)
}
