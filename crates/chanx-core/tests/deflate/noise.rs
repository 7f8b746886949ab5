//! Conversations and damage without a pattern, the same in every run.

use chanx_core::frame::{Opcode, Violation};
use flate2::{Compress, Compression, FlushCompress};

use crate::peer::{self, LIMIT, Seen, compressed, fragments, frame, read, reader};

/// Numbers of a linear congruential generator.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    /// Bytes of a random size and of an alphabet of random size, so that some can be compressed well and others not at all.
    fn bytes(&mut self) -> Vec<u8> {
        let len = [5, 80, 3000, 20_000][self.below(4)];
        let (len, alphabet) = (self.below(len), [1, 4, 30, 256][self.below(4)]);
        (0..len).map(|_| self.below(alphabet) as u8).collect()
    }

    fn pieces<'a>(&mut self, mut payload: &'a [u8]) -> Vec<&'a [u8]> {
        let mut pieces = Vec::new();
        for _ in 0..self.below(4) {
            let (piece, rest) = payload.split_at(self.below(payload.len() + 1));
            pieces.push(piece);
            payload = rest;
        }
        pieces.push(payload);
        pieces
    }
}

/// A client's zlib, and whether it may refer to earlier messages.
struct Client {
    zlib: Compress,
    has_context: bool,
}

impl Client {
    fn new(numbers: &mut Numbers, has_context: bool) -> Self {
        let level = Compression::new(numbers.below(10) as u32);
        let window = 9 + numbers.below(7) as u8;
        Self { zlib: Compress::new_with_window_bits(level, false, window), has_context }
    }

    /// A message in any form that the RFC allows: blocks of any kind, flushes inside it, last blocks.
    fn deflate(&mut self, numbers: &mut Numbers, payload: &[u8]) -> Vec<u8> {
        if !self.has_context {
            self.zlib.reset();
        }
        let mut out = Vec::with_capacity(2 * payload.len() + 500);
        for piece in numbers.pieces(payload) {
            let flush = [FlushCompress::None, FlushCompress::Sync, FlushCompress::Full, FlushCompress::Finish];
            let flush = flush[numbers.below(if self.has_context { 3 } else { 4 })];
            self.zlib.compress_vec(piece, &mut out, flush).unwrap();
            if matches!(flush, FlushCompress::Finish) {
                self.zlib.reset();
            }
        }
        // To flush twice adds nothing, so that a block of nothing stands in for it.
        let before = out.len();
        self.zlib.compress_vec(&[], &mut out, FlushCompress::Sync).unwrap();
        if out.len() == before && !out.ends_with(&[0, 0, 0xff, 0xff]) || out.is_empty() {
            out.push(0);
        } else {
            out.truncate(out.len() - 4);
        }
        out
    }
}

/// A few messages, compressed or not, in one piece or several, with pings anywhere between frames.
fn conversation(numbers: &mut Numbers, has_context: bool) -> (Vec<u8>, Vec<Seen>) {
    let mut client = Client::new(numbers, has_context);
    let (mut wire, mut expected) = (Vec::new(), Vec::new());
    for _ in 0..=numbers.below(5) {
        let payload = numbers.bytes();
        let frames = match numbers.below(3) {
            0 => vec![frame(Opcode::Binary, &payload)],
            1 => vec![compressed(Opcode::Binary, &client.deflate(numbers, &payload))],
            _ => {
                let deflated = client.deflate(numbers, &payload);
                fragments(Opcode::Binary, numbers.pieces(&deflated))
            }
        };
        for frame in frames {
            if numbers.below(4) == 0 {
                wire.extend(peer::frame(Opcode::Ping, b"ping"));
                expected.push(Seen::Control);
            }
            wire.extend(frame);
        }
        expected.push(Seen::Binary(payload));
    }
    (wire, expected)
}

#[test]
fn whatever_zlib_makes_of_messages_is_read_back() {
    let mut numbers = Numbers(7692);
    for round in 0..600 {
        let has_context = round % 2 == 1;
        let (wire, expected) = conversation(&mut numbers, has_context);
        assert_eq!(read(reader(LIMIT, has_context), [&wire[..]]), expected, "round {round}");
        let size = 1 + numbers.below(50);
        assert_eq!(read(reader(LIMIT, has_context), wire.chunks(size)), expected, "round {round}, pieces of {size}");
    }
}

#[test]
fn damage_is_refused_or_harmless_and_the_same_in_pieces() {
    let mut numbers = Numbers(1951);
    let limit = 5000;
    let mut refused = 0;
    for round in 0..1500 {
        let has_context = round % 2 == 1;
        let (mut wire, _) = conversation(&mut numbers, has_context);
        for _ in 0..=numbers.below(3) {
            let at = numbers.below(wire.len());
            wire[at] ^= 1 << numbers.below(8);
        }
        let seen = read(reader(limit, has_context), [&wire[..]]);
        let size = 1 + numbers.below(50);
        assert_eq!(read(reader(limit, has_context), wire.chunks(size)), seen, "round {round}, pieces of {size}");
        assert!(seen.iter().all(|seen| !matches!(seen, Seen::Binary(bytes) if bytes.len() > limit)), "round {round}");
        refused += usize::from(seen.contains(&Seen::Violation(Violation::Damaged)));
    }
    assert!(refused > 100, "only {refused} messages were found to be damaged");
}

#[test]
fn payloads_that_nobody_deflated_never_yield_more_than_allowed() {
    let mut numbers = Numbers(2026);
    let mut yielded = 0;
    for round in 0..20_000 {
        let payload: Vec<u8> = (0..numbers.below(60)).map(|_| numbers.below(256) as u8).collect();
        let wire = compressed(Opcode::Binary, &payload);
        match &read(reader(100, round % 2 == 1), [&wire[..]])[..] {
            [Seen::Binary(bytes)] => {
                yielded += 1;
                assert!(bytes.len() <= 100);
            }
            [Seen::Violation(Violation::Damaged | Violation::TooBig { limit: 100 })] => {}
            other => panic!("round {round}: {other:?}"),
        }
    }
    assert!(yielded > 0);
}
