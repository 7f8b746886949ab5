//! The frame codec as its users see it: what it takes, what it refuses, and that it does not matter how bytes arrive.

use chanx_core::close::{CloseCode, CloseFrame, MAX_REASON_LEN};
use chanx_core::frame::{
    Frame, FrameReader, FrameWriter, Opcode, Role, Violation, write_close, write_frame, write_masked,
};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const LIMIT: usize = 1 << 20;

/// A frame that outlives the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<CloseFrame>),
    Violation(Violation),
}

impl From<Frame<'_>> for Seen {
    fn from(frame: Frame<'_>) -> Self {
        match frame {
            Frame::Text(text) => Self::Text(text.to_owned()),
            Frame::Binary(bytes) => Self::Binary(bytes.to_vec()),
            Frame::Ping(bytes) => Self::Ping(bytes.to_vec()),
            Frame::Pong(bytes) => Self::Pong(bytes.to_vec()),
            Frame::Close(close) => Self::Close(close),
        }
    }
}

impl Seen {
    fn is_end(&self) -> bool {
        matches!(self, Self::Violation(_) | Self::Close(_))
    }
}

fn text(text: &str) -> Seen {
    Seen::Text(text.to_owned())
}

fn closed(code: CloseCode, reason: &str) -> Seen {
    Seen::Close(Some(CloseFrame::new(code, reason)))
}

fn drain(reader: &mut FrameReader, seen: &mut Vec<Seen>) {
    loop {
        match reader.next() {
            Ok(Some(frame)) => seen.push(frame.into()),
            Ok(None) => return,
            Err(violation) => seen.push(Seen::Violation(violation)),
        }
    }
}

/// What a reader sees of bytes that arrive in the given pieces.
fn read_pieces<'a>(role: Role, limit: usize, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Seen> {
    let mut reader = FrameReader::new(role, limit);
    let mut seen = Vec::new();
    for piece in pieces {
        reader.buffer_mut().extend_from_slice(piece);
        drain(&mut reader, &mut seen);
    }
    seen
}

fn read(wire: &[u8]) -> Vec<Seen> {
    read_pieces(Role::Server, LIMIT, [wire])
}

fn unhex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn masked(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    write_masked(&mut wire, opcode, payload, KEY);
    wire
}

/// The same without the bit that marks the last fragment.
fn masked_fragment(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = masked(opcode, payload);
    wire[0] &= 0x7f;
    wire
}

/// Numbers without a pattern, the same in every run (a linear congruential generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

#[test]
fn every_violation_is_named_and_has_its_close_code() {
    let mask = "01020304";
    let cases: &[(&str, String, Violation, u16)] = &[
        ("first reserved bit", format!("c180{mask}"), Violation::ReservedBits, 1002),
        ("second reserved bit", format!("a180{mask}"), Violation::ReservedBits, 1002),
        ("third reserved bit", format!("9180{mask}"), Violation::ReservedBits, 1002),
        ("reserved bit of a ping", format!("c980{mask}"), Violation::ReservedBits, 1002),
        ("no mask", "8100".into(), Violation::NotMasked, 1002),
        ("ping without a mask", "8900".into(), Violation::NotMasked, 1002),
        ("64-bit length, top bit", "81ff8000000000000000".to_owned() + mask, Violation::LengthOverflow, 1002),
        ("5 bytes with a 16-bit length", format!("81fe0005{mask}"), Violation::LongLength, 1002),
        ("65,535 bytes with a 64-bit length", format!("82ff000000000000ffff{mask}"), Violation::LongLength, 1002),
        ("fragmented ping", format!("0980{mask}"), Violation::FragmentedControl, 1002),
        ("fragmented pong", format!("0a80{mask}"), Violation::FragmentedControl, 1002),
        ("fragmented close", format!("0880{mask}"), Violation::FragmentedControl, 1002),
        ("ping of 126 bytes", format!("89fe007e{mask}"), Violation::LongControl, 1002),
        ("pong of 126 bytes", format!("8afe007e{mask}"), Violation::LongControl, 1002),
        ("close with a 64-bit length", format!("88ff0000000000000002{mask}"), Violation::LongControl, 1002),
        ("stray last fragment", format!("8080{mask}"), Violation::StrayContinuation, 1002),
        ("stray fragment", format!("0080{mask}"), Violation::StrayContinuation, 1002),
        ("half a close code", format!("8881{mask}02"), Violation::ShortCloseCode, 1002),
        ("close 0", format!("8882{mask}0102"), Violation::CloseCode(0), 1002),
        ("close 1005", format!("8882{mask}02ef"), Violation::CloseCode(1005), 1002),
        ("close 5000", format!("8882{mask}128a"), Violation::CloseCode(5000), 1002),
        ("reason not UTF-8", format!("8883{mask}02eafc"), Violation::InvalidUtf8, 1007),
        ("text not UTF-8", format!("8181{mask}fe"), Violation::InvalidUtf8, 1007),
        ("text cut in a character", format!("8181{mask}c2"), Violation::InvalidUtf8, 1007),
        ("too big", format!("81ff0000000000100001{mask}"), Violation::TooBig { limit: LIMIT }, 1009),
        ("63 bits of length", format!("82ff7fffffffffffffff{mask}"), Violation::TooBig { limit: LIMIT }, 1009),
    ];
    for (name, wire, violation, code) in cases {
        assert_eq!(read(&unhex(wire)), [Seen::Violation(*violation)], "{name}");
        assert_eq!(violation.close_code().as_u16(), *code, "{name}");
    }
}

