//! A session whose client takes compressed messages.

use std::sync::Arc;

use bytes::Bytes;
use chanx_core::broadcast::{Broadcast, Origin};
use chanx_core::deflate::{Compression, Window};
use chanx_core::frame::{Frame, FrameReader, Opcode, Role, is_compressed};
use chanx_core::layer::Content;
use chanx_core::message::Never;
use chanx_core::session::{Input, Session, SessionConfig};
use flate2::Compress;

use crate::peer::{agree, compressed, deflate};

/// An open session, and its client, which can read everything.
fn ends(offer: &str, max_contexts: usize) -> (Session, FrameReader) {
    let session = Session::new(Arc::from("probe"), Arc::new(SessionConfig::default()));
    let mut session = session.with_compression(agree(offer, max_contexts));
    session.open();
    (session, FrameReader::new(Role::Client, 1 << 20).inflating(agree("permessage-deflate", 1).inflater))
}

/// The message that the client gets, whether it is compressed, and the size of its frame.
fn transfer(session: &mut Session, client: &mut FrameReader) -> (Vec<u8>, bool, usize) {
    let size = session.output().len();
    let bit = is_compressed(session.output());
    client.buffer_mut().extend_from_slice(session.output());
    session.advance_output(size);
    let message = match client.next() {
        Ok(Some(Frame::Text(text))) => text.as_bytes().to_vec(),
        Ok(Some(Frame::Binary(bytes))) => bytes.to_vec(),
        other => panic!("a message was expected, not {other:?}"),
    };
    assert_eq!(client.next(), Ok(None), "there is one message");
    (message, bit, size)
}

/// What all members of a group get of a message.
fn shared(text: &str, window: Option<Window>) -> Bytes {
    let mut config = SessionConfig::default();
    config.compression = Some(Arc::new(Compression::new(0)));
    let content = Content::Raw(format!(r#"{{"text":"{text}"}}"#));
    Broadcast::new::<Never>(&content, &config.wire).unwrap().frames(Origin::default(), window, &config).into()
}

#[test]
fn texts_and_bytes_are_compressed_and_control_frames_are_not() {
    for max_contexts in [0, 2] {
        let (mut session, mut client) = ends("permessage-deflate", max_contexts);
        let text = "Hello, world. ".repeat(10);
        session.send_text(&text).unwrap();
        let (message, is_compressed, size) = transfer(&mut session, &mut client);
        assert!(message == text.as_bytes() && is_compressed && size < text.len());
        session.send_binary(text.as_bytes()).unwrap();
        assert!(transfer(&mut session, &mut client).1);
        let mut ping = compressed(Opcode::Ping, &[b'a'; 100]);
        ping[0] &= 0x8f;
        session.input().extend_from_slice(&ping);
        session.absorb();
        assert_eq!(session.output()[..2], [0x8a, 100]);
    }
}

#[test]
fn what_a_client_compresses_is_read() {
    let (mut session, mut client) = ends("permessage-deflate", 0);
    let mut zlib = Compress::new(flate2::Compression::default(), false);
    session.input().extend_from_slice(&compressed(Opcode::Text, &deflate(&mut zlib, b"no JSON, no JSON")));
    assert_eq!(session.next_input::<Never>(), Some(Input::Answered));
    let answer = String::from_utf8(transfer(&mut session, &mut client).0).unwrap();
    assert!(answer.contains("json_invalid"), "{answer}");
}

#[test]
fn shared_frames_come_between_those_of_a_context() {
    let (mut session, mut client) = ends("permessage-deflate", 2);
    assert!(session.keeps_context());
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(3);
    let mut sizes = Vec::new();
    for round in 0..12 {
        session.send_text(&text).unwrap();
        let (message, _, size) = transfer(&mut session, &mut client);
        assert_eq!(message, text.as_bytes(), "round {round}");
        sizes.push(size);
        let window = [None, Some(Window::MAX), Some(Window::MIN)][round % 3];
        session.send_frames(shared(&"shared ".repeat(100), window)).unwrap();
        let (message, is_compressed, _) = transfer(&mut session, &mut client);
        assert!(message.starts_with(br#"{"text":"shared shared"#));
        assert_eq!(is_compressed, window.is_some());
    }
    // A message that is not compressed is not in the client's window, and changes nothing.
    assert!(sizes[1] * 2 < sizes[0] && sizes[2] == sizes[0] && sizes[3] == sizes[0], "{sizes:?}");
}

#[test]
fn others_may_write_where_no_context_is_kept() {
    assert!(!Session::new(Arc::from("probe"), Arc::new(SessionConfig::default())).keeps_context());
    assert!(!ends("permessage-deflate", 0).0.keeps_context());
    assert!(!ends("permessage-deflate; server_no_context_takeover", 2).0.keeps_context());
}

#[test]
fn group_messages_are_compressed_from_the_threshold_on_and_completions_never() {
    let mut config = SessionConfig::default();
    config.compression = Some(Arc::new(Compression::new(0)));
    config.send_completion = true;
    let frames = |size: usize, threshold: usize, window: Option<Window>| {
        let mut config = config.clone();
        config.compression_threshold = threshold;
        let content = Content::Raw(format!(r#"{{"a":"{}"}}"#, "x".repeat(size)));
        Broadcast::new::<Never>(&content, &config.wire).unwrap().frames(Origin::default(), window, &config)
    };
    assert!(!is_compressed(&frames(200, 0, None)));
    assert!(frames(200, 0, Some(Window::MAX)).len() < 150);
    let completion = br#"{"action":"group_complete","payload":null}"#;
    let size = frames(200, 0, None).len() - 4 - (2 + completion.len());
    for threshold in [0, size, size + 1, 1000] {
        let frames = frames(200, threshold, Some(Window::MAX));
        assert_eq!(is_compressed(&frames), threshold <= size, "{threshold}");
        assert!(frames.ends_with(&[&[0x81, completion.len() as u8], &completion[..]].concat()));
    }
}
