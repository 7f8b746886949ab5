//! Messages that are refused and frames that break the protocol.

use chanx_core::frame::Opcode;
use chanx_core::session::{EndedBy, Session, SessionConfig};

use crate::harness::Step::{
    Absorb, Binary, Bytes, Completed, Control, Discard, Fail, Failed, Is, Next, Open, Send, SendBinary, SendText,
};
use crate::harness::{COMPLETE, PING, check, check_open, completing, echo, masked, text};
use crate::messages::Outgoing;

const BINARY: &str = r#"{"action":"error","payload":[{"type":"json_invalid","loc":[],"msg":"Invalid JSON: text was expected, not a binary frame"}]}"#;
const ARRAY: &str = r#"{"action":"error","payload":[{"type":"dict_type","loc":[],"msg":"Input should be an object"}]}"#;
const UNKNOWN: &str = r#"{"action":"error","payload":[{"type":"union_tag_invalid","loc":[],"msg":"Input tag 'sing' found using 'action' does not match any of the expected tags: 'ping', 'echo'"}]}"#;

/// What a server must not do to a client that only made a mistake in one message.
#[test]
fn a_faulty_message_is_answered_and_the_connection_lives_on() {
    let not_json = r#"{"action":"error","payload":[{"type":"json_invalid","loc":[],"msg":"Invalid JSON: expected value at line 1 column 1"}]}"#;
    for (message, error) in [("hello", not_json), ("[]", ARRAY), (r#"{"action":"sing"}"#, UNKNOWN)] {
        check_open(
            completing(),
            &[
                (text(message), &[]),
                (text(PING), &[]),
                (Next, &["handle ping", error, COMPLETE]),
                (Completed, &[COMPLETE]),
            ],
        );
        check_open(SessionConfig::default(), &[(text(message), &[]), (Next, &[error])]);
    }
}

#[test]
fn a_binary_frame_is_no_message_whatever_it_holds() {
    check_open(
        completing(),
        &[
            (Binary(PING.into()), &[]),
            (text(PING), &[]),
            (Next, &["handle ping", BINARY, COMPLETE]),
            (Binary(vec![0xff]), &[]),
            (Absorb, &[]),
            (Completed, &[COMPLETE]),
            (Next, &[BINARY, COMPLETE]),
        ],
    );
}

#[test]
fn refused_messages_count_in_the_ids_of_failures() {
    let error = r#"{"action":"error","payload":{"detail":"Failed to process message","id":"probe-3"}}"#;
    check_open(
        completing(),
        &[
            (text("[]"), &[]),
            (Binary(vec![]), &[]),
            (text(PING), &[]),
            (Next, &["handle ping", ARRAY, COMPLETE, BINARY, COMPLETE]),
            (Failed, &["probe-3", error, COMPLETE]),
        ],
    );
}

#[test]
fn a_connection_that_cannot_go_on_closes_with_the_same_id() {
    let session = check_open(
        completing(),
        &[(text(PING), &[]), (Next, &["handle ping"]), (Fail, &["probe-1", "close 1011 internal error probe-1"])],
    );
    let how = session.disconnect().unwrap();
    assert_eq!((how.code.unwrap().as_u16(), &*how.reason, how.by), (1011, "internal error probe-1", EndedBy::Server));
}

#[test]
fn an_unusable_frame_closes_where_the_settings_say_so() {
    let mut config = completing();
    config.unusable_frame_closes = true;
    for step in [text("hello"), text("[]"), text(""), text("[".repeat(200)), Binary(PING.into())] {
        check_open(
            config.clone(),
            &[
                (step, &[]),
                (text(PING), &[]),
                (Next, &["ended", "close 1011 internal error probe-1"]),
                (Next, &["ended"]),
            ],
        );
    }
    check_open(config.clone(), &[(text(r#"{"action":"sing"}"#), &[]), (Next, &[UNKNOWN, COMPLETE])]);
    check(
        config,
        &[
            (text("hello"), &[]),
            (Absorb, &[]),
            (Open, &[COMPLETE]),
            (Next, &["ended", "close 1011 internal error probe-1"]),
        ],
    );
}

/// Bytes that break the protocol, and the close frame that says so.
fn violations() -> Vec<(Vec<u8>, &'static str)> {
    let mut reserved = masked(Opcode::Text, PING.as_bytes());
    reserved[0] |= 0x40;
    vec![
        (reserved, "close 1002 reserved bits are set"),
        (vec![0x81, 0x02, b'h', b'i'], "close 1002 frame of a client is not masked"),
        (masked(Opcode::Continuation, b"rest"), "close 1002 continuation without a message"),
        (masked(Opcode::Close, &[3]), "close 1002 close code is cut short"),
        (masked(Opcode::Close, &1005_u16.to_be_bytes()), "close 1002 close code 1005 is not allowed"),
        (masked(Opcode::Text, b"\xc3("), "close 1007 text is not valid UTF-8"),
        (masked(Opcode::Close, b"\x03\xe8\xff"), "close 1007 text is not valid UTF-8"),
        (masked(Opcode::Text, &[b' '; 65_537]), "close 1009 message is larger than 65536 bytes"),
        (masked(Opcode::Binary, &[0; 65_537]), "close 1009 message is larger than 65536 bytes"),
    ]
}

#[test]
fn a_violation_closes_with_its_code_and_nobody_waits_for_an_answer() {
    for (bytes, close) in violations() {
        let session = check_open(
            completing(),
            &[
                (text(PING), &[]),
                (Bytes(bytes), &[]),
                (text(PING), &[]),
                (Next, &["handle ping"]),
                (Completed, &[COMPLETE]),
                (Next, &["ended", close]),
                (Is(Session::peer_is_done), &["yes"]),
                (Is(Session::wants_input), &["no"]),
                (Next, &["ended"]),
                (Discard, &[]),
            ],
        );
        assert_eq!(session.disconnect().unwrap().by, EndedBy::Server, "{close}");
    }
}

#[test]
fn a_violation_ends_a_handler_that_runs() {
    for (bytes, close) in violations() {
        check_open(
            completing(),
            &[
                (text(PING), &[]),
                (Next, &["handle ping"]),
                (Bytes(bytes), &[]),
                (Absorb, &[close]),
                (Send(Outgoing::Pong), &["error: the connection is closed"]),
                (Completed, &[]),
                (Next, &["ended"]),
            ],
        );
    }
}

#[test]
fn a_violation_while_connecting_closes() {
    for (bytes, close) in violations() {
        check(completing(), &[(Bytes(bytes), &[]), (Absorb, &[close]), (Open, &[]), (Next, &["ended"])]);
    }
}

#[test]
fn a_message_at_the_limit_passes_in_one_piece_and_in_many() {
    let mut config = completing();
    config.max_message_size = PING.len();
    let mut pieces = Vec::new();
    for (number, byte) in PING.bytes().enumerate() {
        let opcode = if number == 0 { Opcode::Text } else { Opcode::Continuation };
        let mut piece = masked(opcode, &[byte]);
        if number + 1 < PING.len() {
            piece[0] &= 0x7f;
        }
        pieces.extend(piece);
    }
    check_open(config.clone(), &[(text(PING), &[]), (Next, &["handle ping"])]);
    check_open(config.clone(), &[(Bytes(pieces.clone()), &[]), (Next, &["handle ping"])]);
    config.max_message_size -= 1;
    let close: &[_] = &["ended", "close 1009 message is larger than 16 bytes"];
    check_open(config.clone(), &[(text(PING), &[]), (Next, close)]);
    check_open(config, &[(Bytes(pieces), &[]), (Next, close)]);
}

#[test]
fn bytes_may_arrive_one_by_one() {
    let mut rows = Vec::new();
    let wire = masked(Opcode::Text, PING.as_bytes());
    for byte in &wire[..wire.len() - 1] {
        rows.extend([(Bytes(vec![*byte]), &[] as &[&str]), (Next, &[])]);
    }
    rows.extend([(Bytes(vec![wire[wire.len() - 1]]), &[] as &[&str]), (Next, &["handle ping"])]);
    check_open(completing(), &rows);
}

#[test]
fn nothing_is_sent_after_the_end() {
    const CLOSED: &[&str] = &["error: the connection is closed"];
    check_open(
        completing(),
        &[
            (text(PING), &[]),
            (Next, &["handle ping"]),
            (Fail, &["probe-1", "close 1011 internal error probe-1"]),
            (echo("late"), CLOSED),
            (SendText("late"), CLOSED),
            (SendBinary(b"late"), CLOSED),
            (Completed, &[]),
            (Failed, &["probe-1"]),
            (Fail, &["probe-1"]),
            (Control(Opcode::Ping, b"late"), &[]),
            (Absorb, &[]),
            (Discard, &[]),
        ],
    );
}
