//! The steps that are one or two commands of cargo's.

use crate::failure::Failure;
use crate::node::Packages;
use crate::shell::{Shell, succeeds};
use crate::steps::Outcome;

/// Where the tests look for the rules of accessible pages.
const AXE: &str = "CHANX_AXE";

/// Formatting.
pub(crate) fn fmt(shell: &Shell) -> Outcome {
    require(shell, "fmt", "rustup component add rustfmt")?;
    shell.run(shell.cargo(&["fmt", "--all", "--check"]))?;
    Ok(None)
}

/// Warnings of the compiler and of clippy.
pub(crate) fn clippy(shell: &Shell) -> Outcome {
    require(shell, "clippy", "rustup component add clippy")?;
    shell.run(shell.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    Ok(None)
}

/// Tests, through nextest where it is installed; nextest runs no documentation tests.
pub(crate) fn tests(shell: &Shell) -> Outcome {
    if !has(shell, "nextest") {
        shell.run(shell.cargo(&["test", "--workspace", "--no-fail-fast"]))?;
        return Ok(None);
    }
    shell.run(shell.cargo(&[
        "nextest",
        "run",
        "--workspace",
        "--no-fail-fast",
        "--cargo-quiet",
        "--status-level",
        "fail",
    ]))?;
    shell.run(shell.cargo(&["test", "--workspace", "--doc", "--no-fail-fast"]))?;
    Ok(Some("with nextest".to_owned()))
}

/// The documentation, its links included.
pub(crate) fn docs(shell: &Shell) -> Outcome {
    let mut doc = shell.cargo(&["doc", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    shell.run(doc)?;
    Ok(None)
}

/// The rules of `deny.toml`. The one check that may be missing: installing cargo-deny takes longer than all the others.
pub(crate) fn deny(shell: &Shell) -> Outcome {
    if !has(shell, "deny") {
        return Ok(Some("not checked: cargo-deny is not installed (cargo install --locked cargo-deny)".to_owned()));
    }
    shell.run(shell.cargo(&["deny", "--workspace", "check", "bans", "licenses", "sources"]))?;
    match shell.run(shell.cargo(&["deny", "--workspace", "check", "advisories"])) {
        Ok(()) => Ok(None),
        Err(_) if shell.log().contains("failed to fetch advisory database") => {
            Ok(Some("without advisories: their database cannot be reached".to_owned()))
        }
        Err(failure) => Err(failure),
    }
}

/// The tests of the examples' pages, which plain `cargo test` leaves out because they need Chromium.
pub(crate) fn browser(shell: &Shell) -> Outcome {
    let axe = Packages::prepare(shell)?.file("axe-core/axe.min.js");
    let mut test = shell.cargo(&["test", "--package", "echo", "--package", "chat", "--test", "browser"]);
    test.args(["--", "--ignored"]).env(AXE, axe);
    shell.run(test)?;
    Ok(Some("screenshots in target/screenshots".to_owned()))
}

fn has(shell: &Shell, subcommand: &str) -> bool {
    succeeds(shell.cargo(&[subcommand, "--version"]))
}

fn require(shell: &Shell, subcommand: &str, remedy: &str) -> Result<(), Failure> {
    if has(shell, subcommand) {
        Ok(())
    } else {
        Err(Failure::new(format!("cargo {subcommand} is not installed: {remedy}")))
    }
}
