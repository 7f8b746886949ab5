//! The header of a frame, both ways. It knows nothing of the frames before and after its own.

use std::ops::Deref;

use super::{MAX_CONTROL_PAYLOAD, Opcode, Role, Violation};

const FIN: u8 = 0x80;
/// Set on the first frame of a compressed message (RFC 7692, section 6), where compression was agreed on.
const COMPRESSED: u8 = 0x40;
const RESERVED_BITS: u8 = 0x70;
const OPCODE: u8 = 0x0F;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7F;

/// The value of the length's seven bits that says: the length follows in 16 bits.
const LENGTH_16: u8 = 126;
/// The value of the length's seven bits that says: the length follows in 64 bits.
const LENGTH_64: u8 = 127;

/// Whether the first of these frames is that of a compressed message.
#[must_use]
pub fn is_compressed(frames: &[u8]) -> bool {
    frames.first().is_some_and(|first| first & COMPRESSED != 0)
}

/// A header that was read whole, and that breaks no rule on its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    /// Whether this is the last fragment of its message.
    pub(super) is_final: bool,
    /// Whether the message that begins here is compressed.
    pub(super) is_compressed: bool,
    pub(super) opcode: Opcode,
    /// The key that the payload is masked with; present on a server, absent on a client.
    pub(super) mask: Option<[u8; 4]>,
    /// The size of this header in bytes.
    pub(super) len: usize,
    /// The size of the payload in bytes.
    pub(super) payload_len: usize,
}

impl Header {
    /// Reads the header at the front of `input`; `None` if it is not there whole. Compressed messages are refused unless
    /// they were agreed on.
    pub(super) fn parse(input: &[u8], role: Role, may_be_compressed: bool) -> Result<Option<Self>, Violation> {
        let &[first, second, ref rest @ ..] = input else {
            return Ok(None);
        };
        let opcode = opcode(first, may_be_compressed)?;
        let is_final = first & FIN != 0;
        let is_compressed = first & COMPRESSED != 0;
        let short_len = second & LENGTH;
        check_mask(second & MASKED != 0, role)?;
        if opcode.is_control() {
            check_control(is_final, short_len)?;
        }
        let Some((payload_len, rest)) = split_length(short_len, rest)? else {
            return Ok(None);
        };
        let Some((mask, rest)) = split_mask(role, rest) else {
            return Ok(None);
        };
        Ok(Some(Self { is_final, is_compressed, opcode, mask, len: input.len() - rest.len(), payload_len }))
    }

    /// Whether the payload of this frame alone is that of a message or control frame, as it is.
    pub(super) fn is_plain(&self) -> bool {
        self.is_final && !self.is_compressed && self.opcode != Opcode::Continuation
    }
}

fn opcode(first: u8, may_be_compressed: bool) -> Result<Opcode, Violation> {
    let nibble = first & OPCODE;
    if first & RESERVED_BITS != 0 {
        let begins_message = nibble == Opcode::Text as u8 || nibble == Opcode::Binary as u8;
        if first & RESERVED_BITS != COMPRESSED || !may_be_compressed || !begins_message {
            return Err(Violation::ReservedBits);
        }
    }
    Opcode::from_nibble(nibble).ok_or(Violation::ReservedOpcode(nibble))
}

fn check_mask(is_masked: bool, role: Role) -> Result<(), Violation> {
    match (role, is_masked) {
        (Role::Server, false) => Err(Violation::NotMasked),
        (Role::Client, true) => Err(Violation::Masked),
        (Role::Server, true) | (Role::Client, false) => Ok(()),
    }
}

fn check_control(is_final: bool, short_len: u8) -> Result<(), Violation> {
    if !is_final {
        Err(Violation::FragmentedControl)
    } else if usize::from(short_len) > MAX_CONTROL_PAYLOAD {
        Err(Violation::LongControl)
    } else {
        Ok(())
    }
}

/// The payload's length and what follows it.
fn split_length(short_len: u8, input: &[u8]) -> Result<Option<(usize, &[u8])>, Violation> {
    match short_len {
        LENGTH_16 => {
            let Some((len, rest)) = input.split_first_chunk() else {
                return Ok(None);
            };
            match u16::from_be_bytes(*len) {
                0..=125 => Err(Violation::LongLength),
                len => Ok(Some((len.into(), rest))),
            }
        }
        LENGTH_64 => {
            let Some((len, rest)) = input.split_first_chunk() else {
                return Ok(None);
            };
            Ok(Some((payload_len(u64::from_be_bytes(*len))?, rest)))
        }
        len => Ok(Some((len.into(), input))),
    }
}

