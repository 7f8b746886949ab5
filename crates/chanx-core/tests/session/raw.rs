//! Messages that are taken as they are.

use std::sync::Arc;

use bytes::Bytes;
use chanx_core::frame::Opcode;
use chanx_core::message::Raw;
use chanx_core::session::{Buffers, Input, Session, SessionConfig, State};

use crate::harness::masked;

fn open(change: impl FnOnce(&mut SessionConfig)) -> Session {
    let mut config = SessionConfig::default();
    config.send_authentication_message = false;
    change(&mut config);
    let mut session = Session::new(Arc::from("raw"), Arc::new(config));
    session.accept();
    session.open();
    session
}

fn receive(session: &mut Session, opcode: Opcode, payload: &[u8]) {
    session.input().extend_from_slice(&masked(opcode, payload));
}

fn next(session: &mut Session) -> Option<Input<Raw>> {
    session.next_input()
}

fn text(text: &str) -> Option<Input<Raw>> {
    Some(Input::Message(Raw::from(text)))
}

fn binary(bytes: &'static [u8]) -> Option<Input<Raw>> {
    Some(Input::Message(Raw::from(Bytes::from_static(bytes))))
}

#[test]
fn texts_and_binary_messages_are_taken_as_they_are_and_nothing_is_answered() {
    let mut session = open(|_| {});
    for (opcode, payload) in
        [(Opcode::Text, &b"{no json"[..]), (Opcode::Binary, b"\xff\x00"), (Opcode::Text, b""), (Opcode::Binary, b"")]
    {
        receive(&mut session, opcode, payload);
    }
    for expected in [text("{no json"), binary(b"\xff\x00"), text(""), binary(b"")] {
        assert_eq!(next(&mut session), expected);
        session.completed();
    }
    assert_eq!(next(&mut session), None);
    assert!(session.output().is_empty(), "nothing of the protocol's own is sent");
}

#[test]
fn messages_that_waited_come_in_order_and_control_frames_are_answered_meanwhile() {
    let mut session = open(|_| {});
    receive(&mut session, Opcode::Text, b"one");
    receive(&mut session, Opcode::Binary, b"two");
    receive(&mut session, Opcode::Ping, b"there?");
    receive(&mut session, Opcode::Text, b"three");
    assert_eq!(next(&mut session), text("one"));
    session.absorb();
    assert_eq!(session.output(), b"\x8a\x06there?");
    receive(&mut session, Opcode::Text, b"four");
    for expected in [binary(b"two"), text("three"), text("four")] {
        session.completed();
        assert_eq!(next(&mut session), expected);
    }
}

#[test]
fn what_a_client_sent_before_it_closed_is_still_yielded() {
    let mut session = open(|_| {});
    receive(&mut session, Opcode::Text, b"one");
    receive(&mut session, Opcode::Binary, b"two");
    receive(&mut session, Opcode::Close, b"\x03\xe8");
    assert_eq!(next(&mut session), text("one"));
    session.absorb();
    assert_eq!(session.state(), State::Draining);
    assert_eq!(next(&mut session), binary(b"two"));
    assert_eq!(next(&mut session), Some(Input::Ended));
}

#[test]
fn binary_messages_that_wait_count_with_their_bytes() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        let mut session = open(|config| config.max_message_size = 1000);
        for _ in 0..8 {
            receive(&mut session, opcode, &[b'x'; 400]);
        }
        session.absorb();
        assert!(!session.wants_input(), "{opcode:?}");
        assert_eq!(session.input().len(), 5 * (400 + 8), "three messages wait: the third begins under the limit");
    }
}

#[test]
fn a_text_that_is_no_utf_8_and_a_message_that_is_too_long_close() {
    for (opcode, payload, code) in [(Opcode::Text, &b"\xff"[..], 1007_u16), (Opcode::Binary, &[0; 101], 1009)] {
        let mut session = open(|config| config.max_message_size = 100);
        receive(&mut session, opcode, payload);
        assert_eq!(next(&mut session), Some(Input::Ended));
        assert_eq!(session.disconnect().unwrap().code.map(u16::from), Some(code));
    }
}

#[test]
fn a_message_shares_the_memory_that_it_was_read_into_where_it_is_most_of_it() {
    for (size, is_shared) in [(10, false), (4000, false), (9000, true), (60_000, true)] {
        let mut session = open(|_| {});
        let mut buffers = Buffers::default();
        session.lend(&mut buffers);
        let frame = masked(Opcode::Text, &vec![b'x'; size]);
        session.input().reserve(frame.len());
        session.input().extend_from_slice(&frame);
        let room = session.input().as_ptr_range();
        let Some(Input::Message(message)) = next(&mut session) else { panic!("a message was expected") };
        assert_eq!(message.as_bytes(), vec![b'x'; size]);
        assert_eq!(room.contains(&message.as_bytes().as_ptr()), is_shared, "{size}");
        session.completed();
        session.reclaim(&mut buffers);
        session.lend(&mut buffers);
        receive(&mut session, Opcode::Binary, b"next");
        assert_eq!(next(&mut session), binary(b"next"));
        assert_eq!(message.as_bytes(), vec![b'x'; size], "the message is not written over");
    }
}

#[test]
fn what_follows_a_shared_message_is_not_lost() {
    let mut session = open(|_| {});
    let mut buffers = Buffers::default();
    session.lend(&mut buffers);
    receive(&mut session, Opcode::Binary, &[1; 9000]);
    receive(&mut session, Opcode::Text, b"small");
    let part = masked(Opcode::Binary, &[2; 5000]);
    session.input().extend_from_slice(&part[..100]);
    let first = next(&mut session);
    assert!(matches!(&first, Some(Input::Message(Raw::Binary(bytes))) if **bytes == [1; 9000]));
    session.completed();
    assert_eq!(next(&mut session), text("small"));
    session.completed();
    assert_eq!(next(&mut session), None);
    session.reclaim(&mut buffers);
    session.lend(&mut buffers);
    session.input().extend_from_slice(&part[100..]);
    assert!(matches!(next(&mut session), Some(Input::Message(Raw::Binary(bytes))) if *bytes == [2; 5000]));
}
