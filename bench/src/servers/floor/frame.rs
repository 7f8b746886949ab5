//! Frames of clients, short and whole.

/// A frame, unmasked where it lies.
pub(super) struct Frame<'a> {
    pub(super) opcode: u8,
    pub(super) payload: &'a [u8],
    /// How long it was with its header.
    pub(super) length: usize,
}

/// The first frame, once all of it is there. Longer ones than 65,535 bytes are none that the load sends.
pub(super) fn next(bytes: &mut [u8]) -> Option<Frame<'_>> {
    let (header, size) = match *bytes {
        [_, length, high, low, ..] if length & 0x7f == 126 => (4, usize::from(u16::from_be_bytes([high, low]))),
        [_, length, ..] => (2, usize::from(length & 0x7f)),
        _ => return None,
    };
    let (opcode, length) = (bytes[0] & 0x0f, header + 4 + size);
    let (mask, payload) = bytes.get_mut(header..length)?.split_first_chunk_mut()?;
    unmask(*mask, payload);
    Some(Frame { opcode, payload, length })
}

fn unmask(mask: [u8; 4], payload: &mut [u8]) {
    let whole = u32::from_ne_bytes(mask);
    let (words, rest) = payload.as_chunks_mut();
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ whole).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}
