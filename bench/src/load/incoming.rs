//! What arrives at one client: frames, and what is left over between two reads.

use super::Wrong;

/// The beginning of a frame whose end has not arrived.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    rest: Vec<u8>,
}

/// What a frame of a server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard<'a> {
    Text(&'a [u8]),
    Ping(&'a [u8]),
    Close,
    /// A frame that no server is to send, by its first byte.
    Other(u8),
}

impl Incoming {
    /// What arrives after something that is there already.
    pub(super) fn after(rest: Vec<u8>) -> Self {
        Self { rest }
    }

    /// Gives each frame that is complete to `hear`.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        mut hear: impl FnMut(Heard<'_>) -> Result<(), Wrong>,
    ) -> Result<(), Wrong> {
        if self.rest.is_empty() {
            let left = each_frame(bytes, &mut hear)?;
            self.rest.extend_from_slice(left);
            return Ok(());
        }
        let mut all = std::mem::take(&mut self.rest);
        all.extend_from_slice(bytes);
        self.take(&all, hear)
    }
}

/// Goes through the frames; yields what is left.
fn each_frame<'a>(
    mut bytes: &'a [u8],
    hear: &mut impl FnMut(Heard<'_>) -> Result<(), Wrong>,
) -> Result<&'a [u8], Wrong> {
    while let Some((heard, length)) = next(bytes) {
        hear(heard)?;
        bytes = &bytes[length..];
    }
    Ok(bytes)
}

/// The first frame, of up to 65,535 bytes, and its length with its header.
pub(super) fn next(bytes: &[u8]) -> Option<(Heard<'_>, usize)> {
    let (first, header, length) = match *bytes {
        [first, 126, high, low, ..] => (first, 4, usize::from(u16::from_be_bytes([high, low]))),
        [first, length @ 0..=125, ..] => (first, 2, usize::from(length)),
        // A longer frame, or a masked one, is none of those that are expected.
        [first, 127..=255, ..] => return Some((Heard::Other(first), bytes.len())),
        _ => return None,
    };
    let payload = bytes.get(header..header + length)?;
    let heard = match first {
        0x81 => Heard::Text(payload),
        0x89 => Heard::Ping(payload),
        0x88 => Heard::Close,
        first => Heard::Other(first),
    };
    Some((heard, header + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(incoming: &mut Incoming, bytes: &[u8]) -> Vec<String> {
        let mut all = Vec::new();
        let taken = incoming.take(bytes, |heard| {
            all.push(match heard {
                Heard::Text(text) => String::from_utf8_lossy(text).into_owned(),
                heard => format!("{heard:?}"),
            });
            Ok(())
        });
        taken.unwrap();
        all
    }

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let long = "x".repeat(200);
        let stream = [b"\x81\x02ab\x81\x00\x81\x7e\x00\xc8".as_slice(), long.as_bytes(), b"\x81\x01c"].concat();
        for size in 1..=stream.len() {
            let mut incoming = Incoming::default();
            let heard: Vec<_> = stream.chunks(size).flat_map(|bytes| heard(&mut incoming, bytes)).collect();
            assert_eq!(heard, ["ab", "", &long, "c"], "in pieces of {size}");
        }
    }

    #[test]
    fn a_frame_that_began_earlier_is_completed() {
        assert_eq!(heard(&mut Incoming::after(b"\x81\x02a".to_vec()), b"b"), ["ab"]);
    }

    #[test]
    fn kinds_of_frames() {
        let heard = |bytes: &'static [u8]| next(bytes).map(|(heard, _)| heard);
        assert_eq!(heard(b"\x89\x02hi"), Some(Heard::Ping(b"hi")));
        assert_eq!(heard(b"\x88\x00"), Some(Heard::Close));
        for bytes in [b"\x01\x00", b"\x80\x00", b"\x82\x00", b"\xc1\x00"] {
            assert_eq!(heard(bytes), Some(Heard::Other(bytes[0])));
        }
        for (bytes, why) in [(b"\x81\x7f\x00", "long"), (b"\x81\x81\x00", "masked"), (b"\x81\xfe\x00", "both")] {
            assert_eq!(heard(bytes), Some(Heard::Other(0x81)), "{why}");
        }
    }
}
