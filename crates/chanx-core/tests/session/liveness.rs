//! What time does to a connection, told in ticks.

use std::time::Duration;

use chanx_core::frame::Opcode;
use chanx_core::session::{EndedBy, Session, SessionConfig};

use crate::harness::Step::{Absorb, Close, Completed, Control, Is, Next, Send, Stall, Take, Tick};
use crate::harness::{PING, PONG, Row, check, check_open, echo, text};
use crate::messages::Outgoing;

/// Asked after 20 silent seconds, given up after 20 more, too slow after 30.
fn config() -> SessionConfig {
    SessionConfig::default()
}

/// With a limit of 60 seconds on idleness.
fn impatient() -> SessionConfig {
    let mut config = config();
    config.idle_timeout = Some(Duration::from_secs(60));
    config
}

#[track_caller]
fn check_code(session: &Session, code: u16) {
    let how = session.disconnect().unwrap();
    assert_eq!((how.code.map(u16::from), how.by), (Some(code), EndedBy::Server));
}

#[test]
fn a_silent_client_is_asked_once_and_then_given_up() {
    let session = check_open(
        config(),
        &[
            (Tick(19), &[]),
            (Tick(1), &["ping "]),
            (Tick(19), &[]),
            (Tick(1), &["close 4408 no sign of life"]),
            (Is(Session::peer_is_done), &["yes"]),
            (Next, &["ended"]),
            (Tick(20), &[]),
            (Tick(20), &[]),
        ],
    );
    check_code(&session, 4408);
}

#[test]
fn a_client_that_answers_is_asked_again_and_again() {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for _ in 0..5 {
        let answer: Row<'_> = (Control(Opcode::Pong, b""), &[]);
        rows.extend([(Tick(20), &["ping "] as &[&str]), answer, (Next, &[]), (Tick(20), &[])]);
    }
    check_open(config(), &rows);
}

#[test]
fn a_client_that_connects_is_asked_too() {
    check(config(), &[(Tick(20), &["ping "]), (Tick(20), &["close 4408 no sign of life"])]);
}

#[test]
fn without_an_interval_nobody_is_asked() {
    let mut config = config();
    config.ping_interval = None;
    check_open(config, &[(Tick(3600), &[]), (Tick(3600), &[])]);
}

#[test]
fn an_idle_client_is_closed_although_it_answers() {
    let session = check_open(
        impatient(),
        &[
            (text(PING), &[]),
            (Next, &["handle ping"]),
            (Send(Outgoing::Pong), &[PONG]),
            (Completed, &[]),
            (Tick(20), &[]),
            (Tick(20), &["ping "]),
            (Control(Opcode::Pong, b""), &[]),
            (Next, &[]),
            (Tick(20), &[]),
            (Tick(20), &["close 4408 no message for too long"]),
            (Is(Session::peer_is_done), &["no"]),
            (Next, &["ended"]),
        ],
    );
    check_code(&session, 4408);
}

#[test]
fn a_client_that_waits_for_an_answer_is_not_idle() {
    check(impatient(), &[(Tick(20), &["ping "]), (Control(Opcode::Pong, b""), &[]), (Absorb, &[]), (Tick(20), &[])]);
    let mut rows: Vec<Row<'_>> = vec![(text(PING), &[]), (Next, &["handle ping"])];
    for _ in 0..20 {
        rows.extend([(Control(Opcode::Pong, b""), &[] as &[&str]), (Absorb, &[]), (Tick(10), &[])]);
    }
    check_open(impatient(), &rows);
}

#[test]
fn a_client_that_is_not_read_from_is_not_silent() {
    let mut config = config();
    config.max_waiting_messages = 1;
    let rows = [(text(PING), &[] as &[&str]), (Next, &["handle ping"]), (text(PING), &[]), (Absorb, &[])];
    check_open(config, &[&rows[..], &[(Tick(600), &[]), (Tick(600), &[])]].concat());
}