#[test]
fn every_reserved_opcode_is_refused() {
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        let wire = [0x80 | opcode, 0x80, 1, 2, 3, 4];
        assert_eq!(read(&wire), [Seen::Violation(Violation::ReservedOpcode(opcode))]);
    }
}

#[test]
fn a_client_refuses_masked_frames() {
    let wire = masked(Opcode::Text, b"hello");
    assert_eq!(read_pieces(Role::Client, LIMIT, [&wire[..]]), [Seen::Violation(Violation::Masked)]);
}

#[test]
fn recorded_bytes_of_clients_are_understood() {
    let ping = r#"{"action":"ping"}"#;
    let cases: &[(&str, &str, Vec<Seen>)] = &[
        ("close with a reason", "88880102030402ea67c7a868c0a4", vec![closed(CloseCode::NORMAL, "d\u{e9}j\u{e0}")]),
        ("close 1005", "88820102030402ef", vec![Seen::Violation(Violation::CloseCode(1005))]),
        ("close 1006", "88820102030402ec", vec![Seen::Violation(Violation::CloseCode(1006))]),
        ("close 4999, a reason of one byte", "88830102030412857b", vec![closed(CloseCode::refused(999), "x")]),
        ("close 5000", "888201020304128a", vec![Seen::Violation(Violation::CloseCode(5000))]),
        ("close, reason not UTF-8", "88830102030402eafc", vec![Seen::Violation(Violation::InvalidUtf8)]),
        ("close with one byte", "88810102030402", vec![Seen::Violation(Violation::ShortCloseCode)]),
        ("continuation first", "80810102030479", vec![Seen::Violation(Violation::StrayContinuation)]),
        ("fragmented ping", "09810102030471", vec![Seen::Violation(Violation::FragmentedControl)]),
        ("unsolicited pong", "8a8201020304696b", vec![Seen::Pong(b"hi".to_vec())]),
        ("reserved opcode", "8b810102030479", vec![Seen::Violation(Violation::ReservedOpcode(11))]),
        ("no mask", "81117b22616374696f6e223a2270696e67227d", vec![Seen::Violation(Violation::NotMasked)]),
        ("mask of zeros", "8191000000007b22616374696f6e223a2270696e67227d", vec![text(ping)]),
        (
            "message inside another",
            "018a010203047a206267756b6c6a23388191010203047a206267756b6c6a23382174686c64267c",
            vec![Seen::Violation(Violation::InterruptedMessage)],
        ),
        (
            "ping between fragments",
            "018a010203047a206267756b6c6a23388983010203046c6b6780870102030423726a6a66207e",
            vec![Seen::Ping(b"mid".to_vec()), text(ping)],
        ),
        (
            "surrogate in UTF-8",
            "81a1010203047a206267756b6c6a23382161626a6c262d207365786e6c6565203926eca283267c",
            vec![Seen::Violation(Violation::InvalidUtf8)],
        ),
    ];
    for (name, wire, expected) in cases {
        assert_eq!(read(&unhex(wire)), *expected, "{name}");
    }
}

