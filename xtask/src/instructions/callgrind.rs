//! Runs a scenario under Valgrind's callgrind, and reads what it counted.
//!
//! What runs inside of libc is left out: its routines differ from one processor and release to the next. How often it is asked for memory
//! counts instead.

use std::fs;
use std::path::{Path, PathBuf};

use super::figures::Count;
use crate::failure::Failure;
use crate::shell::Shell;

/// A scenario runs this often and twice as often: the difference is free of what happens once. The first rounds fill
/// buffers, and both numbers have three digits because reading them counts too.
const ROUNDS: u64 = 200;

/// The functions of libc that allocate.
const ALLOCATING: &[&str] = &["aligned_alloc", "calloc", "malloc", "posix_memalign", "realloc"];

/// The program that knows the scenarios.
pub(super) struct Program {
    path: PathBuf,
    /// Where callgrind writes.
    profile: PathBuf,
}

impl Program {
    pub(super) fn new(shell: &Shell, path: PathBuf) -> Result<Self, Failure> {
        let profile = shell.fresh_folder("callgrind")?.join("profile");
        Ok(Self { path, profile })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What one round of the scenario costs.
    pub(super) fn round(&self, shell: &Shell, scenario: &str) -> Result<Count, Failure> {
        let (fewer, more) = (self.run(shell, scenario, ROUNDS)?, self.run(shell, scenario, 2 * ROUNDS)?);
        Ok(Count {
            instructions: per_round(fewer.instructions, more.instructions),
            allocations: per_round(fewer.allocations, more.allocations),
        })
    }

    fn run(&self, shell: &Shell, scenario: &str, rounds: u64) -> Result<Count, Failure> {
        let mut valgrind = shell.command("valgrind");
        valgrind.args(["--quiet", "--tool=callgrind", "--compress-strings=no", "--compress-pos=no"]);
        valgrind.arg(format!("--callgrind-out-file={}", self.profile.display()));
        valgrind.arg(&self.path).args([scenario, &rounds.to_string()]);
        shell.run(valgrind)?;
        let profile = fs::read_to_string(&self.profile).map_err(|error| Failure::path(&self.profile, &error))?;
        Ok(own(&profile, &self.path.to_string_lossy()))
    }
}

fn per_round(fewer: u64, more: u64) -> u64 {
    (more.saturating_sub(fewer) + ROUNDS / 2) / ROUNDS
}

/// Sums up what functions of the object file `program` did themselves, and their calls of libc's allocator.
///
/// In a profile `ob=` and `fn=` say whose costs follow. A cost is a line of a position and a number; the one after
/// `calls=` is that of the called function, which is counted where that stands.
fn own(profile: &str, program: &str) -> Count {
    let mut count = Count::default();
    let (mut is_own, mut allocates, mut is_of_callee) = (false, false, false);
    for line in profile.lines() {
        if let Some(object) = line.strip_prefix("ob=") {
            is_own = object == program;
        } else if let Some(callee) = line.strip_prefix("cfn=") {
            allocates = ALLOCATING.contains(&callee);
        } else if let Some(calls) = line.strip_prefix("calls=") {
            count.allocations += if is_own && allocates { first_number(calls) } else { 0 };
            is_of_callee = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            count.instructions += if is_own && !is_of_callee { cost(line) } else { 0 };
            is_of_callee = false;
        }
    }
    count
}

fn first_number(words: &str) -> u64 {
    words.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// The number behind the position; a cost of zero is left out.
fn cost(line: &str) -> u64 {
    line.split_once(' ').map_or(0, |(_, cost)| first_number(cost))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "\
positions: line
events: Ir
summary: 1000

ob=/lib/libc.so.6
fl=???
fn=malloc
0 40
cfn=_int_malloc
calls=2 0
0 60
0

ob=/program
fl=???
fn=decode
0 100
cob=/lib/libc.so.6
cfi=???
cfn=malloc
calls=2 0
0 100
12 7
cfn=read
calls=3 0
0 500

fn=read
0 500
cob=/lib/libc.so.6
cfn=memcpy
calls=9 0
0 90
cob=/lib/libc.so.6
cfn=realloc
calls=1 0
0 10
";

    #[test]
    fn only_the_program_counts_and_its_calls_of_the_allocator() {
        assert_eq!(own(PROFILE, "/program"), Count { instructions: 607, allocations: 3 });
        assert_eq!(own(PROFILE, "/another"), Count::default());
    }

    #[test]
    fn a_round_is_the_difference() {
        assert_eq!(per_round(5_000, 5_000 + 7 * ROUNDS + 1), 7);
        assert_eq!(per_round(5_000, 5_000 + 7 * ROUNDS - 1), 7);
        assert_eq!(per_round(5_000, 4_990), 0);
    }
}