/// A length in 64 bits. One that is too much for the address space is as good as the largest: no limit allows either.
fn payload_len(len: u64) -> Result<usize, Violation> {
    if len > i64::MAX.unsigned_abs() {
        return Err(Violation::LengthOverflow);
    }
    if len <= u16::MAX.into() {
        return Err(Violation::LongLength);
    }
    Ok(usize::try_from(len).unwrap_or(usize::MAX))
}

fn split_mask(role: Role, input: &[u8]) -> Option<(Option<[u8; 4]>, &[u8])> {
    match role {
        Role::Server => input.split_first_chunk().map(|(key, rest)| (Some(*key), rest)),
        Role::Client => Some((None, input)),
    }
}

/// A header without its masking key, in the fewest bytes that hold its length: 2, 4 or 10.
pub(super) struct EncodedHeader {
    bytes: [u8; 10],
    len: usize,
}

impl EncodedHeader {
    /// The header of an unfragmented frame that is not masked.
    pub(super) fn new(opcode: Opcode, payload_len: usize) -> Self {
        let mut bytes = [0; 10];
        let wide_len = payload_len as u64;
        let (short_len, len) = match wide_len {
            0..=125 => (payload_len as u8, 2),
            126..=0xFFFF => {
                bytes[2..4].copy_from_slice(&(payload_len as u16).to_be_bytes());
                (LENGTH_16, 4)
            }
            _ => {
                bytes[2..].copy_from_slice(&wide_len.to_be_bytes());
                (LENGTH_64, 10)
            }
        };
        bytes[0] = FIN | opcode as u8;
        bytes[1] = short_len;
        Self { bytes, len }
    }

    /// The header of an unfragmented message that is compressed.
    pub(super) fn compressed(opcode: Opcode, payload_len: usize) -> Self {
        let mut header = Self::new(opcode, payload_len);
        header.bytes[0] |= COMPRESSED;
        header
    }

    /// The header of an unfragmented frame that announces a masking key.
    pub(super) fn masked(opcode: Opcode, payload_len: usize) -> Self {
        let mut header = Self::new(opcode, payload_len);
        header.bytes[1] |= MASKED;
        header
    }
}

impl Deref for EncodedHeader {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_in_the_fewest_bytes() {
        let lengths = [(0, 2), (1, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10), (1 << 40, 10)];
        for (payload_len, header_len) in lengths {
            let encoded = EncodedHeader::new(Opcode::Binary, payload_len);
            assert_eq!(encoded.len(), header_len);
            let header = Header::parse(&encoded, Role::Client, false).unwrap().unwrap();
            assert_eq!((header.payload_len, header.len, header.mask), (payload_len, header_len, None));
            assert!(header.is_final && header.opcode == Opcode::Binary);
        }
    }

    #[test]
    fn a_header_cut_anywhere_asks_for_more() {
        for payload_len in [0, 126, 65_536] {
            let mut encoded = EncodedHeader::masked(Opcode::Text, payload_len).to_vec();
            encoded.extend([1, 2, 3, 4]);
            for cut in 0..encoded.len() {
                assert!(Header::parse(&encoded[..cut], Role::Server, false).unwrap().is_none());
            }
            let header = Header::parse(&encoded, Role::Server, false).unwrap().unwrap();
            assert_eq!((header.len, header.mask), (encoded.len(), Some([1, 2, 3, 4])));
        }
    }

    #[test]
    fn lengths_are_in_the_fewest_bytes() {
        let wide = |len: u16| [&[0x82, 126], &len.to_be_bytes()[..]].concat();
        let wider = |len: u64| [&[0x82, 127], &len.to_be_bytes()[..]].concat();
        let parse = |input: &[u8]| Header::parse(input, Role::Client, false).map(|header| header.unwrap().payload_len);
        for (input, result) in [
            (wide(0), Err(Violation::LongLength)),
            (wide(125), Err(Violation::LongLength)),
            (wide(126), Ok(126)),
            (wider(5), Err(Violation::LongLength)),
            (wider(65_535), Err(Violation::LongLength)),
            (wider(65_536), Ok(65_536)),
        ] {
            assert_eq!(parse(&input), result, "{input:?}");
        }
    }
}
