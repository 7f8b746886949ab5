//! What arrives at one member: frames, and what is left over between two reads.

use chanx_core::frame::{Opcode, write_masked};

use super::group::Wrong;

/// The beginning of a frame whose end has not arrived.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    rest: Vec<u8>,
}

const TEXT: u8 = 0x81;
const PING: u8 = 0x89;

/// A server's frame of up to 65,535 bytes.
struct Frame<'a> {
    /// The opcode, and whether it is the whole message.
    first: u8,
    payload: &'a [u8],
    rest: &'a [u8],
}

impl Incoming {
    /// Gives each text that is complete to `hear`. Yields what is to be answered: servers ask whether their clients
    /// live.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        mut hear: impl FnMut(&[u8]) -> Result<(), Wrong>,
    ) -> Result<Vec<u8>, Wrong> {
        if self.rest.is_empty() {
            let mut answer = Vec::new();
            let left = each_frame(bytes, &mut answer, &mut hear)?;
            self.rest.extend_from_slice(left);
            return Ok(answer);
        }
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        self.take(&all, hear)
    }
}

/// Goes through the frames; yields what is left.
fn each_frame<'a>(
    mut bytes: &'a [u8],
    answer: &mut Vec<u8>,
    hear: &mut impl FnMut(&[u8]) -> Result<(), Wrong>,
) -> Result<&'a [u8], Wrong> {
    while let Some(frame) = next(bytes) {
        match frame.first {
            TEXT => hear(frame.payload)?,
            PING => write_masked(answer, Opcode::Pong, frame.payload, [0; 4]),
            first => return Err(Wrong::Frame(first)),
        }
        bytes = frame.rest;
    }
    Ok(bytes)
}

fn next(bytes: &[u8]) -> Option<Frame<'_>> {
    let (first, length, rest) = match *bytes {
        [first, 126, high, low, ref rest @ ..] => (first, u16::from_be_bytes([high, low]).into(), rest),
        [first, length @ 0..126, ref rest @ ..] => (first, length.into(), rest),
        // A longer frame, or a masked one, is none of those that are expected, and is waited for in vain.
        _ => return None,
    };
    let (payload, rest) = rest.split_at_checked(length)?;
    Some(Frame { first, payload, rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(incoming: &mut Incoming, bytes: &[u8]) -> Vec<String> {
        let mut texts = Vec::new();
        let taken = incoming.take(bytes, |text| {
            texts.push(String::from_utf8_lossy(text).into_owned());
            Ok(())
        });
        assert_eq!(taken.unwrap(), b"");
        texts
    }

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let long = "x".repeat(200);
        let stream = [b"\x81\x02ab\x81\x00\x81\x7e\x00\xc8".as_slice(), long.as_bytes(), b"\x81\x01c"].concat();
        for size in 1..=stream.len() {
            let mut incoming = Incoming::default();
            let heard: Vec<_> = stream.chunks(size).flat_map(|bytes| texts(&mut incoming, bytes)).collect();
            assert_eq!(heard, ["ab", "", &long, "c"], "in pieces of {size}");
        }
    }

    #[test]
    fn a_ping_is_answered_and_anything_else_is_wrong() {
        let mut incoming = Incoming::default();
        assert_eq!(incoming.take(b"\x89\x02hi", |_| Ok(())).unwrap(), b"\x8a\x82\0\0\0\0hi");
        for bytes in [b"\x88\x00", b"\x01\x00", b"\x80\x00", b"\x82\x00"] {
            assert!(matches!(Incoming::default().take(bytes, |_| Ok(())), Err(Wrong::Frame(_))), "{bytes:x?}");
        }
    }
}
