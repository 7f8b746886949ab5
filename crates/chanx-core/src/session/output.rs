//! Frames on their way to the peer, in one buffer, so that one write takes all of them.

use crate::close::CloseFrame;
use crate::frame::{FrameWriter, Opcode, write_close, write_frame};

/// A large reply should not make a connection large for ever: an empty buffer above this many bytes is given back.
const KEPT_CAPACITY: usize = 4 * 1024;

#[derive(Debug, Default)]
pub(super) struct Output {
    frames: Vec<u8>,
    written: usize,
}

impl Output {
    /// What the peer has not taken yet.
    pub(super) fn pending(&self) -> &[u8] {
        &self.frames[self.written..]
    }

    pub(super) fn advance(&mut self, written: usize) {
        self.written += written;
        if self.written >= self.frames.len() {
            self.written = 0;
            self.frames.clear();
            if self.frames.capacity() > KEPT_CAPACITY {
                self.frames = Vec::new();
            }
        }
    }

    /// Adds a text frame whose payload `write` appends. On failure nothing is added.
    pub(super) fn text<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let mut frame = FrameWriter::text(&mut self.frames);
        write(frame.payload_mut())?;
        frame.finish();
        Ok(())
    }

    pub(super) fn frame(&mut self, opcode: Opcode, payload: &[u8]) {
        write_frame(&mut self.frames, opcode, payload);
    }

    /// Adds frames that were written elsewhere.
    pub(super) fn frames(&mut self, frames: &[u8]) {
        self.frames.extend_from_slice(frames);
    }

    pub(super) fn close(&mut self, close: &CloseFrame) {
        write_close(&mut self.frames, close);
    }
}
