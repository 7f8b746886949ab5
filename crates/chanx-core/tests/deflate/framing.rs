//! Which frames may be compressed, and what becomes of those that are.

use std::io::Write as _;

use chanx_core::frame::{Frame, FrameReader, FrameWriter, Opcode, Role, Violation, write_compressed};
use flate2::{Compress, Compression};

use crate::peer::{self, LIMIT, Seen, agree, compressed, deflate, fragments, frame, read, read_whole, reader};

const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

fn hello() -> Seen {
    Seen::Text("Hello".to_owned())
}

fn violation(violation: Violation) -> [Seen; 1] {
    [Seen::Violation(violation)]
}

fn zlib() -> Compress {
    Compress::new(Compression::default(), false)
}

#[test]
fn compressed_and_plain_messages_are_told_apart_by_their_bit() {
    let wire = [
        compressed(Opcode::Text, HELLO),
        frame(Opcode::Text, b"Hello"),
        compressed(Opcode::Binary, HELLO),
        frame(Opcode::Binary, HELLO),
        compressed(Opcode::Text, &[0x00]),
        frame(Opcode::Text, b""),
    ]
    .concat();
    let empty = Seen::Text(String::new());
    let bytes = Seen::Binary(b"Hello".to_vec());
    assert_eq!(read_whole(&wire), [hello(), hello(), bytes, Seen::Binary(HELLO.to_vec()), empty.clone(), empty]);
}

#[test]
fn a_message_is_inflated_wherever_it_is_cut() {
    for cut in 0..=HELLO.len() {
        for second in cut..=HELLO.len() {
            let pieces = [&HELLO[..cut], &HELLO[cut..second], &HELLO[second..]];
            let frames = fragments(Opcode::Text, pieces);
            let wire = [&frames[0], &frame(Opcode::Ping, b"!"), &frames[1], &frames[2]].map(|frame| &**frame).concat();
            assert_eq!(read_whole(&wire), [Seen::Control, hello()], "cut at {cut} and {second}");
            assert_eq!(
                read(reader(LIMIT, false), wire.chunks(1)),
                [Seen::Control, hello()],
                "{cut}, {second}, bytewise"
            );
        }
    }
}

#[test]
fn a_fragmented_plain_message_stays_plain() {
    let mut wire = [frame(Opcode::Text, b"Hel"), frame(Opcode::Continuation, b"lo"), compressed(Opcode::Text, HELLO)];
    wire[0][0] &= 0x7f;
    assert_eq!(read_whole(&wire.concat()), [hello(), hello()]);
}

#[test]
fn without_an_agreement_nothing_may_be_compressed() {
    for opcode in [Opcode::Text, Opcode::Binary] {
        let wire = compressed(opcode, HELLO);
        assert_eq!(read(FrameReader::new(Role::Server, LIMIT), [&wire[..]]), violation(Violation::ReservedBits));
    }
}

#[test]
fn only_the_first_frame_of_a_message_may_have_the_bit() {
    for opcode in [Opcode::Ping, Opcode::Pong, Opcode::Close] {
        assert_eq!(read_whole(&compressed(opcode, b"")), violation(Violation::ReservedBits), "{opcode:?}");
    }
    let mut frames = fragments(Opcode::Text, [&HELLO[..3], &HELLO[3..]]);
    frames[1][0] |= 0x40;
    assert_eq!(read_whole(&frames.concat()), violation(Violation::ReservedBits));
    let control_inside = [&frames[0][..], &compressed(Opcode::Ping, b"")].concat();
    assert_eq!(read_whole(&control_inside), violation(Violation::ReservedBits));
}

#[test]
fn the_other_bits_stay_reserved() {
    for bits in [0x10, 0x20, 0x30, 0x50, 0x60, 0x70] {
        let mut wire = frame(Opcode::Text, HELLO);
        wire[0] |= bits;
        assert_eq!(read_whole(&wire), violation(Violation::ReservedBits), "{bits:#x}");
    }
    for opcode in [3, 7, 11, 15] {
        assert_eq!(read_whole(&[0xc0 | opcode, 0x80, 1, 2, 3, 4]), violation(Violation::ReservedBits));
        assert_eq!(read_whole(&[0x80 | opcode, 0x80, 1, 2, 3, 4]), violation(Violation::ReservedOpcode(opcode)));
    }
}

#[test]
fn a_message_that_is_damaged_ends_the_connection_with_1007() {
    for payload in [&HELLO[..4], &[], &[0x06, 0x00]] {
        let wire = [compressed(Opcode::Text, payload), compressed(Opcode::Text, HELLO)].concat();
        assert_eq!(read_whole(&wire), violation(Violation::Damaged), "{payload:?}");
    }
    assert_eq!(Violation::Damaged.close_code().as_u16(), 1007);
}

#[test]
fn text_is_checked_when_it_is_inflated() {
    let wire = compressed(Opcode::Text, &deflate(&mut zlib(), b"\xff\xfe"));
    assert_eq!(read_whole(&wire), violation(Violation::InvalidUtf8));
    let wire = compressed(Opcode::Text, &deflate(&mut zlib(), "\u{20ac}\u{fc}".as_bytes()));
    assert_eq!(read_whole(&wire), [Seen::Text("\u{20ac}\u{fc}".to_owned())]);
}

