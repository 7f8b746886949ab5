//! The measurement from outside, small: every server delivers everything, and the report says so.

use std::process::{Command, Output};

use tempfile::NamedTempFile;

fn fanout(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench")).arg("fanout").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The deliveries per second of a line; none if there is no such line.
fn per_second(table: &str, outstanding: u32, server: &str) -> f64 {
    let line = format!("| 20 | {outstanding} | {server} | ");
    let figures = table.lines().find_map(|found| found.strip_prefix(&line));
    figures.and_then(|figures| figures.split(' ').next()?.parse().ok()).unwrap_or(0.0)
}

#[test]
fn every_server_delivers_to_every_member() {
    let copy = NamedTempFile::new().unwrap();
    let path = copy.path().to_str().unwrap();
    let few = ["--members", "20", "--outstanding", "1,4", "--rounds", "1", "--seconds", "0.2"];
    let output = fanout(&[&few[..], &["--output", path]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report = text(&output.stdout);
    let tables: Vec<_> = report.split("\n## ").skip(1).collect();
    // The one process, and where there is a Redis each of its layers.
    assert_eq!(tables.len(), if report.contains("no Redis") { 1 } else { 4 }, "{report}");
    for (number, table) in tables.iter().enumerate() {
        let servers: &[_] =
            if number == 0 { &["chanx", "axum-broadcast", "floor"] } else { &["chanx", "axum-broadcast"] };
        for server in servers {
            assert!(per_second(table, 1, server) > 0.0 && per_second(table, 4, server) > 0.0, "{report}");
        }
    }
    assert_eq!(std::fs::read_to_string(path).unwrap().trim(), report.trim());
}

#[test]
fn what_cannot_be_measured_is_an_error() {
    for arguments in
        [["--members", "0"], ["--outstanding", "65"], ["--outstanding", "0"], ["--seconds", "-1"], ["--servers", "x"]]
    {
        let output = fanout(&arguments);
        assert!(!output.status.success() && text(&output.stderr).contains(arguments[1]), "{arguments:?}");
    }
}
