//! What came of a soak, as Markdown and as curves.

use std::collections::BTreeMap;
use std::fmt;

use super::Soak;
use super::book::Totals;
use super::curve::{Moment, Round, mib};
use super::redis::Fault;
use super::server::Holding;
use crate::cli::SoakOptions;
use crate::machine;
use crate::redis_server::RedisServer;
use crate::report::curves::{Curve, Curves};
use crate::report::{command, date, version_of};
use crate::servers::Kind;

/// What came of a soak.
#[derive(Debug)]
pub(super) struct Report {
    title: String,
    base: Holding,
    rounds: Vec<Round>,
    moments: Vec<Moment>,
    marks: Vec<(f64, Fault)>,
    totals: Totals,
    deeds: BTreeMap<&'static str, u64>,
    too_slow: u64,
    faults: Vec<String>,
    fault_count: u64,
}

impl Report {
    pub(super) fn new(options: &SoakOptions, soak: &Soak) -> Self {
        let book = soak.notes.book();
        let deeds = soak.notes.deeds.lock().map(|deeds| deeds.clone()).unwrap_or_default();
        let title = format!(
            "{} connections for {} s, {}",
            options.connections,
            options.seconds,
            options.layer.title().to_lowercase()
        );
        Self {
            title,
            base: soak.base.iter().fold(Holding::default(), |sum, held| sum + *held),
            rounds: soak.rounds.clone(),
            moments: soak.moments.clone(),
            marks: soak.marks.clone(),
            totals: book.totals.clone(),
            deeds,
            too_slow: soak.moments.last().map_or(0, |moment| moment.held.figures.too_slow),
            faults: book.faults.clone(),
            fault_count: book.fault_count,
        }
    }

    pub(super) fn curves(&self) -> Curves {
        let curve = |label: &str, value: fn(&Holding) -> f64| Curve {
            label: label.to_owned(),
            points: self.moments.iter().map(|moment| (moment.at, value(&moment.held))).collect(),
        };
        let marks = self.marks.iter().filter(|(_, fault)| matches!(fault, Fault::Killed | Fault::Flushed));
        Curves {
            title: format!("Soak: {}", self.title.replace('`', "")),
            legend: "dashed: Redis is killed, or flushed",
            curves: vec![
                curve("consumers", |held| held.figures.open() as f64),
                curve("resident memory, MiB", |held| held.resident as f64 / f64::from(1 << 20)),
                curve("descriptors", |held| held.descriptors as f64),
                curve("tasks", |held| held.figures.tasks as f64),
            ],
            marks: marks.map(|(at, fault)| (*at, fault.name())).collect(),
        }
    }

    fn circumstances(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let redis = RedisServer::version().unwrap_or_else(|| "no Redis".to_owned());
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        writeln!(f, "{}", machine::versions(processors, &redis).trim_end())?;
        writeln!(f, "- {}: `{}`", date(), command())?;
        writeln!(f, "- {}\n", version_of(Kind::Chanx))
    }

    fn held(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| all processes | consumers | memory | descriptors | tasks | threads |")?;
        writeln!(f, "|---|--:|--:|--:|--:|--:|")?;
        row(f, "at the beginning, after visitors", self.base)?;
        for (number, round) in self.rounds.iter().enumerate() {
            row(f, &format!("round {}, at most", number + 1), round.peak)?;
            writeln!(f, "| round {}, the median | | {} | | | |", number + 1, mib(round.level()))?;
            row(f, &format!("round {}, afterwards", number + 1), round.rest)?;
        }
        writeln!(f)
    }

    fn messages(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let totals = &self.totals;
        let count = |fault| self.marks.iter().filter(|(_, marked)| *marked == fault).count();
        writeln!(f, "| messages | |\n|---|--:|")?;
        for (what, count) in [
            ("Redis was killed", count(Fault::Killed) as u64),
            ("Redis was flushed", count(Fault::Flushed) as u64),
            ("group messages that were accepted", totals.accepted),
            ("group messages whose sender got an error", totals.rejected),
            ("deliveries", totals.delivered),
            ("of these after a newer one", totals.late),
            ("notices that messages may be missing", totals.notices),
            ("deliveries that were lost, and told by a notice", totals.told),
            ("deliveries that were lost to the end of a slow reader", totals.ended),
            ("deliveries that were under way, or not told of yet, when their member left", totals.left),
            ("connections that were closed as too slow", self.too_slow),
            ("faults", self.fault_count),
        ] {
            writeln!(f, "| {what} | {count} |")?;
        }
        writeln!(f)
    }

    fn deeds(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| clients | |\n|---|--:|")?;
        self.deeds.iter().try_for_each(|(what, count)| writeln!(f, "| {what} | {count} |"))
    }
}

fn row(f: &mut fmt::Formatter<'_>, what: &str, held: Holding) -> fmt::Result {
    let (open, tasks) = (held.figures.open(), held.figures.tasks);
    let Holding { descriptors, threads, resident, .. } = held;
    writeln!(f, "| {what} | {open} | {} | {descriptors} | {tasks} | {threads} |", mib(resident))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## Soak: {}\n", self.title)?;
        Self::circumstances(f)?;
        self.held(f)?;
        self.messages(f)?;
        self.deeds(f)?;
        if self.fault_count > 0 {
            writeln!(f, "\n{} faults, the first of them:\n", self.fault_count)?;
        }
        self.faults.iter().try_for_each(|fault| writeln!(f, "- {fault}"))
    }
}
