//! The figures of all scenarios: as a file that people read, and against those that were accepted.

use std::fmt;

use crate::failure::Failure;
use crate::steps::Outcome;

/// By how many percent instructions may rise. Dependencies are pinned by the lock file, so that it only has to cover where the
/// compiler puts things.
const TOLERANCE: u64 = 3;

/// By how many percent with another compiler than that of the accepted figures.
const TOLERANCE_OF_COMPILERS: u64 = 15;

const HEADER: &str = "\
# What one round of each scenario in crates/chanx-core/benches/instructions.rs costs, without what runs inside of libc.
# `cargo xtask instructions` compares, `cargo xtask instructions --accept` writes this file anew.
";

/// What one round costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) instructions: u64,
    pub(super) allocations: u64,
}

/// What all scenarios cost, as one compiler translated them.
#[derive(Debug, PartialEq)]
pub(super) struct Figures {
    /// The release of the compiler.
    pub(super) compiler: String,
    /// The target, whose instructions were counted.
    pub(super) host: String,
    /// By the name of the scenario.
    pub(super) counts: Vec<(String, Count)>,
}

impl Figures {
    /// Reads what [`Display`](fmt::Display) wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let (compiler, host) = lines.next()?.strip_prefix("rustc ")?.split_once(" for ")?;
        let counts = lines.skip(1).map(count).collect::<Option<_>>()?;
        Some(Self { compiler: compiler.to_owned(), host: host.to_owned(), counts })
    }

    fn find(&self, scenario: &str) -> Option<Count> {
        self.counts.iter().find(|(name, _)| name == scenario).map(|(_, count)| *count)
    }
}

/// The scenario and the numbers of one line.
fn count(line: &str) -> Option<(String, Count)> {
    let words: Vec<_> = line.split_whitespace().collect();
    let [name, instructions, allocations] = words.as_slice() else { return None };
    let count = Count { instructions: instructions.parse().ok()?, allocations: allocations.parse().ok()? };
    Some(((*name).to_owned(), count))
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}\nrustc {} for {}\n", self.compiler, self.host)?;
        writeln!(f, "{:<24} {:>12} {:>12}", "scenario", "instructions", "allocations")?;
        for (name, count) in &self.counts {
            writeln!(f, "{name:<24} {:>12} {:>12}", count.instructions, count.allocations)?;
        }
        Ok(())
    }
}

/// Red if anything costs more than was accepted, or was never accepted.
pub(super) fn compare(accepted: &Figures, counted: &Figures) -> Outcome {
    let is_same_compiler = accepted.compiler == counted.compiler;
    let tolerance = if is_same_compiler { TOLERANCE } else { TOLERANCE_OF_COMPILERS };
    let faults = faults(accepted, counted, tolerance);
    if !faults.is_empty() {
        return Err(Failure::new(format!(
            "this costs more than was accepted (tolerance {tolerance} %, rustc {} then and {} now):\n  {}\n\
             if there is a reason for it, accept it and commit the figures: cargo xtask instructions --accept\n",
            accepted.compiler,
            counted.compiler,
            faults.join("\n  ")
        )));
    }
    let better = better(accepted, counted, tolerance);
    let note = format!("keep what is gained with cargo xtask instructions --accept: {}", better.join(", "));
    Ok((!better.is_empty()).then_some(note))
}

fn faults(accepted: &Figures, counted: &Figures, tolerance: u64) -> Vec<String> {
    let gone = accepted.counts.iter().filter(|(name, _)| counted.find(name).is_none());
    let gone = gone.map(|(name, _)| format!("{name}: accepted, but there is no such scenario"));
    let costly = counted.counts.iter().flat_map(|(name, now)| match accepted.find(name) {
        None => vec![format!("{name}: a new scenario, of {} instructions", now.instructions)],
        Some(then) => risen(name, then, *now, tolerance),
    });
    gone.chain(costly).collect()
}

