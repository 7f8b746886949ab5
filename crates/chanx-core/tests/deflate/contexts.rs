//! What is kept between messages, by how many, and how group messages go with it.

use std::sync::Arc;

use chanx_core::deflate::{Agreement, Compression, Parameters, Window};
use chanx_core::frame::{Frame, FrameReader, Opcode, Role, write_compressed};

fn agree(compression: &Arc<Compression>, offer: &str) -> Agreement {
    compression.agree(Parameters::negotiate([offer]).unwrap().unwrap(), 0)
}

/// A client of a server that agreed to this: one that keeps its context as the server does, in the largest window.
fn client() -> FrameReader {
    let inflater = agree(&Arc::new(Compression::new(1)), "permessage-deflate").inflater;
    FrameReader::new(Role::Client, 1 << 20).inflating(inflater)
}

fn receive(client: &mut FrameReader, payload: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    write_compressed(&mut wire, Opcode::Binary, payload);
    client.buffer_mut().extend_from_slice(&wire);
    match client.next() {
        Ok(Some(Frame::Binary(bytes))) => bytes.to_vec(),
        other => panic!("a message was expected, not {other:?}"),
    }
}

/// A message that gets smaller by itself.
fn message(number: usize) -> Vec<u8> {
    let text = "The quick brown fox jumps over the lazy dog. ".repeat(2);
    format!(r#"{{"action":"message","payload":{{"number":{number},"text":"{text}"}}}}"#).into()
}

#[test]
fn no_context_is_agreed_on_where_none_may_be_kept() {
    let compression = Arc::new(Compression::new(0));
    let answer = agree(&compression, "permessage-deflate").parameters.to_string();
    assert_eq!(answer, "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    let answer = agree(&compression, "permessage-deflate; server_max_window_bits=11").parameters.to_string();
    let expected =
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11";
    assert_eq!(answer, expected);
}

#[test]
fn contexts_are_kept_while_there_are_places_and_places_come_back() {
    let takeovers =
        |agreement: &Agreement| (agreement.parameters.client_takeover, agreement.parameters.server_takeover);
    let compression = Arc::new(Compression::new(3));
    let first = agree(&compression, "permessage-deflate");
    let second = agree(&compression, "permessage-deflate");
    let third = agree(&compression, "permessage-deflate");
    assert_eq!([&first, &second, &third].map(takeovers), [(true, true), (true, false), (false, false)]);
    drop(first.inflater);
    assert_eq!(
        takeovers(&agree(&compression, "permessage-deflate")),
        (true, false),
        "each side has a place of its own"
    );
    drop(first.deflater);
    assert_eq!(takeovers(&agree(&compression, "permessage-deflate")), (true, true));
}

#[test]
fn a_client_that_wants_no_context_takes_no_place() {
    let compression = Arc::new(Compression::new(2));
    let modest = agree(&compression, "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
    let other = agree(&compression, "permessage-deflate");
    assert_eq!((modest.parameters.server_takeover, modest.parameters.client_takeover), (false, false));
    assert_eq!((other.parameters.server_takeover, other.parameters.client_takeover), (true, true));
}

#[test]
fn a_context_makes_repeated_messages_much_smaller() {
    let sizes = |max_contexts| {
        let mut deflater = agree(&Arc::new(Compression::new(max_contexts)), "permessage-deflate").deflater;
        let mut client = client();
        [0, 1, 2].map(|number| {
            let payload = deflater.deflate(&message(number)).unwrap();
            assert_eq!(receive(&mut client, &payload), message(number));
            payload.len()
        })
    };
    let (with, without) = (sizes(2), sizes(0));
    assert_eq!(with[0], without[0]);
    assert!(with[2] * 3 < without[2], "{with:?} and {without:?}");
}

#[test]
fn messages_of_others_may_come_between_those_of_a_context() {
    let compression = Arc::new(Compression::new(2));
    let mut deflater = agree(&compression, "permessage-deflate").deflater;
    let mut client = client();
    let group_message = vec![b'g'; 40_000];
    for number in 0..6 {
        let own = deflater.deflate(&message(number)).unwrap();
        assert_eq!(receive(&mut client, &own), message(number));
        if number % 2 == 1 {
            let shared = compression.deflate(&group_message, deflater.window()).unwrap();
            deflater.sent_other();
            assert_eq!(receive(&mut client, &shared), group_message);
        }
    }
}

#[test]
fn a_shared_message_depends_on_nothing_but_the_window() {
    let compression = Compression::new(0);
    let text = message(1);
    let first = compression.deflate(&text, Window::MAX).unwrap();
    assert_eq!(compression.deflate(&vec![b'x'; 1000], Window::MAX).map(|other| other.len() < 100), Some(true));
    assert_eq!(compression.deflate(&text, Window::MAX), Some(first));
}

#[test]
fn a_window_is_kept_to() {
    let noise: Vec<u8> =
        std::iter::successors(Some(1u32), |seed| Some(seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)))
            .map(|seed| (seed >> 25) as u8)
            .take(700)
            .collect();
    // 300 bytes that stood 700 bytes before: too far for the smallest window, and all that can be compressed.
    let payload = [&noise[..], &noise[..300]].concat();
    let compression = Compression::new(0);
    let size = |bits| compression.deflate(&payload, Window::new(bits).unwrap()).map(|compressed| compressed.len());
    assert_eq!(size(9), None);
    assert!(size(10).is_some_and(|size| size < 750) && size(15) == size(10));
    let mut limited = agree(&Arc::new(Compression::new(2)), "permessage-deflate; server_max_window_bits=9").deflater;
    assert!(limited.deflate(&payload).is_some_and(|compressed| compressed.len() > 1000));
}
