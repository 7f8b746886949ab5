//! Frames on their way to the peer, in one buffer, so that one write takes all of them.

use bytes::Bytes;

use crate::close::CloseFrame;
use crate::frame::{FrameWriter, Opcode, write_close, write_frame};

/// A large reply should not make a connection large for ever: an empty buffer above this many bytes is given back.
const KEPT_CAPACITY: usize = 4 * 1024;

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
            if self.frames.capacity() > KEPT_CAPACITY {
                self.frames = Vec::new();
            }
        }
    }

    /// Adds a text frame whose payload `write` appends. On failure nothing is added.
    pub(super) fn text<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let mut frame = FrameWriter::text(self.own());
        write(frame.payload_mut())?;
        frame.finish();
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
