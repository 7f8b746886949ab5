//! A soak from outside, short: nothing is lost or kept, and it says what was done.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn soak(folder: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command.arg("soak").arg("--output").arg(folder).args(options).output().unwrap()
}

/// The report, which goes to a file as well.
fn report(folder: &Path, output: &Output) -> String {
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}\n{report}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_to_string(folder.join("soak.md")).unwrap().trim(), report.trim());
    report
}

/// The number in the last column of a row of the report.
fn figure(report: &str, row: &str) -> u64 {
    let line = report.lines().find(|line| line.starts_with(&format!("| {row} |")));
    let cell = line.and_then(|line| line.trim_end_matches(" |").rsplit(' ').next()?.parse().ok());
    cell.unwrap_or_else(|| panic!("no figure for `{row}` in\n{report}"))
}

#[test]
fn over_a_redis_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--seconds", "10", "--connections", "100", "--redis-restart", "3"];
    let output = soak(folder.path(), &options);
    if Command::new("redis-server").arg("--version").output().is_err() {
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains("redis-server"), "{error}");
        return;
    }
    let report = report(folder.path(), &output);
    assert_eq!((figure(&report, "Redis was killed"), figure(&report, "faults")), (4, 0));
    for done in
        ["group messages that were accepted", "deliveries", "notices that messages may be missing", "connections"]
    {
        assert!(figure(&report, done) > 0, "{done}");
    }
    let curves = fs::read_to_string(folder.path().join("soak.svg")).unwrap();
    assert_eq!(curves.matches("<polyline").count(), 4, "{curves}");
    // Each kill stands in each of the four curves.
    assert_eq!(curves.matches("<title>killed</title>").count(), 16, "{curves}");
}

#[test]
fn in_memory_nothing_is_lost_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let output = soak(folder.path(), &["--seconds", "4", "--connections", "60", "--layer", "memory"]);
    let report = report(folder.path(), &output);
    assert!(figure(&report, "deliveries") > 0);
    for none in [
        "Redis was killed",
        "group messages whose sender got an error",
        "notices that messages may be missing",
        "faults",
    ] {
        assert_eq!(figure(&report, none), 0, "{none}");
    }
}