#[test]
fn the_limit_holds_for_the_inflated_message() {
    let too_big = violation(Violation::TooBig { limit: 1000 });
    for (size, passes) in [(999, true), (1000, true), (1001, false), (10_000_000, false)] {
        let payload = vec![b'a'; size];
        let wire = compressed(Opcode::Binary, &deflate(&mut zlib(), &payload));
        let expected = if passes { vec![Seen::Binary(payload)] } else { too_big.to_vec() };
        assert_eq!(read(reader(1000, false), [&wire[..]]), expected, "{size} bytes");
        assert_eq!(read(reader(1000, true), [&wire[..]]), expected, "{size} bytes, in a context");
    }
}

#[test]
fn what_compression_makes_longer_passes_up_to_the_limit() {
    for size in [1, 100, 1000, 65_536] {
        let noise: Vec<u8> = (0..size).map(|i: usize| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let payload = deflate(&mut Compress::new(Compression::none(), false), &noise);
        assert!(payload.len() > size);
        assert_eq!(read(reader(size, false), [&compressed(Opcode::Binary, &payload)[..]]), [Seen::Binary(noise)]);
    }
}

#[test]
fn far_too_many_compressed_bytes_are_refused_by_their_header() {
    let too_big = violation(Violation::TooBig { limit: 1000 });
    let wire = compressed(Opcode::Binary, &[0; 1190]);
    assert_eq!(read(reader(1000, false), [&wire[..8]]), too_big);
    let frames = fragments(Opcode::Binary, [&[0; 1000][..], &[0; 190]]);
    assert_eq!(read(reader(1000, false), [&frames[0][..], &frames[1][..8]]), too_big);
    let plain = frame(Opcode::Binary, &[0; 1001]);
    assert_eq!(read(reader(1000, false), [&plain[..8]]), too_big, "what is not compressed has no excuse");
}

#[test]
fn a_context_reaches_over_messages_only_where_it_was_agreed_on() {
    let referring = [0xf2, 0x00, 0x11, 0x00, 0x00];
    let wire = [compressed(Opcode::Text, HELLO), frame(Opcode::Text, b"other"), compressed(Opcode::Text, &referring)];
    let expected = [hello(), Seen::Text("other".to_owned()), hello()];
    assert_eq!(read(reader(LIMIT, true), [&wire.concat()[..]]), expected);
    assert_eq!(read_whole(&wire.concat())[2], Seen::Violation(Violation::Damaged));
}

#[test]
fn servers_write_what_clients_read() {
    let long = ["a".repeat(70_000), "\u{fc}".repeat(70_000), "Hello, world. ".repeat(10)];
    let texts = ["", "x", "Hello", &long[0], "Hello", &long[1], &long[2], "x", &long[2]];
    for (max_contexts, is_compressed) in [(0, "---+-++-+"), (2, "-++++++++")] {
        let mut server = agree("permessage-deflate", max_contexts);
        let mut client = FrameReader::new(Role::Client, 1 << 20).inflating(server.inflater);
        let mut bits = String::new();
        for text in texts {
            let mut wire = b"before".to_vec();
            let mut frame = FrameWriter::text(&mut wire);
            frame.write_all(text.as_bytes()).unwrap();
            frame.finish_compressed(&mut server.deflater);
            let wire = wire.strip_prefix(b"before").unwrap();
            bits.push(if wire[0] == 0xc1 { '+' } else { '-' });
            client.buffer_mut().extend_from_slice(wire);
            assert_eq!(client.next(), Ok(Some(Frame::Text(text))));
            assert_eq!(client.next(), Ok(None));
        }
        assert_eq!(bits, is_compressed, "{max_contexts} contexts");
    }
}

#[test]
fn a_compressed_frame_has_the_same_lengths_as_any() {
    for (len, header) in
        [(0, vec![0xc2, 0]), (126, vec![0xc2, 126, 0, 126]), (65_536, vec![0xc2, 127, 0, 0, 0, 0, 0, 1, 0, 0])]
    {
        let mut wire = Vec::new();
        write_compressed(&mut wire, Opcode::Binary, &vec![7; len]);
        assert_eq!(wire, [header, vec![7; len]].concat());
    }
}

#[test]
fn messages_under_the_threshold_are_sent_as_they_are() {
    let parameters = chanx_core::deflate::Parameters::negotiate(["permessage-deflate"]).unwrap().unwrap();
    let compression = std::sync::Arc::new(chanx_core::deflate::Compression::new(0));
    let mut deflater = compression.agree(parameters, 100).deflater;
    assert_eq!(deflater.deflate(&[b'a'; 99]), None);
    let payload = deflater.deflate(&[b'a'; 100]).unwrap();
    let wire = compressed(Opcode::Binary, &payload);
    assert_eq!(read(peer::reader(LIMIT, false), [&wire[..]]), [Seen::Binary(vec![b'a'; 100])]);
}
