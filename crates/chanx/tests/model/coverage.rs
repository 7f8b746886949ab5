//! Which ends of which phases a run has seen, and which must be seen.

use std::collections::BTreeMap;

use crate::journal::Phase;
use crate::plan::Endpoint;
use crate::table::End;

/// A phase, how it ended, whether the connection was ending, and which consumer it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) phase: Phase,
    pub(crate) end: End,
    pub(crate) is_ending: bool,
    pub(crate) endpoint: Endpoint,
}

/// How often each cell was seen.
#[derive(Debug, Default)]
pub(crate) struct Coverage(BTreeMap<Cell, usize>);

impl Coverage {
    pub(crate) fn count(&mut self, cell: Cell) {
        *self.0.entry(cell).or_default() += 1;
    }

    /// The cells that can be reached and were not.
    pub(crate) fn missing(&self) -> Vec<Cell> {
        reachable().into_iter().filter(|cell| !self.0.contains_key(cell)).collect()
    }

    /// How many cells were seen.
    pub(crate) fn seen(&self) -> usize {
        self.0.len()
    }
}

/// All cells that there can be.
pub(crate) fn reachable() -> Vec<Cell> {
    all().filter(can_be_reached).collect()
}

fn all() -> impl Iterator<Item = Cell> {
    use End::{Abandoned, Closed, Error, Ok, Panic, TimedOut};
    use Phase::{Admission, Connect, Event, Farewell, Greet, Groups, Message, Missed, Reading};
    let phases = [Admission, Connect, Groups, Greet, Reading, Message, Event, Missed, Farewell];
    let ends = [Ok, Error, Closed, Panic, TimedOut, Abandoned];
    let both = [false, true];
    let endpoints = both.into_iter().flat_map(move |is_bare| both.map(|is_lenient| Endpoint { is_bare, is_lenient }));
    endpoints.flat_map(move |endpoint| {
        both.into_iter().flat_map(move |is_ending| {
            let cells = phases.into_iter().flat_map(move |phase| ends.map(|end| (phase, end)));
            cells.map(move |(phase, end)| Cell { phase, end, is_ending, endpoint })
        })
    })
}

fn can_be_reached(cell: &Cell) -> bool {
    match (cell.phase, cell.end) {
        // Reading is no handler: it can do nothing but panic, and raw messages are not read.
        (Phase::Reading, End::Panic) => !cell.endpoint.is_bare,
        (Phase::Reading, _) => false,
        // The farewell comes after the end, has no limit of its own, and returns nothing.
        (Phase::Farewell, End::Ok | End::Panic | End::Abandoned) => cell.is_ending,
        (Phase::Farewell, _) => false,
        // Handlers are given up after the end alone.
        (_, End::Abandoned) => cell.is_ending,
        _ => true,
    }
}