#[test]
fn refused_messages_are_messages() {
    let faulty = (text("[]"), &[] as &[&str]);
    let error: &[&str] =
        &[r#"{"action":"error","payload":[{"type":"dict_type","loc":[],"msg":"Input should be an object"}]}"#];
    let mut rows = Vec::new();
    for _ in 0..5 {
        rows.extend([faulty.clone(), (Next, error), (Tick(10), &[]), (Tick(10), &[])]);
    }
    check_open(impatient(), &rows);
}

#[test]
fn messages_that_wait_are_messages() {
    let mut rows: Vec<Row<'_>> = vec![(text(PING), &[]), (Next, &["handle ping"])];
    for _ in 0..5 {
        rows.extend([(text(PING), &[] as &[&str]), (Absorb, &[]), (Tick(10), &[]), (Tick(10), &[])]);
    }
    check_open(impatient(), &rows);
}

const ANSWER: &str = r#"{"action":"echo","payload":"x"}"#;

#[test]
fn a_client_that_takes_nothing_is_too_slow() {
    let session = check_open(
        config(),
        &[
            (Stall, &[]),
            (echo("x"), &[]),
            (Tick(30), &[]),
            (Is(Session::is_ending), &["no"]),
            (Tick(5), &[]),
            (Is(Session::is_ending), &["yes"]),
            (Is(Session::peer_is_done), &["yes"]),
            (Take, &[ANSWER, "close 4413 too slow"]),
        ],
    );
    check_code(&session, 4413);
}

#[test]
fn a_client_that_takes_a_little_is_not() {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for _ in 0..5 {
        rows.extend([(Stall, &[] as &[&str]), (echo("x"), &[]), (Tick(20), &[]), (Tick(10), &[]), (Take, &[ANSWER])]);
    }
    check_open(config(), &rows);
}

#[test]
fn output_is_late_only_from_the_tick_on_that_has_seen_it() {
    let mut config = config();
    config.ping_interval = None;
    check_open(config, &[(Stall, &[]), (echo("x"), &[]), (Tick(5), &[]), (Tick(25), &[]), (Take, &[ANSWER])]);
}

#[test]
fn a_client_that_has_not_yet_taken_the_question_is_not_silent() {
    check_open(
        config(),
        &[
            (Stall, &[]),
            (Tick(20), &[]),
            (Tick(20), &[]),
            (Take, &["ping "]),
            (Tick(19), &[]),
            (Is(Session::is_ending), &["no"]),
            (Tick(1), &["close 4408 no sign of life"]),
        ],
    );
}

#[test]
fn nobody_is_asked_after_the_end() {
    check_open(impatient(), &[(Close(1000, ""), &["close 1000 "]), (Tick(20), &[]), (Tick(60), &[]), (Absorb, &[])]);
}

#[test]
fn ticks_are_due_four_times_in_the_shortest_wait() {
    let quarters = |config: SessionConfig| config.tick_period() * 4;
    let seconds = Duration::from_secs;
    assert_eq!(quarters(config()), seconds(20));
    let mut hasty = impatient();
    hasty.ping_timeout = seconds(5);
    assert_eq!(quarters(hasty.clone()), seconds(5));
    hasty.ping_interval = None;
    assert_eq!(quarters(hasty.clone()), seconds(30));
    hasty.send_timeout = seconds(100);
    assert_eq!(quarters(hasty.clone()), seconds(60));
    hasty.idle_timeout = None;
    assert_eq!(quarters(hasty), seconds(100));
}

/// The longest silence before a ping, and from there to the end, in seconds.
fn silences(config: &SessionConfig) -> (f64, f64) {
    let period = config.tick_period();
    let mut session = Session::new("probe".into(), config.clone().into());
    session.open();
    session.heard();
    let mut asked = 0;
    for ticks in 1..1000 {
        session.elapse(1);
        session.check_liveness();
        if asked == 0 && !session.output().is_empty() {
            asked = ticks;
            session.advance_output(session.output().len());
        }
        if session.is_ending() {
            return (f64::from(asked) * period.as_secs_f64(), f64::from(ticks - asked) * period.as_secs_f64());
        }
    }
    panic!("a silent peer is given up");
}

#[test]
fn a_ping_is_late_by_a_quarter_of_the_shortest_wait_at_most() {
    for (interval, timeout, send_timeout) in [(20, 20, 30), (45, 20, 30), (30, 30, 30), (20, 5, 30), (600, 600, 60)] {
        let mut config = config();
        config.ping_interval = Some(Duration::from_secs(interval));
        config.ping_timeout = Duration::from_secs(timeout);
        config.send_timeout = Duration::from_secs(send_timeout);
        let (asked, ended) = silences(&config);
        // The peer was heard just after a tick, the worst case.
        let late = asked - interval as f64;
        assert!((0.0..=interval as f64 / 4.0).contains(&late), "{interval} {timeout}: the ping is late by {late} s");
        let late = ended - timeout as f64;
        assert!((0.0..=timeout as f64 / 4.0).contains(&late), "{interval} {timeout}: the end is late by {late} s");
    }
}
