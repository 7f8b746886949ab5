//! Closing handshakes from both sides, and ends without one.

use chanx_core::close::CloseCode;
use chanx_core::frame::Opcode;
use chanx_core::session::{Disconnect, EndedBy, Session, State};

use crate::harness::Step::{
    Abandon, Absorb, Accept, Break, Bytes, Close, Completed, Control, Discard, EndOfInput, Fail, Is, Next, Open, Send,
    Stall, Take,
};
use crate::harness::{COMPLETE, PING, PONG, check, check_open, completing, echo, masked, text};
use crate::messages::Outgoing;

const CLOSED: &[&str] = &["error: the connection is closed"];

#[track_caller]
fn assert_ended(session: &Session, code: Option<u16>, reason: &str, by: EndedBy) {
    let code = code.map(|code| CloseCode::try_from(code).unwrap());
    assert_eq!(session.disconnect(), Some(&Disconnect { code, reason: reason.to_owned(), by }));
    assert_eq!(session.state(), State::Closing);
}

#[test]
fn an_open_connection_has_not_ended() {
    let session = check_open(completing(), &[(Next, &[])]);
    assert_eq!(session.disconnect(), None);
}

#[test]
fn a_handler_closes_and_nothing_follows() {
    let session = check_open(
        completing(),
        &[
            (text(PING), &[]),
            (text(PING), &[]),
            (Next, &["handle ping"]),
            (Send(Outgoing::Pong), &[PONG]),
            (Close(4001, "enough"), &["close 4001 enough"]),
            (Close(4002, "again"), &[]),
            (Send(Outgoing::Pong), CLOSED),
            (Completed, &[]),
            (Next, &["ended"]),
            (text(PING), &[]),
            (Is(Session::peer_is_done), &["no"]),
            (Discard, &[]),
            (Is(Session::peer_is_done), &["no"]),
            (Control(Opcode::Close, b"\x0f\xa1"), &[]),
            (Discard, &[]),
            (Is(Session::peer_is_done), &["yes"]),
            (Next, &["ended"]),
        ],
    );
    assert_ended(&session, Some(4001), "enough", EndedBy::Server);
}

#[test]
fn messages_that_wait_are_dropped_when_a_handler_closes() {
    check_open(
        completing(),
        &[
            (text(PING), &[]),
            (text(PING), &[]),
            (Next, &["handle ping"]),
            (Absorb, &[]),
            (Close(1000, ""), &["close 1000 "]),
            (Completed, &[]),
            (Next, &["ended"]),
        ],
    );
}

#[test]
fn a_code_that_must_not_be_sent_changes_nothing() {
    let error = "error: close code 1006 cannot be sent; 1000 to 1003, 1007 to 1014 and 3000 to 4999 can";
    check_open(completing(), &[(Close(1006, ""), &[error]), (text(PING), &[]), (Next, &["handle ping"])]);
}

#[test]
fn the_client_closes_and_is_answered_with_its_code() {
    let session = check_open(
        completing(),
        &[
            (Control(Opcode::Close, b"\x0b\xb8bye"), &[]),
            (text(PING), &[]),
            (Next, &["ended", "close 3000 "]),
            (Is(Session::peer_is_done), &["yes"]),
            (Is(Session::is_broken), &["no"]),
            (Send(Outgoing::Pong), CLOSED),
            (Close(1000, ""), &[]),
            (Next, &["ended"]),
            (EndOfInput, &[]),
        ],
    );
    assert_ended(&session, Some(3000), "bye", EndedBy::Client);
}

#[test]
fn a_client_may_close_without_a_code() {
    let session = check_open(completing(), &[(Control(Opcode::Close, b""), &[]), (Next, &["ended", "close"])]);
    assert_ended(&session, None, "", EndedBy::Client);
}

#[test]
fn messages_before_the_close_frame_are_handled_first() {
    check_open(
        completing(),
        &[
            (text(PING), &[]),
            (Control(Opcode::Close, b"\x03\xe8"), &[]),
            (Next, &["handle ping"]),
            (Send(Outgoing::Pong), &[PONG]),
            (Completed, &[COMPLETE]),
            (Next, &["ended", "close 1000 "]),
        ],
    );
}

#[test]
fn a_client_that_closes_while_a_handler_runs_is_answered_at_once_and_its_messages_are_handled() {
    let session = check_open(
        completing(),
        &[
            (text(PING), &[]),
            (text(PING), &[]),
            (text("[]"), &[]),
            (text(PING), &[]),
            (Control(Opcode::Close, b"\x03\xe9"), &[]),
            (text(PING), &[]),
            (Next, &["handle ping"]),
            (Absorb, &["close 1001 "]),
            (Is(Session::is_ending), &["yes"]),
            (Send(Outgoing::Pong), CLOSED),
            (Completed, &[]),
            (Next, &["handle ping"]),
            (Send(Outgoing::Pong), CLOSED),
            (Completed, &[]),
            (Next, &["handle ping"]),
            (Completed, &[]),
            (Next, &["ended"]),
        ],
    );
    assert_ended(&session, Some(1001), "", EndedBy::Client);
    assert_eq!(session.unhandled(), 0);
}