#[test]
fn a_ping_too_long_is_refused_before_its_payload_is_there() {
    let wire = unhex("89fe007e");
    assert_eq!(read(&wire), [Seen::Violation(Violation::LongControl)]);
}

#[test]
fn an_interrupted_message_is_refused_by_the_header_that_interrupts() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        let mut wire = masked_fragment(Opcode::Text, b"a");
        wire.extend_from_slice(&masked(opcode, b"never there whole")[..6]);
        assert_eq!(read(&wire), [Seen::Violation(Violation::InterruptedMessage)]);
    }
}

#[test]
fn empty_frames_and_fragments_count() {
    let wire = [
        masked(Opcode::Text, b""),
        masked(Opcode::Binary, b""),
        masked(Opcode::Ping, b""),
        masked_fragment(Opcode::Text, b""),
        masked_fragment(Opcode::Continuation, b"x"),
        masked_fragment(Opcode::Continuation, b""),
        masked(Opcode::Continuation, b""),
        masked_fragment(Opcode::Binary, b""),
        masked(Opcode::Continuation, b""),
        masked(Opcode::Close, b""),
    ]
    .concat();
    let expected =
        [text(""), Seen::Binary(vec![]), Seen::Ping(vec![]), text("x"), Seen::Binary(vec![]), Seen::Close(None)];
    assert_eq!(read(&wire), expected);
}

#[test]
fn characters_may_be_cut_between_fragments() {
    let euro = "€".as_bytes();
    let wire = [
        masked_fragment(Opcode::Text, &euro[..1]),
        masked_fragment(Opcode::Continuation, &euro[1..2]),
        masked(Opcode::Continuation, &euro[2..]),
    ]
    .concat();
    assert_eq!(read(&wire), [text("€")]);

    let unfinished = [masked_fragment(Opcode::Text, &euro[..1]), masked(Opcode::Continuation, &euro[1..2])].concat();
    assert_eq!(read(&unfinished), [Seen::Violation(Violation::InvalidUtf8)]);
}

#[test]
fn binary_fragments_need_not_be_text() {
    let wire = [masked_fragment(Opcode::Binary, &[0xff]), masked(Opcode::Continuation, &[0xfe])].concat();
    assert_eq!(read(&wire), [Seen::Binary(vec![0xff, 0xfe])]);
}

#[test]
fn nothing_is_yielded_after_a_close_frame_or_a_violation() {
    let mut close = Vec::new();
    close.extend(masked(Opcode::Close, &[0x03, 0xe8]));
    close.extend(masked(Opcode::Text, b"late"));
    assert_eq!(read(&close), [closed(CloseCode::NORMAL, "")]);

    let mut broken = masked(Opcode::Text, &[0xff]);
    broken.extend(masked(Opcode::Text, b"late"));
    let pieces = [&broken[..], &close[..]];
    assert_eq!(read_pieces(Role::Server, LIMIT, pieces), [Seen::Violation(Violation::InvalidUtf8)]);
}

/// Every kind of frame and header that a well-behaved client can send.
fn conversation() -> (Vec<u8>, Vec<Seen>) {
    let long = "ü".repeat(100);
    let longer = vec![7; 65_536];
    let wire = [
        masked(Opcode::Text, b"one"),
        masked(Opcode::Ping, b"two"),
        masked_fragment(Opcode::Text, b"thr"),
        masked(Opcode::Pong, b"four"),
        masked_fragment(Opcode::Continuation, b""),
        masked(Opcode::Continuation, b"ee"),
        masked(Opcode::Text, long.as_bytes()),
        masked(Opcode::Binary, &longer),
        masked(Opcode::Close, b"\x0f\xa1bye"),
    ]
    .concat();
    let seen = vec![
        text("one"),
        Seen::Ping(b"two".to_vec()),
        Seen::Pong(b"four".to_vec()),
        text("three"),
        Seen::Text(long),
        Seen::Binary(longer),
        closed(CloseCode::refused(1), "bye"),
    ];
    (wire, seen)
}

#[test]
fn a_stream_reads_the_same_wherever_it_is_cut() {
    let (wire, expected) = conversation();
    let interesting = (0..400).chain(wire.len() - 40..=wire.len());
    for cut in interesting {
        let (before, after) = wire.split_at(cut);
        assert_eq!(read_pieces(Role::Server, LIMIT, [before, after]), expected, "cut at {cut}");
    }
}

