//! Counts the instructions and allocations of the protocol's main ways, and compares them with those that were accepted.
//!
//! A count is the same on every run, however busy the machine is, so that a small loss shows where a clock sees noise.

mod callgrind;
mod figures;

use std::fs;
use std::path::PathBuf;

use crate::failure::Failure;
use crate::shell::Shell;
use crate::steps::Outcome;
use callgrind::Program;
use figures::{Count, Figures};

/// The accepted figures, from the workspace's root.
const ACCEPTED: &str = "xtask/instructions.txt";

/// What is built of the workspace, and how.
const BUILD: &[&str] = &[
    "build",
    "--package=chanx-core",
    "--bench=instructions",
    "--profile=instructions",
    "--message-format=json-render-diagnostics",
];

/// Red if a scenario does more than was accepted.
pub(crate) fn check(shell: &Shell) -> Outcome {
    let path = shell.root().join(ACCEPTED);
    let text = fs::read_to_string(&path).map_err(|error| Failure::path(&path, &error))?;
    let accepted = Figures::parse(&text).ok_or_else(|| Failure::new(format!("{ACCEPTED} is not understood")))?;
    let (compiler, host) = toolchain(shell)?;
    if accepted.host != host {
        return Ok(Some(format!("not counted: the accepted figures are those of {}", accepted.host)));
    }
    figures::compare(&accepted, &Figures { compiler, host, counts: count(shell)? })
}

/// Counts, and accepts whatever comes out.
pub(crate) fn accept(shell: &Shell) -> Outcome {
    let (compiler, host) = toolchain(shell)?;
    let counted = Figures { compiler, host, counts: count(shell)? };
    let path = shell.root().join(ACCEPTED);
    fs::write(&path, counted.to_string()).map_err(|error| Failure::path(&path, &error))?;
    Ok(Some(format!("written to {ACCEPTED}")))
}

/// The cost of one round of each scenario.
fn count(shell: &Shell) -> Result<Vec<(String, Count)>, Failure> {
    let program = Program::new(shell, build(shell)?)?;
    let scenarios = shell.read(shell.command(program.path()))?;
    scenarios.lines().map(|name| Ok((name.to_owned(), program.round(shell, name)?))).collect()
}

/// Builds the program whose instructions are counted, with no flags but those of its profile.
fn build(shell: &Shell) -> Result<PathBuf, Failure> {
    let mut build = shell.cargo(BUILD);
    build.env("RUSTFLAGS", "").env_remove("CARGO_ENCODED_RUSTFLAGS");
    executable(&shell.read(build)?).ok_or_else(|| Failure::new("cargo does not say what it built"))
}

/// The program that cargo names in its messages, one JSON object on each line.
fn executable(messages: &str) -> Option<PathBuf> {
    let path = messages.lines().filter_map(|line| line.split_once(r#""executable":""#)).next_back()?.1;
    path.split_once('"').map(|(path, _)| path.into())
}

/// The release of the compiler, and the target that it builds for.
fn toolchain(shell: &Shell) -> Result<(String, String), Failure> {
    let mut rustc = shell.command("rustc");
    rustc.arg("-vV");
    let version = shell.read(rustc)?;
    let line = |key: &str| version.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
    line("release: ").zip(line("host: ")).ok_or_else(|| Failure::new("rustc does not say which release it is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_cargos_messages() {
        let messages = "{\"reason\":\"compiler-artifact\",\"executable\":null,\"fresh\":true}\n\
            {\"reason\":\"compiler-artifact\",\"executable\":\"/target/deps/instructions-1\",\"fresh\":true}\n\
            {\"reason\":\"build-finished\",\"success\":true}\n";
        assert_eq!(executable(messages), Some("/target/deps/instructions-1".into()));
        assert_eq!(executable("{}\n"), None);
    }
}
