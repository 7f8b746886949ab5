//! Servers in other languages: what they are written in is installed once, below the target folder, in exact versions.

mod node;
mod python;
mod workshop;

use std::process::Command;

use workshop::{InstallError, Workshop};

/// A server in another language, by the file that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Foreign {
    /// JavaScript for Bun.
    Bun(&'static str),
    /// JavaScript for Node.
    Node(&'static str),
    /// Python.
    Python(&'static str),
}

impl Foreign {
    /// Installs what it needs, unless that has been done before.
    ///
    /// # Errors
    /// Something is missing on this machine, or cannot be fetched.
    pub(crate) fn prepare(self) -> Result<(), InstallError> {
        let workshop = self.workshop()?;
        match self {
            Self::Bun(_) => node::prepare(&workshop).and_then(|()| node::prove_bun(&workshop)),
            Self::Node(_) => node::prepare(&workshop),
            Self::Python(_) => python::prepare(&workshop),
        }
    }

    /// The command that starts it, once it is prepared.
    ///
    /// # Errors
    /// This program does not know where it is.
    pub(crate) fn command(self) -> Result<Command, InstallError> {
        let workshop = self.workshop()?;
        let (mut command, file) = match self {
            Self::Bun(file) => (node::bun(&workshop), file),
            Self::Node(file) => (Command::new(node::PROGRAM), file),
            Self::Python(file) => (python::interpreter(&workshop), file),
        };
        command.arg(workshop.path(file));
        Ok(command)
    }

    /// The language's own version, as it is installed.
    pub(crate) fn runtime(self) -> Option<String> {
        let workshop = self.workshop().ok()?;
        match self {
            Self::Bun(_) => {
                workshop::said(node::bun(&workshop).arg("--version")).map(|version| format!("Bun {version}"))
            }
            Self::Node(_) => workshop::said(Command::new(node::PROGRAM).arg("--version"))
                .map(|version| format!("Node {}", version.trim_start_matches('v'))),
            Self::Python(_) => workshop::said(python::interpreter(&workshop).arg("--version")),
        }
    }

    /// The version that a package is wanted in, and installed.
    pub(crate) fn package(self, name: &str) -> Option<&'static str> {
        match self {
            Self::Bun(_) | Self::Node(_) => node::wanted(name),
            Self::Python(_) => python::wanted(name),
        }
    }

    fn workshop(self) -> Result<Workshop, InstallError> {
        match self {
            Self::Bun(_) | Self::Node(_) => Workshop::new("node", node::FILES),
            Self::Python(_) => Workshop::new("python", python::FILES),
        }
    }
}
