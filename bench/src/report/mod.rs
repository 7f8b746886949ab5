//! What was measured, as Markdown and as plots.

pub(crate) mod curves;

mod names;
mod page;
mod plot;
mod plots;
mod results;
mod tables;
mod targets;
mod versions;

pub(crate) use versions::{command, date, of as version_of};

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use crate::error::Error;
use crate::sample::Sample;
use crate::servers::Kind;
use crate::work::Work;
use results::Results;

/// All samples of a run.
#[derive(Debug)]
pub(crate) struct Report {
    machine: String,
    rounds: u32,
    seconds: f64,
    results: Results,
    left_out: BTreeMap<Kind, String>,
}

impl Report {
    pub(crate) fn new(machine: String, rounds: u32, seconds: f64) -> Self {
        Self { machine, rounds, seconds, results: Results::default(), left_out: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, work: Work, kind: Kind, sample: Sample) {
        self.results.add(work, kind, sample);
    }

    /// Notes that a server cannot be measured here.
    pub(crate) fn leave_out(&mut self, kind: Kind, why: String) {
        self.left_out.insert(kind, why);
    }

    /// Makes the page and the plots of the documentation anew.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub(crate) fn document(&self) -> Result<(), Error> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let charts = plots::charts(&self.results);
        page::write(&folder, &charts, &self.to_string())
    }

    /// What was measured, on what and how.
    fn circumstances(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## What was measured\n\n{}", self.machine.trim_end())?;
        writeln!(f, "- {}: `{}`", versions::date(), versions::command())?;
        let (rounds, seconds) = (self.rounds, self.seconds);
        writeln!(
            f,
            "- medians of {rounds} round(s) of {seconds} s, and in parentheses the least and the greatest value"
        )?;
        for kind in self.results.kinds() {
            writeln!(f, "- {}: {}", kind.name(), versions::of(kind))?;
        }
        for (kind, why) in &self.left_out {
            writeln!(f, "- {}: not measured: {why}", kind.name())?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.circumstances(f)?;
        targets::write(f, &self.results)?;
        tables::write(f, &self.results)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_how_with_whom_and_with_whom_not() {
        let mut report = Report::new("- machine: fast\n".to_owned(), 3, 0.5);
        report.add(Work::Fleet { connections: 1 }, Kind::Chanx, Sample::default());
        report.leave_out(Kind::Bun, "it is not here".to_owned());
        let text = report.to_string();
        assert!(text.starts_with("## What was measured\n\n- machine: fast\n- "), "{text}");
        for line in ["- medians of 3 round(s) of 0.5 s, ", "- chanx: chanx ", "- bun: not measured: it is not here\n"] {
            assert!(text.contains(line), "{line:?} is not in\n{text}");
        }
    }
}
