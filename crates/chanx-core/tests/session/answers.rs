//! What is sent in answer to a message, in which order, and what of the message it repeats.

use chanx_core::frame::Opcode;
use chanx_core::session::SessionConfig;

use crate::harness::Step::{Absorb, Completed, Control, Failed, Next, Send, SendBinary, SendText};
use crate::harness::{COMPLETE, PING, PONG, check_open, completing, echo, text};
use crate::messages::Outgoing;

#[test]
fn replies_precede_the_completion() {
    check_open(
        completing(),
        &[
            (text(r#"{"action":"echo","payload":"a"}"#), &[]),
            (Next, &["handle echo a"]),
            (echo("a"), &[r#"{"action":"echo","payload":"a"}"#]),
            (SendText("as it is"), &["as it is"]),
            (SendBinary(&[0, 255]), &["binary [0, 255]"]),
            (Completed, &[COMPLETE]),
            (Next, &[]),
        ],
    );
}

#[test]
fn without_completions_there_are_only_replies() {
    check_open(
        SessionConfig::default(),
        &[
            (text(PING), &[]),
            (Next, &["handle ping"]),
            (Send(Outgoing::Pong), &[PONG]),
            (Completed, &[]),
            (text(PING), &[]),
            (Next, &["handle ping"]),
            (
                Failed,
                &["probe-2", r#"{"action":"error","payload":{"detail":"Failed to process message","id":"probe-2"}}"#],
            ),
        ],
    );
}

#[test]
fn messages_are_handled_in_the_order_of_their_arrival() {
    check_open(
        completing(),
        &[
            (text(text_of_echo("1")), &[]),
            (text(text_of_echo("2")), &[]),
            (Next, &["handle echo 1"]),
            (Absorb, &[]),
            (text(text_of_echo("3")), &[]),
            (Completed, &[COMPLETE]),
            (Next, &["handle echo 2"]),
            (text(text_of_echo("4")), &[]),
            (Absorb, &[]),
            (Completed, &[COMPLETE]),
            (Next, &["handle echo 3"]),
            (Completed, &[COMPLETE]),
            (Next, &["handle echo 4"]),
            (Completed, &[COMPLETE]),
            (Next, &[]),
        ],
    );
}

#[test]
fn pings_are_answered_while_a_handler_runs_and_pongs_are_not() {
    check_open(
        completing(),
        &[
            (text(PING), &[]),
            (Next, &["handle ping"]),
            (Control(Opcode::Ping, b"a"), &[]),
            (Control(Opcode::Pong, b"b"), &[]),
            (Absorb, &["pong a"]),
            (Completed, &[COMPLETE]),
            (Control(Opcode::Pong, b"b"), &[]),
            (Control(Opcode::Ping, b""), &[]),
            (Next, &["pong "]),
        ],
    );
}

#[test]
fn every_answer_repeats_the_reference_and_the_version_of_its_message_alone() {
    check_open(
        completing(),
        &[
            (text(r#"{"action":"ping","ref":"a","version":1}"#), &[]),
            (text(r#"{"action":"ping","ref":""}"#), &[]),
            (text(r#"{"action":"ping","version":1,"ref":null}"#), &[]),
            (text(PING), &[]),
            (Next, &["handle ping"]),
            (Absorb, &[]),
            (Send(Outgoing::Pong), &[r#"{"action":"pong","payload":null,"version":1,"ref":"a"}"#]),
            (echo("x"), &[r#"{"action":"echo","payload":"x","version":1,"ref":"a"}"#]),
            (Completed, &[r#"{"action":"complete","payload":null,"version":1,"ref":"a"}"#]),
            (echo("between"), &[r#"{"action":"echo","payload":"between"}"#]),
            (Next, &["handle ping"]),
            (Completed, &[r#"{"action":"complete","payload":null,"ref":""}"#]),
            (Next, &["handle ping"]),
            (Completed, &[r#"{"action":"complete","payload":null,"version":1}"#]),
            (Next, &["handle ping"]),
            (Completed, &[COMPLETE]),
        ],
    );
}

#[test]
fn errors_repeat_the_reference_as_well() {
    check_open(
        completing(),
        &[
            (text(r#"{"action":"echo","payload":7,"ref":"a","version":1}"#), &[]),
            (
                Next,
                &[
                    r#"{"action":"error","payload":[{"type":"string_type","loc":["echo","payload"],"msg":"Input should be a valid string"}],"version":1,"ref":"a"}"#,
                    r#"{"action":"complete","payload":null,"version":1,"ref":"a"}"#,
                ],
            ),
            (text(r#"{"action":"ping","ref":"b"}"#), &[]),
            (Next, &["handle ping"]),
            (
                Failed,
                &[
                    "probe-2",
                    r#"{"action":"error","payload":{"detail":"Failed to process message","id":"probe-2"},"ref":"b"}"#,
                    r#"{"action":"complete","payload":null,"ref":"b"}"#,
                ],
            ),
            (echo("after"), &[r#"{"action":"echo","payload":"after"}"#]),
        ],
    );
}

#[test]
fn the_reference_is_known_while_its_message_is_handled() {
    let begin = [(text(r#"{"action":"ping","ref":"a"}"#), &[] as &[&str]), (Next, &["handle ping"])];
    let session = check_open(completing(), &begin);
    assert_eq!((session.envelope().reference.as_deref(), session.message_id()), (Some("a"), 1));
    let end = (Completed, &[r#"{"action":"complete","payload":null,"ref":"a"}"#] as &[&str]);
    let session = check_open(completing(), &[&begin[..], &[end]].concat());
    assert_eq!((session.envelope().reference.as_deref(), session.message_id()), (None, 1));
}

#[test]
fn nothing_of_a_message_without_a_json_form_leaves() {
    check_open(
        completing(),
        &[
            (text(PING), &[]),
            (Next, &["handle ping"]),
            (Send(Outgoing::Pong), &[PONG]),
            (Send(Outgoing::Inexpressible), &["error: the message `inexpressible` cannot be written as JSON"]),
            (echo("after"), &[r#"{"action":"echo","payload":"after"}"#]),
            (Completed, &[COMPLETE]),
        ],
    );
}

#[test]
fn replies_of_every_size_are_whole() {
    for size in [0, 90, 125, 126, 4096, 65_535, 65_536, 200_000] {
        let payload = "x".repeat(size);
        let answer = text_of_echo(&payload);
        check_open(completing(), &[(echo(payload), &[&answer])]);
    }
}

fn text_of_echo(text: &str) -> String {
    format!(r#"{{"action":"echo","payload":"{text}"}}"#)
}
