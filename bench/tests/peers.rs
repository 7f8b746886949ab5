//! The peers in Rust from outside, small: each does every sort of work that it can, and all is heard.
#![cfg(feature = "peers")]

use std::process::Command;

/// The progress of a short measurement, one line for each work and server.
fn progress(arguments: &[&str], servers: &str) -> Vec<String> {
    let mut bench = Command::new(env!("CARGO_BIN_EXE_bench"));
    let output =
        bench.args(arguments).args(["--servers", servers, "--rounds", "1", "--seconds", "0.1"]).output().unwrap();
    let progress = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{progress}");
    progress.lines().filter_map(|line| Some(line.strip_prefix("round 1: ")?.to_owned())).collect()
}

/// Whether a server was measured in a work whose name ends like this.
fn has(progress: &[String], work: &str, server: &str) -> bool {
    progress.iter().any(|line| line.contains(&format!("{work}, {server}: per second")))
}

#[test]
fn all_answer() {
    let echo = ["echo", "--connections", "3", "--in-flight", "1", "--frames", "1"];
    let servers = ["axum", "axum-4k", "axum-raw", "fastwebsockets", "tokio-websockets", "socketioxide"];
    let progress = progress(&echo, &servers.join(","));
    for server in servers {
        assert!(has(&progress, "1 frame(s) per answer", server), "{server} in {progress:#?}");
    }
}

#[test]
fn two_frames_and_many_messages_at_a_time_are_for_those_who_can() {
    let echo = ["echo", "--connections", "3", "--in-flight", "16", "--frames", "1,2"];
    let progress = progress(&echo, "axum,axum-4k,axum-raw,fastwebsockets,tokio-websockets,socketioxide");
    for server in ["axum", "axum-4k"] {
        assert!(has(&progress, "2 frame(s) per answer", server), "{server} in {progress:#?}");
    }
    assert!(has(&progress, "1 frame(s) per answer", "axum-raw"), "{progress:#?}");
    assert_eq!(progress.len(), 2 + 5, "{progress:#?}");
}

#[test]
fn the_session_alone_answers_as_chanx_does() {
    let echo = ["echo", "--connections", "3,70", "--in-flight", "1,16", "--frames", "1,2"];
    let progress = progress(&echo, "chanx-epoll,chanx-uring");
    let measured = |server| progress.iter().filter(|line| line.contains(&format!(", {server}: per second"))).count();
    assert_eq!(measured("chanx-epoll"), 8, "{progress:#?}");
    // Where the system permits no ring, it is left out.
    assert_eq!(measured("chanx-uring"), if bench_uring::is_permitted() { 8 } else { 0 }, "{progress:#?}");
}

#[test]
fn all_let_clients_come_and_go() {
    let churn = ["churn", "--handshakes", "40", "--at-once", "8", "--logins", "nobody"];
    let servers = ["axum", "axum-raw", "fastwebsockets", "tokio-websockets", "socketioxide"];
    let progress = progress(&churn, &servers.join(","));
    for server in servers {
        assert!(has(&progress, "8 at a time, without authentication", server), "{server} in {progress:#?}");
    }
}

#[test]
fn a_room_of_socketioxide_hears_what_is_said() {
    let fanout = ["fanout", "--members", "20", "--outstanding", "1,4", "--layers", "memory"];
    let progress = progress(&fanout, "socketioxide");
    assert!(has(&progress, "20 members, 1 under way", "socketioxide"), "{progress:#?}");
    assert_eq!(progress.len(), 1, "{progress:#?}");
}
