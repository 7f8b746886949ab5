//! What a client can make the server hold.

use chanx_core::frame::Opcode;
use chanx_core::session::{Session, SessionConfig};

use crate::harness::Step::{Absorb, Binary, Completed, Control, Is, Next, Open, SendText, Stall, Take};
use crate::harness::{COMPLETE, PING, check, check_open, completing, echo, text};

fn waiting(max_waiting_messages: usize) -> SessionConfig {
    let mut config = completing();
    config.max_waiting_messages = max_waiting_messages;
    config
}

fn outgoing(max_outgoing_bytes: usize) -> SessionConfig {
    let mut config = SessionConfig::default();
    config.max_outgoing_bytes = max_outgoing_bytes;
    config
}

#[test]
fn a_server_stops_reading_when_enough_messages_wait() {
    check_open(
        waiting(2),
        &[
            (text(PING), &[]),
            (Next, &["handle ping"]),
            (text(PING), &[]),
            (Absorb, &[]),
            (Is(Session::wants_input), &["yes"]),
            (Binary(vec![]), &[]),
            (Absorb, &[]),
            (Is(Session::wants_input), &["no"]),
            (Completed, &[COMPLETE]),
            (Next, &["handle ping"]),
            (Is(Session::wants_input), &["yes"]),
        ],
    );
}

#[test]
fn what_is_behind_the_last_waiting_message_stays_in_the_buffer() {
    check(
        waiting(1),
        &[
            (text(PING), &[]),
            (Control(Opcode::Ping, b"behind"), &[]),
            (Absorb, &[]),
            (Is(Session::wants_input), &["no"]),
            (Open, &[COMPLETE]),
            (Next, &["handle ping"]),
            (Absorb, &["pong behind"]),
        ],
    );
}

#[test]
fn the_bytes_that_wait_are_bounded_by_the_size_of_one_message() {
    let mut config = waiting(1000);
    config.max_message_size = 2 * PING.len();
    check_open(
        config,
        &[
            (text(PING), &[]),
            (Next, &["handle ping"]),
            (text(PING), &[]),
            (text(PING), &[]),
            (text(PING), &[]),
            (Absorb, &[]),
            (Is(Session::wants_input), &["no"]),
            (Completed, &[COMPLETE]),
            (Next, &["handle ping"]),
            (Is(Session::wants_input), &["no"]), // before what arrived is taken
            (Absorb, &[]),
            (Is(Session::wants_input), &["no"]),
            (Completed, &[COMPLETE]),
            (Next, &["handle ping"]),
            (Completed, &[COMPLETE]),
            (Next, &["handle ping"]),
            (Completed, &[COMPLETE]),
            (Next, &[]),
            (Is(Session::wants_input), &["yes"]),
        ],
    );
}

#[test]
fn a_client_that_takes_nothing_is_not_listened_to() {
    let answer = r#"{"action":"echo","payload":"x"}"#;
    check_open(
        outgoing(answer.len() + 2),
        &[
            (Stall, &[]),
            (Is(Session::has_room), &["yes"]),
            (echo("x"), &[]),
            (Is(Session::has_room), &["no"]),
            (Is(Session::wants_input), &["no"]),
            (text(PING), &[]),
            (Control(Opcode::Ping, b"a"), &[]),
            (Next, &[]),
            (Absorb, &[]),
            (Take, &[answer]),
            (Is(Session::has_room), &["yes"]),
            (Next, &["handle ping"]),
            (Absorb, &["pong a"]),
        ],
    );
    check_open(outgoing(answer.len() + 3), &[(Stall, &[]), (echo("x"), &[]), (Is(Session::has_room), &["yes"])]);
}

#[test]
fn answers_to_pings_and_to_faulty_messages_are_bounded_too() {
    let unusable = r#"{"action":"error","payload":[{"type":"dict_type","loc":[],"msg":"Input should be an object"}]}"#;
    check_open(
        outgoing(8),
        &[
            (Stall, &[]),
            (Control(Opcode::Ping, b"123456"), &[]),
            (Control(Opcode::Ping, b"more"), &[]),
            (Absorb, &[]),
            (Take, &["pong 123456"]),
            (Stall, &[]),
            (text("[]"), &[]),
            (text("[]"), &[]),
            (Next, &[]),
            (Take, &["pong more", unusable]),
            (Next, &[unusable]),
        ],
    );
}

#[test]
fn output_that_is_taken_in_pieces_is_whole() {
    let mut session = check_open(completing(), &[(Stall, &[]), (echo("a"), &[]), (echo("b"), &[])]);
    let whole = session.output().to_vec();
    let mut taken = Vec::new();
    while let Some(&byte) = session.output().first() {
        taken.push(byte);
        session.advance_output(1);
    }
    assert_eq!(taken, whole);
    assert!(session.has_room() && whole.len() > 60);
}

#[test]
fn a_message_that_is_longer_than_one_may_be_is_refused_whole() {
    let mut config = completing();
    config.max_outgoing_message_size = 40;
    let error = "error: the message has 130 bytes; max_outgoing_message_size allows 40";
    check_open(
        config,
        &[
            (text(PING), &[]),
            (Next, &["handle ping"]),
            (echo("x".repeat(100)), &[error]),
            (
                SendText("{\"action\":\"echo\",\"payload\":\"123456789012345\"}"),
                &["error: the message has 45 bytes; max_outgoing_message_size allows 40"],
            ),
            (echo("fits"), &[r#"{"action":"echo","payload":"fits"}"#]),
            (Completed, &[COMPLETE]),
        ],
    );
}