/// Allocations have no tolerance: each is one that somebody put there.
fn risen(name: &str, then: Count, now: Count, tolerance: u64) -> Vec<String> {
    let mut risen = Vec::new();
    if exceeds(now.instructions, then.instructions, tolerance) {
        risen.push(format!("{name}: {}", change(then.instructions, now.instructions, "instructions")));
    }
    if now.allocations > then.allocations {
        risen.push(format!("{name}: {} allocations, not {}", now.allocations, then.allocations));
    }
    risen
}

/// The scenarios that became cheaper, beyond the same tolerance.
fn better(accepted: &Figures, counted: &Figures, tolerance: u64) -> Vec<String> {
    let pairs = counted.counts.iter().filter_map(|(name, now)| Some((name, accepted.find(name)?, now)));
    let better = pairs.filter(|(_, then, now)| {
        exceeds(then.instructions, now.instructions, tolerance) || now.allocations < then.allocations
    });
    better.map(|(name, ..)| name.clone()).collect()
}

fn exceeds(number: u64, limit: u64, tolerance: u64) -> bool {
    number * 100 > limit * (100 + tolerance)
}

fn change(then: u64, now: u64, what: &str) -> String {
    format!("from {then} to {now} {what} (+{} %)", (now - then) * 100 / then.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(compiler: &str, counts: &[(&str, u64, u64)]) -> Figures {
        let count =
            |&(name, instructions, allocations): &(&str, _, _)| (name.to_owned(), Count { instructions, allocations });
        Figures { compiler: compiler.into(), host: "x86_64".into(), counts: counts.iter().map(count).collect() }
    }

    fn verdict(accepted: &Figures, counted: &Figures) -> Result<Option<String>, String> {
        compare(accepted, counted).map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_is_written_is_read_back() {
        let figures = figures("1.95.0", &[("decode", 1768, 1), ("echo", 59_088, 8)]);
        assert_eq!(Figures::parse(&figures.to_string()), Some(figures));
        assert_eq!(Figures::parse("decode 1 1\n"), None);
        assert_eq!(Figures::parse("rustc 1 for x\nscenario\ndecode 1\n"), None);
    }

    #[test]
    fn a_rise_beyond_the_tolerance_is_named() {
        let accepted = figures("1.95.0", &[("decode", 1000, 1), ("echo", 5000, 2)]);
        assert_eq!(verdict(&accepted, &figures("1.95.0", &[("decode", 1030, 1), ("echo", 5000, 2)])), Ok(None));
        let reason = verdict(&accepted, &figures("1.95.0", &[("decode", 1031, 1), ("echo", 5000, 3)])).unwrap_err();
        assert!(reason.contains("decode: from 1000 to 1031 instructions (+3 %)\n"), "{reason}");
        assert!(reason.contains("echo: 3 allocations, not 2\n"), "{reason}");
        assert!(reason.contains("instructions --accept"), "{reason}");
    }

    #[test]
    fn another_compiler_may_differ_by_more_but_allocate_no_more() {
        let accepted = figures("1.95.0", &[("decode", 1000, 1)]);
        assert_eq!(verdict(&accepted, &figures("1.96.0", &[("decode", 1150, 1)])), Ok(None));
        assert!(verdict(&accepted, &figures("1.96.0", &[("decode", 1151, 1)])).is_err());
        assert!(verdict(&accepted, &figures("1.96.0", &[("decode", 1000, 2)])).is_err());
    }

    #[test]
    fn scenarios_come_and_go_only_with_their_figures() {
        let (one, two) = (figures("1", &[("decode", 10, 0)]), figures("1", &[("decode", 10, 0), ("echo", 5, 0)]));
        assert!(verdict(&one, &two).unwrap_err().contains("echo: a new scenario, of 5 instructions"));
        assert!(verdict(&two, &one).unwrap_err().contains("echo: accepted, but there is no such scenario"));
    }

    #[test]
    fn a_gain_is_worth_a_word() {
        let accepted = figures("1", &[("decode", 1000, 1), ("echo", 1000, 1), ("write", 1000, 1)]);
        let counted = figures("1", &[("decode", 900, 1), ("echo", 990, 1), ("write", 1000, 0)]);
        let note = verdict(&accepted, &counted).unwrap().unwrap();
        assert!(note.ends_with("--accept: decode, write"), "{note}");
    }
}
