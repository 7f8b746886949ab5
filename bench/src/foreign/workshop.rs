//! A folder with the sources of servers, and with all that is installed for them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use thiserror::Error;

/// In the target folder.
const FOLDER: &str = "bench-peers";

/// A file of this program: its name and what is in it.
pub(super) type Source = (&'static str, &'static str);

/// A folder for one language.
#[derive(Debug)]
pub(super) struct Workshop {
    folder: PathBuf,
    sources: &'static [Source],
}

/// Why a server of another language cannot be measured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum InstallError {
    #[error("there is no target folder")]
    Target(#[source] io::Error),
    #[error("cannot write {path}")]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot start {program}")]
    Start { program: String, source: io::Error },
    #[error("{program} failed: {said}")]
    Failed { program: String, said: String },
}

impl Workshop {
    pub(super) fn new(language: &str, sources: &'static [Source]) -> Result<Self, InstallError> {
        Ok(Self { folder: target_folder()?.join(FOLDER).join(language), sources })
    }

    pub(super) fn path(&self, file: impl AsRef<Path>) -> PathBuf {
        self.folder.join(file)
    }

    /// Puts the sources into the folder.
    pub(super) fn furnish(&self) -> Result<(), InstallError> {
        create(&self.folder, |folder| fs::create_dir_all(folder))?;
        self.sources.iter().try_for_each(|(file, text)| create(&self.path(file), |path| fs::write(path, text)))
    }

    /// Whether what is installed is what is wanted now.
    pub(super) fn has_installed(&self, wanted: &str) -> bool {
        fs::read_to_string(self.mark()).is_ok_and(|installed| installed == wanted)
    }

    /// Notes that all that is wanted is installed.
    pub(super) fn note_installed(&self, wanted: &str) -> Result<(), InstallError> {
        create(&self.mark(), |path| fs::write(path, wanted))
    }

    /// Runs a command in the folder. What it prints is shown if it fails.
    pub(super) fn run(&self, command: &mut Command) -> Result<(), InstallError> {
        let program = command.get_program().to_string_lossy().into_owned();
        let output = command.current_dir(&self.folder).stdin(Stdio::null()).output();
        let output = output.map_err(|source| InstallError::Start { program: program.clone(), source })?;
        if output.status.success() {
            return Ok(());
        }
        Err(InstallError::Failed { program, said: last_words(&output.stderr) })
    }

    fn mark(&self) -> PathBuf {
        self.path("installed")
    }
}

fn create(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), InstallError> {
    write(path).map_err(|source| InstallError::Write { path: path.to_owned(), source })
}

/// Where cargo puts everything: this program lies in the folder of a profile, which lies there.
fn target_folder() -> Result<PathBuf, InstallError> {
    let program = std::env::current_exe().map_err(InstallError::Target)?;
    let folder = program.ancestors().nth(2).ok_or_else(|| InstallError::Target(io::ErrorKind::NotFound.into()))?;
    Ok(folder.to_owned())
}

/// The last line of what a program complained about, which is most often the reason.
fn last_words(complaint: &[u8]) -> String {
    let complaint = String::from_utf8_lossy(complaint);
    complaint.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it does not say why").to_owned()
}

/// The first line that a command prints.
pub(super) fn said(command: &mut Command) -> Option<String> {
    crate::machine::first_line(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_that_says_anything_is_the_reason() {
        assert_eq!(last_words(b"a\n the reason \n\n"), "the reason");
        assert_eq!(last_words(b"\n"), "it does not say why");
    }

    #[test]
    fn a_command_that_fails_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let workshop =
            Workshop { folder: folder.path().join("new"), sources: &[("script.sh", "echo no bread >&2; exit 1")] };
        workshop.furnish().unwrap();
        let failed = workshop.run(Command::new("sh").arg("script.sh")).unwrap_err();
        assert_eq!(failed.to_string(), "sh failed: no bread");
    }

    #[test]
    fn what_is_wanted_anew_is_not_installed() {
        let folder = tempfile::tempdir().unwrap();
        let workshop = Workshop { folder: folder.path().to_owned(), sources: &[] };
        assert!(!workshop.has_installed("bread 1"));
        workshop.note_installed("bread 1").unwrap();
        assert!(workshop.has_installed("bread 1") && !workshop.has_installed("bread 2"));
    }
}
