//! Frames appended to outgoing bytes. When those are sent, and in how many writes, is not known here.

use std::io;

use super::header::EncodedHeader;
use super::{MAX_CONTROL_PAYLOAD, Opcode, mask};
use crate::close::CloseFrame;
use crate::deflate::Deflater;

/// Appends an unfragmented frame as servers send it, unmasked.
///
/// Of the payload of a control frame only the first 125 bytes are written, the most that one may carry. The pong to a
/// ping always fits.
///
/// ```
/// use chanx_core::frame::{Opcode, write_frame};
///
/// let mut out = Vec::new();
/// write_frame(&mut out, Opcode::Pong, b"hi");
/// assert_eq!(out, [0x8A, 2, b'h', b'i']);
/// ```
pub fn write_frame(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    let payload = allowed(opcode, payload);
    let header = EncodedHeader::new(opcode, payload.len());
    out.reserve(header.len() + payload.len());
    out.extend_from_slice(&header);
    out.extend_from_slice(payload);
}

/// Appends an unfragmented frame as clients send it, masked with `key`, which must not be foreseeable.
///
/// Control frames are cut as by [`write_frame`].
pub fn write_masked(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8], key: [u8; 4]) {
    let payload = allowed(opcode, payload);
    let header = EncodedHeader::masked(opcode, payload.len());
    out.reserve(header.len() + key.len() + payload.len());
    out.extend_from_slice(&header);
    out.extend_from_slice(&key);
    let at = out.len();
    out.extend_from_slice(payload);
    mask::apply(&mut out[at..], key);
}

/// Appends an unfragmented compressed message, unmasked. What `payload` is made by knows `deflate`.
pub fn write_compressed(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    let header = EncodedHeader::compressed(opcode, payload.len());
    out.reserve(header.len() + payload.len());
    out.extend_from_slice(&header);
    out.extend_from_slice(payload);
}

/// Appends a server's close frame; the reason is cut where it does not fit.
///
/// ```
/// use chanx_core::close::{CloseCode, CloseFrame};
/// use chanx_core::frame::write_close;
///
/// let mut out = Vec::new();
/// write_close(&mut out, &CloseFrame::new(CloseCode::NORMAL, "bye"));
/// assert_eq!(out, [0x88, 5, 0x03, 0xE8, b'b', b'y', b'e']);
/// ```
pub fn write_close(out: &mut Vec<u8>, close: &CloseFrame) {
    write_frame(out, Opcode::Close, &close.to_payload());
}

fn allowed(opcode: Opcode, payload: &[u8]) -> &[u8] {
    let fits = if opcode.is_control() { payload.len().min(MAX_CONTROL_PAYLOAD) } else { payload.len() };
    &payload[..fits]
}

/// Appends a server's text frame whose payload is written in place, so that nothing is encoded into a buffer of its own
/// and copied.
///
/// The payload goes in through [`io::Write`], which never fails here, and [`finish`](Self::finish) fits the header to
/// it. A writer that is dropped instead, on an error or in a panic, takes back all that it wrote.
///
/// The size of the header is not known before that of the payload. Four bytes are set aside for it, which is right for
/// payloads of 126 to 65,535 bytes. Shorter ones are moved down by two bytes: that is less than two cache lines, while
/// setting aside two would move up to 64 KiB. Longer ones are moved up by six.
///
/// ```
/// use chanx_core::frame::FrameWriter;
///
/// let mut out = Vec::new();
/// let mut frame = FrameWriter::text(&mut out);
/// serde_json::to_writer(&mut frame, &[1, 2, 3])?;
/// frame.finish();
/// assert_eq!(out, b"\x81\x07[1,2,3]");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a frame that is not finished is taken back"]
pub struct FrameWriter<'a> {
    out: &'a mut Vec<u8>,
    /// Where the frame begins, and what is left of `out` if it is taken back.
    start: usize,
}

/// The bytes set aside for a header.
const SET_ASIDE: usize = 4;

impl<'a> FrameWriter<'a> {
    /// Begins a text frame at the end of `out`. Whatever is written into it must be UTF-8.
    pub fn text(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0; SET_ASIDE]);
        Self { out, start }
    }

    /// The size of the payload so far, in bytes.
    #[must_use]
    pub fn payload_len(&self) -> usize {
        self.out.len() - self.start - SET_ASIDE
    }

    /// What the payload is appended to. Encoders that are given this are compiled for one kind of writer only.
    pub(crate) fn payload_mut(&mut self) -> &mut Vec<u8> {
        self.out
    }

    /// Completes the frame.
    pub fn finish(mut self) {
        let header = EncodedHeader::new(Opcode::Text, self.payload_len());
        let set_aside = self.start..self.start + SET_ASIDE;
        self.out.splice(set_aside, header.iter().copied());
        self.start = self.out.len();
    }

    /// Completes the frame, compressed if the deflater makes it smaller.
    pub fn finish_compressed(mut self, deflater: &mut Deflater) {
        let Some(payload) = deflater.deflate(&self.out[self.start + SET_ASIDE..]) else {
            return self.finish();
        };
        self.out.truncate(self.start);
        write_compressed(self.out, Opcode::Text, &payload);
        self.start = self.out.len();
    }
}

impl io::Write for FrameWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for FrameWriter<'_> {
    fn drop(&mut self) {
        self.out.truncate(self.start);
    }
}
