//! JavaScript: packages from npm, Bun among them.

use std::process::Command;

use super::workshop::{InstallError, Source, Workshop};

pub(super) const PROGRAM: &str = "node";

const PACKAGES: &str = include_str!("../../peers/package.json");

pub(super) const FILES: &[Source] = &[
    ("package.json", PACKAGES),
    ("words.js", include_str!("../../peers/words.js")),
    ("bun.js", include_str!("../../peers/bun.js")),
    ("bun_raw.js", include_str!("../../peers/bun_raw.js")),
    ("node_ws.js", include_str!("../../peers/node_ws.js")),
    ("socket_io.js", include_str!("../../peers/socket_io.js")),
];

pub(super) fn prepare(workshop: &Workshop) -> Result<(), InstallError> {
    workshop.furnish()?;
    if workshop.has_installed(PACKAGES) {
        return Ok(());
    }
    let mut install = Command::new("npm");
    install.args(["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]);
    workshop.run(&mut install)?;
    workshop.note_installed(PACKAGES)
}

pub(super) fn bun(workshop: &Workshop) -> Command {
    Command::new(workshop.path("node_modules/bun/bin/bun.exe"))
}

/// Without its installation script, which npm runs or not, the program is a placeholder.
pub(super) fn prove_bun(workshop: &Workshop) -> Result<(), InstallError> {
    workshop.run(bun(workshop).arg("--version"))
}

/// The version of a package in `package.json`.
pub(super) fn wanted(name: &str) -> Option<&'static str> {
    let line = PACKAGES.lines().map(str::trim).find_map(|line| line.strip_prefix(&format!("\"{name}\": \"")))?;
    line.trim_end_matches(',').strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_list_of_packages() {
        assert!(wanted("socket.io").is_some_and(|version| version.starts_with("4.")));
        assert_eq!(wanted("left-pad"), None);
    }
}
