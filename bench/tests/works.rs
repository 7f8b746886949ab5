//! The measurements from outside, small: every server of this program does every work that it can, and all is heard.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use tempfile::NamedTempFile;

fn bench(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// One line of the progress: what was measured with whom, and its figures.
#[derive(Debug)]
struct Measured {
    what: String,
    figures: BTreeMap<String, f64>,
}

/// Measures once, for a short time.
fn measure(arguments: &[&str]) -> Vec<Measured> {
    let output = bench(&[arguments, &["--rounds", "1", "--seconds", "0.2"]].concat());
    let progress = text(&output.stderr);
    assert!(output.status.success(), "{progress}");
    progress.lines().filter_map(|line| measured(line.strip_prefix("round 1: ")?)).collect()
}

fn measured(line: &str) -> Option<Measured> {
    let (what, figures) = line.rsplit_once(": ")?;
    let figures = figures.split(", ").filter_map(|figure| {
        let (name, value) = figure.rsplit_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    });
    Some(Measured { what: what.to_owned(), figures: figures.collect() })
}

/// Which of the servers were measured, for a work whose name begins so.
fn servers(all: &[Measured], work: &str) -> Vec<String> {
    let found = all.iter().filter(|measured| measured.what.starts_with(work));
    found.filter_map(|measured| Some(measured.what.rsplit_once(", ")?.1.to_owned())).collect()
}

fn assert_positive(all: &[Measured], figures: &[&str]) {
    assert!(!all.is_empty());
    for measured in all {
        for figure in figures {
            assert!(measured.figures.get(*figure).is_some_and(|value| *value > 0.0), "{figure} of {measured:?}");
        }
    }
}

#[test]
fn echo_with_and_without_completion() {
    let all = measure(&["echo", "--connections", "3", "--in-flight", "1,16"]);
    assert_positive(&all, &["per second", "p50 ms", "p99 ms"]);
    assert_eq!(servers(&all, "echo, 3 connections × 1, 1 frame(s)"), ["chanx", "floor"]);
    assert_eq!(servers(&all, "echo, 3 connections × 16, 1 frame(s)"), ["chanx", "floor"]);
    assert_eq!(servers(&all, "echo, 3 connections × 16, 2 frame(s)"), ["chanx"]);
}

#[test]
fn fan_out_in_one_process_and_over_redis() {
    let all = measure(&["fanout", "--members", "20", "--outstanding", "1,4"]);
    assert_positive(&all, &["per second", "p50 ms"]);
    let alone = ["chanx", "axum-broadcast", "floor", "floor-joined"];
    assert_eq!(servers(&all, "fan-out, One process, 20 members, 4"), alone);
    let layers = all.iter().filter(|measured| measured.what.contains("Two processes")).count();
    let has_redis = Command::new("redis-server").arg("--version").output().is_ok();
    // Two servers, each with one and with four messages under way, over each of the layers.
    assert_eq!(layers, if has_redis { 12 } else { 0 });
}

#[test]
fn memory_of_idle_connections() {
    let mut all = measure(&["idle", "--connections", "1000", "--logins", "nobody,session"]);
    assert_positive(&all, &["base MiB", "alive"]);
    assert_eq!(servers(&all, "1000 idle connections, session from SQLite"), ["chanx"]);
    assert_eq!(servers(&all, "1000 idle connections, without authentication"), ["chanx", "floor"]);
    // A thousand of the floor's fit into a page that it has already.
    all.retain(|measured| measured.what.ends_with("chanx"));
    assert_positive(&all, &["bytes", "shared bytes"]);
}

#[test]
fn connections_come_and_go() {
    let all = measure(&["churn", "--at-once", "4", "--handshakes", "40"]);
    assert_positive(&all, &["per second", "p50 ms"]);
    for work in ["40 handshakes", "connections that come and go, 4 at a time"] {
        assert_eq!(servers(&all, &format!("{work}, without authentication")), ["chanx", "floor"]);
        assert_eq!(servers(&all, &format!("{work}, session from SQLite")), ["chanx", "chanx"]);
    }
}

#[test]
fn growth_of_all_kinds() {
    let all = measure(&["growth", "--connections", "20,50"]);
    assert_positive(&all, &["per second", "p50 ms"]);
    for connections in [20, 50] {
        assert_eq!(servers(&all, &format!("growth, echo among {connections}")), ["chanx", "floor"]);
        assert_eq!(servers(&all, &format!("growth, delivery among {connections}")), ["chanx", "floor"]);
        assert_eq!(servers(&all, &format!("growth, leaving and joining among {connections}")), ["chanx"]);
    }
}

#[test]
fn a_fleet_is_pinged_and_alive() {
    let all = measure(&["fleet", "--connections", "30"]);
    assert_positive(&all, &["per second", "alive"]);
    assert_eq!(all[0].figures["alive"], 30.0);
    assert!(all[0].figures["pings"] >= 1.0, "{all:?}");
}

#[test]
fn the_report_goes_to_a_file_as_well() {
    let copy = NamedTempFile::new().unwrap();
    let few = ["echo", "--connections", "2", "--in-flight", "1", "--frames", "1", "--rounds", "1", "--seconds", "0.1"];
    let output = bench(&[&few[..], &["--servers", "floor", "--output", copy.path().to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report = text(&output.stdout);
    assert!(report.contains("floor"), "{report}");
    assert_eq!(std::fs::read_to_string(copy.path()).unwrap().trim(), report.trim());
}

#[test]
fn what_cannot_be_measured_is_an_error() {
    for arguments in [
        ["fanout", "--members", "0"],
        ["fanout", "--outstanding", "65"],
        ["echo", "--in-flight", "0"],
        ["echo", "--frames", "3"],
        ["idle", "--logins", "guest"],
        ["growth", "--of", "weeds"],
        ["fleet", "--connections", "0"],
        ["soak", "--connections", "0"],
        ["soak", "--redis-restart", "0"],
        ["quick", "--seconds", "0"],
        ["all", "--servers", "x"],
    ] {
        let output = bench(&arguments);
        assert!(!output.status.success() && text(&output.stderr).contains(arguments[1]), "{arguments:?}");
    }
}
