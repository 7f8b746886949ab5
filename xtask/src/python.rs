//! A Python with the packages that one step needs: a virtual environment below the target folder, in exact versions.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::shell::{Shell, succeeds};

const PIP_INSTALL: &[&str] =
    &["-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--no-deps", "--requirement"];

/// A virtual environment in the versions of a `requirements.txt`.
pub(crate) struct Environment {
    folder: PathBuf,
    /// The versions that are wanted.
    wanted: PathBuf,
    /// The versions that were installed last, written when all of them were.
    installed: PathBuf,
    /// A statement that fails unless the installation is whole.
    probe: &'static str,
}

impl Environment {
    /// The environment `target/NAME` with what `requirements.txt` in `project` lists, a folder of the workspace.
    pub(crate) fn new(shell: &Shell, name: &str, project: impl AsRef<Path>, probe: &'static str) -> Self {
        let folder = shell.root().join("target").join(name);
        let wanted = shell.root().join(project).join("requirements.txt");
        Self { installed: folder.join("requirements.txt"), folder, wanted, probe }
    }

    /// Its interpreter, once it is prepared.
    pub(crate) fn python(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    /// Makes the environment anew, unless it is whole and up to date.
    pub(crate) fn prepare(&self, shell: &Shell) -> Result<(), Failure> {
        let wanted = fs::read(&self.wanted).map_err(|error| Failure::path(&self.wanted, &error))?;
        if fs::read(&self.installed).is_ok_and(|installed| installed == wanted) && self.works(shell) {
            return Ok(());
        }
        let mut create = shell.command("python3");
        create.args(["-m", "venv", "--clear"]).arg(&self.folder);
        shell.run(create)?;
        let mut install = shell.command(self.python());
        install.args(PIP_INSTALL).arg(&self.wanted);
        shell.run(install)?;
        fs::write(&self.installed, wanted).map_err(|error| Failure::path(&self.installed, &error))
    }

    /// Runs those of a package's tests in Rust that start this Python, which they find by `variable`. Plain `cargo test`
    /// leaves them out.
    pub(crate) fn run_tests(&self, shell: &Shell, package: &str, test: &str, variable: &str) -> Result<(), Failure> {
        self.prepare(shell)?;
        let mut run = shell.cargo(&["test", "--package", package, "--test", test, "--no-fail-fast"]);
        run.args(["--", "--ignored"]).env(variable, self.python());
        shell.run(run)
    }

    /// Whether its interpreter, which belongs to the system, still finds what was installed.
    fn works(&self, shell: &Shell) -> bool {
        let mut import = shell.command(self.python());
        import.args(["-c", self.probe]);
        succeeds(import)
    }
}
