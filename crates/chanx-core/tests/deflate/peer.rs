//! A client in a few lines: it compresses as it likes, cuts its messages as it likes, and reads what the server sends.

use std::sync::Arc;

use chanx_core::deflate::{Agreement, Compression, Parameters};
use chanx_core::frame::{Frame, FrameReader, Opcode, Role, Violation, write_masked};
use flate2::{Compress, FlushCompress};

pub(crate) const LIMIT: usize = 65_536;

const COMPRESSED: u8 = 0x40;
const FIN: u8 = 0x80;

/// A frame that outlives the reader.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    Text(String),
    Binary(Vec<u8>),
    Control,
    Violation(Violation),
}

pub(crate) fn agree(offer: &str, max_contexts: usize) -> Agreement {
    let parameters = Parameters::negotiate([offer]).unwrap().unwrap();
    Arc::new(Compression::new(max_contexts)).agree(parameters, 0)
}

/// A server's reader of compressed messages; with a context if there may be one.
pub(crate) fn reader(limit: usize, has_context: bool) -> FrameReader {
    let agreement = agree("permessage-deflate", usize::from(has_context));
    assert_eq!(agreement.parameters.client_takeover, has_context);
    FrameReader::new(Role::Server, limit).inflating(agreement.inflater)
}

/// All that a reader yields for these bytes.
pub(crate) fn read<'a>(mut reader: FrameReader, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Seen> {
    let mut seen = Vec::new();
    for piece in pieces {
        reader.buffer_mut().extend_from_slice(piece);
        loop {
            match reader.next() {
                Ok(Some(Frame::Text(text))) => seen.push(Seen::Text(text.to_owned())),
                Ok(Some(Frame::Binary(bytes))) => seen.push(Seen::Binary(bytes.to_vec())),
                Ok(Some(_)) => seen.push(Seen::Control),
                Ok(None) => break,
                Err(violation) => seen.push(Seen::Violation(violation)),
            }
        }
    }
    seen
}

/// What a server yields for these bytes, whose reader has no context.
pub(crate) fn read_whole(wire: &[u8]) -> Vec<Seen> {
    read(reader(LIMIT, false), [wire])
}

pub(crate) fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    write_masked(&mut wire, opcode, payload, [0x37, 0xfa, 0x21, 0x3d]);
    wire
}

pub(crate) fn compressed(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = frame(opcode, payload);
    wire[0] |= COMPRESSED;
    wire
}

/// A compressed message in these pieces.
pub(crate) fn fragments<'a>(opcode: Opcode, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let mut frames: Vec<_> = pieces.into_iter().map(|piece| frame(Opcode::Continuation, piece)).collect();
    for frame in &mut frames {
        frame[0] &= !FIN;
    }
    frames.first_mut().unwrap()[0] |= COMPRESSED | opcode as u8;
    frames.last_mut().unwrap()[0] |= FIN;
    frames
}

/// A message as zlib compresses it, without its trailer.
pub(crate) fn deflate(zlib: &mut Compress, payload: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::with_capacity(payload.len() + payload.len() / 8 + 64);
    zlib.compress_vec(payload, &mut compressed, FlushCompress::Sync).unwrap();
    assert!(compressed.ends_with(&[0, 0, 0xff, 0xff]));
    compressed.truncate(compressed.len() - 4);
    compressed
}
