//! From the accepted socket to the first message that is handled.

use chanx_core::frame::Opcode;
use chanx_core::session::{EndedBy, Session, SessionConfig, State};

use crate::harness::Step::{
    Absorb, Accept, Completed, Control, EndOfInput, FailAuthentication, Is, Next, Open, Refuse, Send,
};
use crate::harness::{COMPLETE, PING, PONG, WELCOME, check, completing, echo, text};
use crate::messages::Outgoing;

const REFUSED: &str =
    r#"{"action":"authentication","payload":{"status_code":403,"status_text":"Refused","data":{"detail":"no"}}}"#;
const BROKEN: &str = r#"{"action":"authentication","payload":{"status_code":500,"status_text":"Internal Server Error","data":{"detail":"Internal server error"}}}"#;

fn silent() -> SessionConfig {
    let mut config = completing();
    config.send_authentication_message = false;
    config
}

fn legacy() -> SessionConfig {
    let mut config = completing();
    config.legacy_close_codes = true;
    config
}

#[test]
fn a_welcome_client_is_told_so_and_greeted_before_the_completion() {
    let greeting = r#"{"action":"echo","payload":"hello"}"#;
    check(completing(), &[(Accept, &[WELCOME]), (echo("hello"), &[greeting]), (Open, &[COMPLETE])]);
    check(SessionConfig::default(), &[(Accept, &[WELCOME]), (echo("hello"), &[greeting]), (Open, &[])]);
    check(silent(), &[(Accept, &[]), (Open, &[COMPLETE])]);
}

#[test]
fn opening_twice_is_opening_once() {
    check(completing(), &[(Open, &[COMPLETE]), (Open, &[])]);
}

#[test]
fn a_refused_client_is_told_why_and_then_closed() {
    let session = check(completing(), &[(Refuse(403), &[REFUSED, "close 4403 "])]);
    let how = session.disconnect().unwrap();
    assert_eq!((how.code.unwrap().as_u16(), how.by), (4403, EndedBy::Server));
    check(silent(), &[(Refuse(403), &["close 4403 "])]);
    check(legacy(), &[(Refuse(403), &[REFUSED, "close 1000 "])]);
}

#[test]
fn a_check_that_failed_is_no_refusal() {
    let close = "close 1011 internal error probe-0";
    check(completing(), &[(FailAuthentication, &["probe-0", BROKEN, close])]);
    check(silent(), &[(FailAuthentication, &["probe-0", close])]);
    check(legacy(), &[(FailAuthentication, &["probe-0", BROKEN, close])]);
}

#[test]
fn messages_wait_until_the_connection_is_open() {
    check(
        completing(),
        &[
            (text(r#"{"action":"echo","payload":"early"}"#), &[]),
            (Next, &[]),
            (Absorb, &[]),
            (Accept, &[WELCOME]),
            (text(PING), &[]),
            (Next, &[]),
            (Open, &[COMPLETE]),
            (Next, &["handle echo early"]),
            (Completed, &[COMPLETE]),
            (Next, &["handle ping"]),
            (Send(Outgoing::Pong), &[PONG]),
            (Completed, &[COMPLETE]),
            (Next, &[]),
        ],
    );
}

#[test]
fn faulty_messages_wait_for_their_turn_too() {
    check(
        completing(),
        &[
            (text("["), &[]),
            (text(PING), &[]),
            (Absorb, &[]),
            (Accept, &[WELCOME]),
            (Open, &[COMPLETE]),
            (
                Next,
                &[
                    "handle ping",
                    r#"{"action":"error","payload":[{"type":"json_invalid","loc":[],"msg":"Invalid JSON: EOF while parsing a list at line 1 column 1"}]}"#,
                    COMPLETE,
                ],
            ),
        ],
    );
}

#[test]
fn a_connecting_server_answers_pings() {
    check(completing(), &[(Control(Opcode::Ping, b"there?"), &[]), (Absorb, &["pong there?"])]);
}

#[test]
fn nothing_that_a_refused_client_sent_is_handled() {
    check(
        completing(),
        &[
            (text(PING), &[]),
            (Absorb, &[]),
            (text(PING), &[]),
            (Refuse(403), &[REFUSED, "close 4403 "]),
            (Open, &[]),
            (Absorb, &[]),
            (text(PING), &[]),
            (Next, &["ended"]),
        ],
    );
}

#[test]
fn a_client_that_closes_while_it_connects_is_not_welcomed() {
    let session = check(
        completing(),
        &[
            (text(PING), &[]),
            (Control(Opcode::Close, b"\x03\xe8"), &[]),
            (Absorb, &["close 1000 "]),
            (Accept, &[]),
            (Open, &[]),
            (Next, &["ended"]),
        ],
    );
    assert_eq!(session.disconnect().unwrap().by, EndedBy::Client);
    assert_eq!(session.state(), State::Closing);
}

#[test]
fn a_client_that_vanishes_while_it_connects_is_not_refused() {
    check(
        completing(),
        &[(EndOfInput, &[]), (Refuse(403), &[]), (Is(Session::is_ending), &["yes"]), (Next, &["ended"])],
    );
}

#[test]
fn the_state_follows() {
    assert_eq!(check(completing(), &[]).state(), State::Authenticating);
    assert_eq!(check(completing(), &[(Accept, &[WELCOME])]).state(), State::Authenticating);
    assert_eq!(check(completing(), &[(Open, &[COMPLETE])]).state(), State::Open);
    assert_eq!(check(silent(), &[(Refuse(401), &["close 4401 "])]).state(), State::Closing);
}