#[test]
fn a_client_that_closes_before_it_is_admitted_leaves_nothing() {
    let session = check(
        completing(),
        &[
            (text(PING), &[]),
            (Control(Opcode::Close, b"\x03\xe9"), &[]),
            (Absorb, &["close 1001 "]),
            (Accept, &[]),
            (Open, &[]),
            (Next, &["ended"]),
        ],
    );
    assert_ended(&session, Some(1001), "", EndedBy::Client);
}

#[test]
fn messages_are_handled_although_the_transport_ended_behind_them() {
    for step in [EndOfInput, Break] {
        check_open(
            completing(),
            &[
                (text(PING), &[]),
                (text(PING), &[]),
                (Next, &["handle ping"]),
                (Absorb, &[]),
                (step, &[]),
                (Completed, &[]),
                (Next, &["handle ping"]),
                (Completed, &[]),
                (Next, &["ended"]),
            ],
        );
    }
}

#[test]
fn what_a_client_left_is_given_up_when_its_time_is_over_or_the_server_fails() {
    for step in [Abandon, Close(1000, ""), Fail] {
        let failed: &[&str] = if let Fail = step { &["probe-1"] } else { &[] };
        let session = check_open(
            completing(),
            &[
                (text(PING), &[]),
                (text(PING), &[]),
                (text(PING), &[]),
                (Control(Opcode::Close, b"\x03\xe9"), &[]),
                (Next, &["handle ping"]),
                (Absorb, &["close 1001 "]),
                (step, failed),
                (Next, &["ended"]),
            ],
        );
        assert_ended(&session, Some(1001), "", EndedBy::Client);
        assert_eq!(session.unhandled(), 2);
    }
}

#[test]
fn both_sides_may_close_at_the_same_time() {
    let session = check_open(
        completing(),
        &[
            (Control(Opcode::Close, b"\x03\xe8"), &[]),
            (Close(4001, "first"), &["close 4001 first"]),
            (Next, &["ended"]),
            (Discard, &[]),
            (Is(Session::peer_is_done), &["yes"]),
        ],
    );
    assert_ended(&session, Some(4001), "first", EndedBy::Server);
}

#[test]
fn a_violation_is_a_last_word_too() {
    check_open(
        completing(),
        &[
            (Close(1000, ""), &["close 1000 "]),
            (Bytes(vec![0xff; 16]), &[]),
            (Discard, &[]),
            (Is(Session::peer_is_done), &["yes"]),
        ],
    );
}

#[test]
fn what_was_sent_before_the_end_still_leaves() {
    check_open(
        completing(),
        &[
            (Stall, &[]),
            (echo("last"), &[]),
            (Close(1000, "bye"), &[]),
            (Take, &[r#"{"action":"echo","payload":"last"}"#, "close 1000 bye"]),
        ],
    );
}

#[test]
fn a_connection_without_a_close_frame_was_cut() {
    for (step, is_broken) in [(EndOfInput, "no"), (Break, "yes")] {
        let session = check_open(
            completing(),
            &[
                (text(PING), &[]),
                (Next, &["handle ping"]),
                (step, &[]),
                (Is(Session::is_broken), &[is_broken]),
                (Is(Session::peer_is_done), &["yes"]),
                (Send(Outgoing::Pong), CLOSED),
                (Close(1000, ""), &[]),
                (Completed, &[]),
                (Next, &["ended"]),
            ],
        );
        assert_ended(&session, None, "", EndedBy::Transport);
    }
}

#[test]
fn half_a_frame_at_the_end_is_no_message() {
    let mut half = masked(Opcode::Text, PING.as_bytes());
    half.pop();
    check_open(completing(), &[(Bytes(half), &[]), (Next, &[]), (EndOfInput, &[]), (Next, &["ended"])]);
}

#[test]
fn the_first_end_counts() {
    let rows = &[(Close(4001, "mine"), &["close 4001 mine"] as &[&str]), (EndOfInput, &[]), (Break, &[])];
    assert_ended(&check_open(completing(), rows), Some(4001), "mine", EndedBy::Server);
}

#[test]
fn a_reason_that_is_too_long_is_cut_on_the_wire_alone() {
    const LONG: &str = "123456789 123456789 123456789 123456789 123456789 123456789 123456789 \
                        123456789 123456789 123456789 123456789 123456789 123456789 ";
    let close = format!("close 1000 {}", &LONG[..123]);
    let session = check_open(completing(), &[(Close(1000, LONG), &[&close])]);
    assert_ended(&session, Some(1000), LONG, EndedBy::Server);
}
