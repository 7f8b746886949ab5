//! Python: packages from PyPI, in a virtual environment.

use std::process::Command;

use super::workshop::{InstallError, Source, Workshop};

const PACKAGES: &str = include_str!("../../peers/requirements.txt");

pub(super) const FILES: &[Source] = &[
    ("requirements.txt", PACKAGES),
    ("serving.py", include_str!("../../peers/serving.py")),
    ("channels_server.py", include_str!("../../peers/channels_server.py")),
    ("chanx_server.py", include_str!("../../peers/chanx_server.py")),
];

pub(super) fn prepare(workshop: &Workshop) -> Result<(), InstallError> {
    workshop.furnish()?;
    if workshop.has_installed(PACKAGES) {
        return Ok(());
    }
    workshop.run(Command::new("python3").args(["-m", "venv", "--clear", "environment"]))?;
    let mut install = interpreter(workshop);
    install.args(["-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--no-deps"]);
    workshop.run(install.args(["--requirement", "requirements.txt"]))?;
    workshop.note_installed(PACKAGES)
}

pub(super) fn interpreter(workshop: &Workshop) -> Command {
    Command::new(workshop.path("environment/bin/python"))
}

/// The version of a package in `requirements.txt`.
pub(super) fn wanted(name: &str) -> Option<&'static str> {
    PACKAGES.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix("=="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_list_of_packages() {
        assert!(wanted("channels").is_some_and(|version| version.starts_with("4.")));
        assert_eq!(wanted("flask"), None);
    }
}