#[test]
fn a_stream_reads_the_same_byte_by_byte_and_in_pieces_of_any_size() {
    let (wire, expected) = conversation();
    for size in [1, 2, 3, 7, 64, 4096, wire.len()] {
        assert_eq!(read_pieces(Role::Server, LIMIT, wire.chunks(size)), expected, "pieces of {size}");
    }
}

/// A few frames in any order, every other time with one byte changed, often in the first header.
fn noise(numbers: &mut Numbers) -> Vec<u8> {
    let opcodes = [Opcode::Text, Opcode::Binary, Opcode::Continuation, Opcode::Ping, Opcode::Close];
    let mut wire = Vec::new();
    for _ in 0..numbers.below(6) {
        let payload: Vec<u8> = (0..numbers.below(200)).map(|_| numbers.below(160) as u8).collect();
        let opcode = opcodes[numbers.below(opcodes.len())];
        wire.extend(match numbers.below(3) {
            0 => masked_fragment(opcode, &payload),
            _ => masked(opcode, &payload),
        });
    }
    if !wire.is_empty() && numbers.below(2) == 0 {
        let at = match numbers.below(2) {
            0 => numbers.below(2),
            _ => numbers.below(wire.len()),
        };
        wire[at] = numbers.below(256) as u8;
    }
    wire
}

#[test]
fn noise_reads_the_same_in_one_piece_and_byte_by_byte() {
    let mut numbers = Numbers(2026);
    let mut violations = std::collections::HashSet::new();
    for round in 0..3000 {
        let wire = noise(&mut numbers);
        let seen = read_pieces(Role::Server, 300, [&wire[..]]);
        assert_eq!(seen, read_pieces(Role::Server, 300, wire.chunks(1)), "round {round}");
        let before_last = &seen[..seen.len().saturating_sub(1)];
        assert!(!before_last.iter().any(Seen::is_end), "round {round}: {seen:?}");
        violations.extend(seen.iter().filter_map(|seen| match seen {
            Seen::Violation(violation) => Some(std::mem::discriminant(violation)),
            _ => None,
        }));
    }
    assert!(violations.len() >= 10, "the noise met only {} rules", violations.len());
}

#[test]
fn payloads_of_every_length_class_go_there_and_back() {
    for len in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
        let payload: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
        let to_server = masked(Opcode::Binary, &payload);
        let at_server = read(&to_server);
        assert_eq!(at_server, [Seen::Binary(payload.clone())], "length {len}");

        let mut to_client = Vec::new();
        write_frame(&mut to_client, Opcode::Binary, &payload);
        assert_eq!(read_pieces(Role::Client, LIMIT, [&to_client[..]]), at_server, "length {len}");
        assert_eq!(to_server.len(), to_client.len() + KEY.len(), "length {len}");
    }
}

#[test]
fn the_limit_is_the_largest_size_that_passes() {
    let exact = masked(Opcode::Binary, &[1; 200]);
    let over = masked(Opcode::Binary, &[1; 201]);
    let refused = [Seen::Violation(Violation::TooBig { limit: 200 })];
    assert_eq!(read_pieces(Role::Server, 200, [&exact[..]]), [Seen::Binary(vec![1; 200])]);
    assert_eq!(read_pieces(Role::Server, 200, [&over[..8]]), refused, "the header alone is enough");
}

#[test]
fn fragments_count_towards_the_limit_together() {
    let beginning = masked_fragment(Opcode::Binary, &[1; 150]);
    let exact = masked(Opcode::Continuation, &[1; 50]);
    let over = masked(Opcode::Continuation, &[1; 51]);
    let refused = [Seen::Violation(Violation::TooBig { limit: 200 })];
    assert_eq!(read_pieces(Role::Server, 200, [&beginning[..], &exact]), [Seen::Binary(vec![1; 200])]);
    assert_eq!(read_pieces(Role::Server, 200, [&beginning[..], &over[..6]]), refused);
}

#[test]
fn each_message_has_the_whole_limit() {
    let fragmented = [masked_fragment(Opcode::Binary, &[1; 99]), masked(Opcode::Continuation, &[1; 1])].concat();
    let wire = [fragmented.clone(), fragmented, masked(Opcode::Binary, &[1; 100])].concat();
    assert_eq!(read_pieces(Role::Server, 100, [&wire[..]]), vec![Seen::Binary(vec![1; 100]); 3]);
}

