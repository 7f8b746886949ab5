//! Frames: however the bytes are cut, the same frames come out, as borrowed and as owned ones.

use chanx_core::frame::{Frame, FrameReader, OwnedFrame, Role};
use chanx_core::message::Raw;

use crate::input::Input;

pub(crate) const WORDS: &[&[u8]] = &[
    b"\x81\x82\x01\x02\x03\x04hi",
    b"\x89\x80\0\0\0\0",
    b"\x88\x82\0\0\0\0\x03\xe8",
    b"\x80\xfe",
    b"\x01\x81",
    b"\x82\xff\0\0",
];

const LIMITS: [usize; 4] = [0, 5, 300, 70_000];

pub(crate) fn run(data: &[u8]) {
    let mut input = Input(data);
    let role = if input.below(4) == 0 { Role::Client } else { Role::Server };
    let limit = LIMITS[input.below(LIMITS.len())];
    let cut = 1 + input.below(40);
    let whole = read(role, limit, input.0, usize::MAX, false);
    assert_eq!(read(role, limit, input.0, cut, false), whole);
    assert_eq!(read(role, limit, input.0, cut, true), whole);
    assert_eq!(read(role, limit, input.0, usize::MAX, true), whole);
}

/// What comes out, in words.
fn read(role: Role, limit: usize, wire: &[u8], cut: usize, owned: bool) -> Vec<String> {
    let mut reader = FrameReader::new(role, limit);
    let mut seen = Vec::new();
    // Owned frames must not change when the reader goes on.
    let mut kept = Vec::new();
    for piece in wire.chunks(cut.min(wire.len().max(1))) {
        reader.buffer_mut().extend_from_slice(piece);
        loop {
            let next = if owned {
                reader.next_owned().map(|frame| {
                    let words = frame.as_ref().map(|frame| describe_owned(frame, limit));
                    kept.extend(frame.map(|frame| (seen.len(), frame)));
                    words
                })
            } else {
                reader.next().map(|frame| frame.as_ref().map(|frame| describe(frame, limit)))
            };
            match next {
                Ok(Some(frame)) => seen.push(frame),
                Ok(None) => break,
                Err(violation) => seen.push(format!("violation: {violation}")),
            }
        }
    }
    for (place, frame) in kept {
        assert_eq!(seen[place], describe_owned(&frame, limit));
    }
    seen
}

fn describe(frame: &Frame<'_>, limit: usize) -> String {
    match frame {
        Frame::Text(text) => bounded("text", text.as_bytes(), limit),
        Frame::Binary(bytes) => bounded("binary", bytes, limit),
        Frame::Ping(bytes) => bounded("ping", bytes, 125),
        Frame::Pong(bytes) => bounded("pong", bytes, 125),
        Frame::Close(close) => format!("close {close:?}"),
    }
}

fn describe_owned(frame: &OwnedFrame, limit: usize) -> String {
    match frame {
        OwnedFrame::Message(Raw::Text(text)) => bounded("text", text.as_bytes(), limit),
        OwnedFrame::Message(Raw::Binary(bytes)) => bounded("binary", bytes, limit),
        OwnedFrame::Ping(bytes) => bounded("ping", bytes, 125),
        OwnedFrame::Pong(bytes) => bounded("pong", bytes, 125),
        OwnedFrame::Close(close) => format!("close {close:?}"),
    }
}

fn bounded(kind: &str, bytes: &[u8], limit: usize) -> String {
    assert!(bytes.len() <= limit, "{kind} of {} bytes", bytes.len());
    format!("{kind} {}", bytes.escape_ascii())
}
