//! One message after the other through zlib, from the peer, and never more of it than is allowed.

use flate2::{Decompress, FlushDecompress, Status};

use super::TRAILER;

/// A last block without content, which ends a stream where a block can begin, and nowhere else.
const LAST_BLOCK: [u8; 2] = [0x03, 0x00];

/// The room that a message is given at first, as a multiple of its compressed size.
const EXPECTED_RATIO: usize = 4;

/// Why a message cannot be inflated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InflateError {
    /// It is longer than allowed.
    TooBig {
        /// How long it may be.
        limit: usize,
    },
    /// It is no whole deflate stream.
    Damaged,
}

/// The state of zlib for one receiver. It is prepared for the largest window, and so for any.
#[derive(Debug)]
pub(super) struct Decompressor {
    state: Decompress,
}

impl Decompressor {
    pub(super) fn new() -> Self {
        Self { state: Decompress::new(false) }
    }

    /// The inflated payload of at most `limit` bytes, which refers to nothing before it.
    pub(super) fn decompress_alone(&mut self, payload: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
        self.state.reset(false);
        let inflated = self.decompress(payload, limit)?;
        self.check_end()?;
        Ok(inflated)
    }

    /// The inflated payload of at most `limit` bytes, which may refer to the messages before it.
    ///
    /// One that is cut short is not always noticed here: to ask zlib would cost the context.
    pub(super) fn decompress(&mut self, payload: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
        let mut out = Inflated::new(payload.len(), limit);
        self.feed(payload, &mut out)?;
        self.feed(&TRAILER, &mut out)?;
        Ok(out.bytes)
    }

    fn feed(&mut self, mut input: &[u8], out: &mut Inflated) -> Result<(), InflateError> {
        // While there is no room, there may be more of what was taken in already.
        while !input.is_empty() || !out.has_room() {
            out.make_room()?;
            let (taken, made) = self.step(input, out)?;
            if taken == 0 && made == 0 {
                return if input.is_empty() { Ok(()) } else { Err(InflateError::Damaged) };
            }
            input = &input[taken..];
        }
        out.check()
    }

    /// Inflates as far as input and room reach. Says how much was taken and how much was made.
    fn step(&mut self, input: &[u8], out: &mut Inflated) -> Result<(usize, usize), InflateError> {
        let (taken, made) = (self.state.total_in(), self.state.total_out());
        let status = self.state.decompress_vec(input, &mut out.bytes, FlushDecompress::Sync);
        let taken = self.state.total_in() - taken;
        let made = self.state.total_out() - made;
        if status.map_err(|_| InflateError::Damaged)? == Status::StreamEnd {
            // A sender that cannot flush ends its stream instead, and begins a new one (RFC 7692, section 7.2.3.4).
            self.state.reset(false);
        }
        Ok((taken as usize, made as usize))
    }

    /// Whether the last message ended where a block ends.
    fn check_end(&mut self) -> Result<(), InflateError> {
        match self.state.decompress(&LAST_BLOCK, &mut [0], FlushDecompress::Sync) {
            Ok(Status::StreamEnd) => Ok(()),
            _ => Err(InflateError::Damaged),
        }
    }
}

/// What was inflated of a message so far. It may grow by one byte more than is allowed, which tells that there is more.
struct Inflated {
    bytes: Vec<u8>,
    limit: usize,
}

impl Inflated {
    fn new(compressed_len: usize, limit: usize) -> Self {
        let expected = compressed_len.saturating_mul(EXPECTED_RATIO).min(limit).saturating_add(1);
        Self { bytes: Vec::with_capacity(expected), limit }
    }

    fn has_room(&self) -> bool {
        self.bytes.len() < self.bytes.capacity()
    }

    /// Doubles the room where none is left, up to the limit.
    fn make_room(&mut self) -> Result<(), InflateError> {
        self.check()?;
        if !self.has_room() {
            let roomy = self.bytes.capacity().saturating_mul(2).min(self.limit.saturating_add(1));
            self.bytes.reserve_exact(roomy - self.bytes.len());
        }
        Ok(())
    }

