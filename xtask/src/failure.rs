//! Why a step is red.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus};

/// A reason that a developer can act on. What the step's commands printed stands in its log.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// A command that could not be started.
    pub(crate) fn not_started(command: &Command, error: &io::Error) -> Self {
        Self(format!("{} does not start: {error}", line(command)))
    }

    /// A command that ended with a bad status.
    pub(crate) fn ended(command: &Command, status: ExitStatus) -> Self {
        Self(format!("{} ended with {status}", line(command)))
    }

    /// A file or folder that could not be used.
    pub(crate) fn path(path: &Path, error: &io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The command as one would type it, for people to read.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(program).chain(command.get_args()).map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_without_its_folder() {
        let mut command = Command::new("/usr/local/bin/cargo");
        command.args(["test", "--doc"]);
        assert_eq!(line(&command), "cargo test --doc");
    }
}
