//! What steps need of npm: packages below the target folder, in exact versions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::shell::Shell;

/// What is wanted, in the workspace.
const WANTED: &str = "xtask/node/package.json";

const NPM_INSTALL: &[&str] =
    &["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];

/// Packages that are installed.
pub(crate) struct Packages {
    folder: PathBuf,
}

impl Packages {
    /// Installs all packages, unless they are there.
    pub(crate) fn prepare(shell: &Shell) -> Result<Self, Failure> {
        let wanted = shell.root().join(WANTED);
        let wanted = fs::read(&wanted).map_err(|error| Failure::path(&wanted, &error))?;
        let packages = Self { folder: shell.root().join("target/node") };
        if !packages.has(&wanted) {
            packages.install(shell, &wanted)?;
        }
        Ok(packages)
    }

    /// A file of a package.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.folder.join("node_modules").join(path)
    }

    /// Runs a script that may use them.
    pub(crate) fn run(&self, shell: &Shell, script: &str, arguments: &[PathBuf]) -> Result<(), Failure> {
        let mut node = shell.command("node");
        node.current_dir(&self.folder).arg(shell.root().join(script)).args(arguments);
        shell.run(node)
    }

    fn install(&self, shell: &Shell, wanted: &[u8]) -> Result<(), Failure> {
        fs::create_dir_all(&self.folder).map_err(|error| Failure::path(&self.folder, &error))?;
        write(&self.folder.join("package.json"), wanted)?;
        let mut npm: Command = shell.command("npm");
        npm.current_dir(&self.folder).args(NPM_INSTALL);
        shell.run(npm)?;
        write(&self.installed(), wanted)
    }

    fn has(&self, wanted: &[u8]) -> bool {
        fs::read(self.installed()).is_ok_and(|installed| installed == wanted)
    }

    /// What was installed last, written when all of it was.
    fn installed(&self) -> PathBuf {
        self.folder.join("installed.json")
    }
}

fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    fs::write(path, content).map_err(|error| Failure::path(path, &error))
}