    fn check(&self) -> Result<(), InflateError> {
        if self.bytes.len() > self.limit { Err(InflateError::TooBig { limit: self.limit }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression, FlushCompress};

    use super::*;

    const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

    fn alone(payload: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
        Decompressor::new().decompress_alone(payload, limit)
    }

    fn bomb(size: usize) -> Vec<u8> {
        let mut compressed = Vec::with_capacity(size / 500 + 100);
        let mut zlib = Compress::new(Compression::best(), false);
        zlib.compress_vec(&vec![b'a'; size], &mut compressed, FlushCompress::Sync).unwrap();
        compressed.truncate(compressed.len() - TRAILER.len());
        compressed
    }

    #[test]
    fn the_examples_of_the_rfc_are_inflated() {
        let cases: &[(&str, &[u8], &[u8])] = &[
            ("one block", HELLO, b"Hello"),
            ("stored", &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00], b"Hello"),
            ("last block", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00], b"Hello"),
            ("two blocks", &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00], b"Hello"),
            ("empty", &[0x00], b""),
            ("empty, of another kind", &[0x02, 0x00], b""),
        ];
        for (name, payload, expected) in cases {
            assert_eq!(alone(payload, 100).as_deref(), Ok(*expected), "{name}");
            assert_eq!(Decompressor::new().decompress(payload, 100).as_deref(), Ok(*expected), "{name}, in a context");
        }
    }

    #[test]
    fn a_message_may_refer_to_those_before_it_only_in_a_context() {
        let referring = [0xf2, 0x00, 0x11, 0x00, 0x00];
        let mut decompressor = Decompressor::new();
        assert_eq!(decompressor.decompress(HELLO, 100).as_deref(), Ok(&b"Hello"[..]));
        assert_eq!(decompressor.decompress(&referring, 100).as_deref(), Ok(&b"Hello"[..]));
        assert_eq!(decompressor.decompress_alone(&referring, 100), Err(InflateError::Damaged));
    }

    #[test]
    fn streams_that_end_inside_a_message_are_followed_by_others() {
        let stream = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let payload = [stream.repeat(3), vec![0x00]].concat();
        assert_eq!(alone(&payload, 15).as_deref(), Ok(&b"HelloHelloHello"[..]));
        assert_eq!(alone(&payload, 14), Err(InflateError::TooBig { limit: 14 }));
    }

    #[test]
    fn what_is_no_whole_stream_is_damaged() {
        let cases: &[(&str, &[u8])] = &[
            ("nothing", &[]),
            ("reserved kind of block", &[0x06]),
            ("stored, but its lengths disagree", &[0x00, 0x05, 0x00, 0xfa, 0xfe, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00]),
            ("stored, but cut short", &[0x00, 0x0a, 0x00, 0xf5, 0xff, 0x48, 0x65]),
            ("last block without what must follow it", &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]),
            ("trailer that was not removed, half", &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00]),
            ("reference to what never was", &[0xf2, 0x00, 0x11, 0x00, 0x00]),
        ];
        for (name, payload) in cases {
            assert_eq!(alone(payload, 100), Err(InflateError::Damaged), "{name}");
        }
        for cut in 0..HELLO.len() - 1 {
            assert_eq!(alone(&HELLO[..cut], 100), Err(InflateError::Damaged), "cut at {cut}");
        }
    }

    #[test]
    fn a_bomb_is_inflated_no_further_than_the_limit() {
        let bomb = bomb(50_000_000);
        for limit in [0, 1, 1000, 65_536] {
            let mut out = Inflated::new(bomb.len(), limit);
            let error = Decompressor::new().feed(&bomb, &mut out);
            assert_eq!(error, Err(InflateError::TooBig { limit }));
            assert_eq!((out.bytes.len(), out.bytes.capacity()), (limit + 1, limit + 1));
        }
    }

    #[test]
    fn the_limit_is_the_largest_size_that_passes() {
        for size in [1, 2, 4095, 65_536] {
            let compressed = bomb(size);
            assert_eq!(alone(&compressed, size), Ok(vec![b'a'; size]));
            assert_eq!(alone(&compressed, size - 1), Err(InflateError::TooBig { limit: size - 1 }));
        }
        assert_eq!(alone(&[0x00], 0), Ok(Vec::new()));
    }

    #[test]
    fn a_state_is_as_good_as_new_after_a_failure() {
        let mut decompressor = Decompressor::new();
        for bad in [&[0x06][..], &bomb(1000), &HELLO[..3]] {
            assert!(decompressor.decompress_alone(bad, 100).is_err());
            assert_eq!(decompressor.decompress_alone(HELLO, 100).as_deref(), Ok(&b"Hello"[..]));
        }
    }
}
