//! Frames on their way to the peer, in one buffer, so that one write takes all of them.

use bytes::Bytes;

use super::SendError;
use crate::close::CloseFrame;
use crate::deflate::Deflater;
use crate::encode::EncodeError;
use crate::frame::{FrameWriter, Opcode, write_close, write_compressed, write_frame};

/// From how many bytes on what the peer took is removed from the front of the buffer.
const COMPACTED_BYTES: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Output {
    frames: Vec<u8>,
    /// Frames that other connections send too; instead of frames of this connection alone, and not copied unless such follow.
    shared: Bytes,
    written: usize,
}

impl Output {
    /// What the peer has not taken yet.
    pub(super) fn pending(&self) -> &[u8] {
        if self.shared.is_empty() { &self.frames[self.written..] } else { &self.shared[self.written..] }
    }

    pub(super) fn advance(&mut self, written: usize) {
        self.written += written;
        if self.pending().is_empty() {
            self.written = 0;
            self.shared = Bytes::new();
            self.frames.clear();
        } else if self.shared.is_empty() && self.written >= COMPACTED_BYTES && self.written * 2 >= self.frames.len() {
            self.compact();
        }
    }

    /// Moves what is pending to the front. Each call moves at most as many bytes as the peer took since the last one, so a
    /// peer that always leaves something unread costs memory in proportion to what it left, not to all that was ever sent.
    fn compact(&mut self) {
        self.frames.drain(..self.written);
        self.written = 0;
    }

    /// Takes room, if it has none.
    pub(super) fn lend(&mut self, room: &mut Vec<u8>) {
        if self.frames.capacity() == 0 {
            self.frames = std::mem::take(room);
        }
    }

    /// Gives the room back if the buffer is empty; otherwise shrinks the buffer to what is pending.
    pub(super) fn reclaim(&mut self) -> Vec<u8> {
        if self.frames.is_empty() {
            return std::mem::take(&mut self.frames);
        }
        if self.frames.capacity() > 2 * (self.frames.len() - self.written) {
            self.compact();
            self.frames.shrink_to_fit();
        }
        Vec::new()
    }

    /// Adds a text of at most `limit` bytes whose payload `write` appends. On failure nothing is added.
    pub(super) fn text(
        &mut self,
        deflater: Option<&mut Deflater>,
        limit: usize,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Result<(), SendError> {
        let mut frame = FrameWriter::text(self.own());
        write(frame.payload_mut())?;
        check_size(frame.payload_len(), limit)?;
        match deflater {
            None => frame.finish(),
            Some(deflater) => frame.finish_compressed(deflater),
        }
        Ok(())
    }

    /// Adds a message that is there whole.
    pub(super) fn message(&mut self, deflater: Option<&mut Deflater>, opcode: Opcode, payload: &[u8]) {
        match deflater.and_then(|deflater| deflater.deflate(payload)) {
            None => self.frame(opcode, payload),
            Some(compressed) => write_compressed(self.own(), opcode, &compressed),
        }
    }

    pub(super) fn frame(&mut self, opcode: Opcode, payload: &[u8]) {
        write_frame(self.own(), opcode, payload);
    }

    /// Adds frames that were written elsewhere.
    pub(super) fn frames(&mut self, frames: Bytes) {
        if self.pending().is_empty() {
            self.shared = frames;
        } else {
            self.own().extend_from_slice(&frames);
        }
    }

    /// Puts bytes before everything that is pending, of which nothing may have left yet.
    pub(super) fn precede(&mut self, rest: Bytes) {
        if self.pending().is_empty() {
            return self.frames(rest);
        }
        let frames = self.own();
        frames.splice(..0, rest);
    }

    pub(super) fn close(&mut self, close: &CloseFrame) {
        write_close(self.own(), close);
    }

    /// The buffer of this connection's own, with all that is pending.
    fn own(&mut self) -> &mut Vec<u8> {
        if !self.shared.is_empty() {
            self.frames.extend_from_slice(&self.shared[self.written..]);
            self.shared = Bytes::new();
            self.written = 0;
        }
        &mut self.frames
    }
}

/// Refuses a message that is longer than one message may be.
pub(super) fn check_size(size: usize, limit: usize) -> Result<(), SendError> {
    if size > limit { Err(SendError::TooLarge { size, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_always_leaves_something_unread_does_not_make_the_buffer_grow() {
        let mut output = Output::default();
        output.frame(Opcode::Binary, &[0; 1000]);
        for _ in 0..10_000 {
            output.frame(Opcode::Binary, &[0; 1000]);
            output.advance(1004);
        }
        assert_eq!(output.pending().len(), 1004);
        assert!(output.frames.capacity() <= 16 * 1024, "{} bytes are held", output.frames.capacity());
    }

    #[test]
    fn room_that_is_given_back_does_not_include_what_the_peer_took() {
        let mut output = Output::default();
        output.frame(Opcode::Binary, &[0; 100_000]);
        output.advance(30_000);
        output.reclaim();
        output.advance(COMPACTED_BYTES - 1);
        let pending = output.pending().len();
        output.reclaim();
        assert_eq!(output.pending().len(), pending);
        assert!(output.frames.capacity() <= 2 * pending, "{} bytes for {pending}", output.frames.capacity());
    }

    #[test]
    fn shared_frames_keep_their_place() {
        let mut output = Output::default();
        output.frames(Bytes::from_static(b"one"));
        output.advance(1);
        output.frames(Bytes::from_static(b"two"));
        assert_eq!(output.pending(), b"netwo");
        output.frame(Opcode::Pong, b"");
        assert_eq!(output.pending(), b"netwo\x8a\x00");
        output.advance(7);
        assert_eq!(output.pending(), b"");
        output.frames(Bytes::from_static(b"three"));
        output.advance(2);
        output.frame(Opcode::Pong, b"");
        assert_eq!(output.pending(), b"ree\x8a\x00");
    }

    #[test]
    fn what_was_begun_elsewhere_goes_first() {
        let mut output = Output::default();
        output.precede(Bytes::from_static(b"one"));
        assert_eq!(output.pending(), b"one");
        output.precede(Bytes::from_static(b"zero"));
        output.frame(Opcode::Pong, b"");
        assert_eq!(output.pending(), b"zeroone\x8a\x00");
        output.precede(Bytes::from_static(b"-"));
        assert_eq!(output.pending(), b"-zeroone\x8a\x00");
    }
}
