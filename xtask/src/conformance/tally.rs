//! The numbers in the last line of a replay.

use std::fmt;
use std::ops::AddAssign;

/// How many cases ended how.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) passed: usize,
    pub(super) failed: usize,
    /// Cases that failed as `not-yet.txt` says.
    pub(super) not_yet: usize,
}

impl Tally {
    /// Reads the output of `replay.py`; `None` if it does not end in its summary.
    pub(super) fn parse(output: &str) -> Option<Self> {
        let summary = output.lines().next_back()?;
        let number = |what: &str| {
            let entry = summary.split(", ").find_map(|entry| entry.strip_suffix(what))?;
            entry.trim().parse().ok()
        };
        Some(Self { passed: number("passed")?, failed: number("failed")?, not_yet: number("not yet")? })
    }

    /// Whether not a single case was replayed.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.not_yet += other.not_yet;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_the_last_line() {
        let output = "FAIL echo: step 1, 2 passed\n700 passed, 1 failed, 26 not yet, 45 skipped\n";
        assert_eq!(Tally::parse(output), Some(Tally { passed: 700, failed: 1, not_yet: 26 }));
    }

    #[test]
    fn output_without_a_summary_has_no_numbers() {
        assert_eq!(Tally::parse(""), None);
        assert_eq!(Tally::parse("Traceback (most recent call last):\n"), None);
    }

    #[test]
    fn tallies_add_up() {
        let mut total = Tally { passed: 1, failed: 2, not_yet: 3 };
        total += Tally { passed: 10, failed: 20, not_yet: 30 };
        assert_eq!(total, Tally { passed: 11, failed: 22, not_yet: 33 });
        assert_eq!(total.to_string(), "11 passed, 22 failed");
    }
}