#[test]
fn control_frames_pass_whatever_the_limit() {
    let wire = [masked_fragment(Opcode::Binary, &[1; 4]), masked(Opcode::Ping, &[2; 125])].concat();
    assert_eq!(read_pieces(Role::Server, 4, [&wire[..]]), [Seen::Ping(vec![2; 125])]);
}

#[test]
fn large_fragments_are_joined() {
    let part = "x".repeat(300_000);
    let wire = [
        masked_fragment(Opcode::Text, part.as_bytes()),
        masked_fragment(Opcode::Continuation, part.as_bytes()),
        masked(Opcode::Continuation, part.as_bytes()),
    ]
    .concat();
    let whole = [Seen::Text(part.repeat(3))];
    assert_eq!(read_pieces(Role::Server, LIMIT, [&wire[..]]), whole);
    assert_eq!(read_pieces(Role::Server, LIMIT, wire.chunks(16_384)), whole);
}

#[test]
fn a_text_is_borrowed_from_the_buffer() {
    let mut reader = FrameReader::new(Role::Client, LIMIT);
    reader.buffer_mut().extend_from_slice(b"\x81\x05hello");
    let payload_at = reader.buffer_mut()[2..].as_ptr();
    let Ok(Some(Frame::Text(text))) = reader.next() else {
        panic!("no text");
    };
    assert_eq!(text.as_ptr(), payload_at);
}

#[test]
fn a_frame_written_in_place_equals_one_written_whole() {
    for len in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
        let payload = "a".repeat(len) + "z";
        let payload = &payload[1.min(len)..];
        let mut expected = b"before".to_vec();
        write_frame(&mut expected, Opcode::Text, payload.as_bytes());

        let mut out = b"before".to_vec();
        let mut frame = FrameWriter::text(&mut out);
        std::io::Write::write_all(&mut frame, payload.as_bytes()).unwrap();
        assert_eq!(frame.payload_len(), payload.len());
        frame.finish();
        assert_eq!(out, expected, "length {len}");
    }
}

#[test]
fn a_frame_that_is_not_finished_leaves_nothing_behind() {
    let unserializable = std::collections::HashMap::from([((1, 2), "a key that is no string")]);
    let mut out = b"before".to_vec();
    let mut frame = FrameWriter::text(&mut out);
    std::io::Write::write_all(&mut frame, b"[").unwrap();
    assert!(serde_json::to_writer(&mut frame, &unserializable).is_err());
    drop(frame);
    assert_eq!(out, b"before");
}

#[test]
fn close_frames_are_written_as_they_are_read() {
    let frames = [
        CloseFrame::new(CloseCode::GOING_AWAY, ""),
        CloseFrame::new(CloseCode::refused(401), "log in"),
        CloseFrame::new(CloseCode::TOO_SLOW, "r".repeat(MAX_REASON_LEN)),
    ];
    for close in frames {
        let mut wire = Vec::new();
        write_close(&mut wire, &close);
        assert_eq!(read_pieces(Role::Client, LIMIT, [&wire[..]]), [Seen::Close(Some(close))]);
    }
}

#[test]
fn a_close_frame_never_outgrows_a_control_frame() {
    let mut wire = Vec::new();
    write_close(&mut wire, &CloseFrame::new(CloseCode::INTERNAL, "ä".repeat(200)));
    let cut = closed(CloseCode::INTERNAL, &"ä".repeat(MAX_REASON_LEN / 2));
    assert_eq!(read_pieces(Role::Client, LIMIT, [&wire[..]]), [cut]);
}

#[test]
fn a_close_frame_without_a_code_is_empty() {
    let mut wire = Vec::new();
    write_close(&mut wire, &CloseFrame { code: None, reason: "not sent".into() });
    assert_eq!(wire, [0x88, 0]);
}

#[test]
fn control_frames_are_cut_to_what_they_may_carry() {
    let mut wire = Vec::new();
    write_frame(&mut wire, Opcode::Ping, &[1; 126]);
    assert_eq!(read_pieces(Role::Client, LIMIT, [&wire[..]]), [Seen::Ping(vec![1; 125])]);
    let wire = masked(Opcode::Pong, &[1; 126]);
    assert_eq!(read(&wire), [Seen::Pong(vec![1; 125])]);
}
