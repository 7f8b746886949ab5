//! A fragmented message on its way: the fragments that have arrived, joined.

use super::{Opcode, Violation};
use crate::deflate::Inflater;

/// The message that is being put together, if any, or the one that was yielded last.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    /// What the message began as, until its last fragment is there.
    opcode: Option<Opcode>,
    /// Whether the payload is still to be inflated.
    is_compressed: bool,
    payload: Vec<u8>,
    /// How many bytes at the front of a text are known to be whole, valid characters.
    checked: usize,
}

/// No message.
pub(super) static NOTHING: Assembly = Assembly { opcode: None, is_compressed: false, payload: Vec::new(), checked: 0 };

impl Assembly {
    /// Whether fragments are still to come.
    pub(super) fn is_open(&self) -> bool {
        self.opcode.is_some()
    }

    /// The size so far, in bytes; 0 if no message is being put together.
    pub(super) fn len(&self) -> usize {
        self.payload.len()
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(super) fn into_payload(self) -> Vec<u8> {
        self.payload
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// Begins a message with what the header of its first fragment says, which is still to be added.
    pub(super) fn begin(&mut self, opcode: Opcode, is_compressed: bool) {
        self.opcode = Some(opcode);
        self.is_compressed = is_compressed;
    }

    /// Adds a fragment to a message that is expected to become `limit` bytes long at most.
    ///
    /// Text is checked as it comes, so that a message which cannot become valid is not gathered to its end.
    pub(super) fn add(&mut self, fragment: &[u8], limit: usize) -> Result<(), Violation> {
        self.reserve(fragment.len(), limit);
        self.payload.extend_from_slice(fragment);
        if self.opcode == Some(Opcode::Text) && !self.is_compressed { self.check_text() } else { Ok(()) }
    }

    /// Inflates the payload that is there whole, if it is compressed, to at most `limit` bytes.
    pub(super) fn inflate(&mut self, inflater: &mut Inflater, limit: usize) -> Result<(), Violation> {
        if self.is_compressed {
            self.payload = inflater.inflate(&self.payload, limit)?;
            self.is_compressed = false;
        }
        Ok(())
    }

    /// Ends the message, whose payload stays, and tells what it began as.
    pub(super) fn finish(&mut self) -> Option<Opcode> {
        self.opcode.take()
    }

    /// Doubles the room as a vector would, but never beyond the limit.
    fn reserve(&mut self, additional: usize, limit: usize) {
        let needed = self.payload.len() + additional;
        if needed > self.payload.capacity() {
            let roomy = self.payload.capacity().saturating_mul(2).min(limit).max(needed);
            self.payload.reserve_exact(roomy - self.payload.len());
        }
    }

    fn check_text(&mut self) -> Result<(), Violation> {
        match std::str::from_utf8(&self.payload[self.checked..]) {
            Ok(valid) => self.checked += valid.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(Violation::InvalidUtf8),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_grows_in_leaps_but_not_beyond_the_limit() {
        let mut assembly = Assembly::default();
        assembly.begin(Opcode::Binary, false);
        let mut leaps = 0;
        for _ in 0..1000 {
            let before = assembly.payload.capacity();
            assembly.add(b"x", 1000).unwrap();
            leaps += usize::from(assembly.payload.capacity() > before);
        }
        assert!(leaps <= 11, "{leaps} reallocations");
        assert_eq!((assembly.len(), assembly.payload.capacity()), (1000, 1000));
    }

    #[test]
    fn text_is_refused_at_the_fragment_that_spoils_it() {
        let mut assembly = Assembly::default();
        assembly.begin(Opcode::Text, false);
        assert_eq!(assembly.add(b"\xe2\x82", 100), Ok(()));
        assert_eq!(assembly.add(b"\xac\xf0", 100), Ok(()));
        assert_eq!(assembly.checked, 3);
        assert_eq!(assembly.add(b"\x80", 100), Err(Violation::InvalidUtf8));
    }

    #[test]
    fn a_finished_message_stays() {
        let mut assembly = Assembly::default();
        assembly.begin(Opcode::Binary, false);
        assembly.add(b"ab", 100).unwrap();
        assert_eq!(assembly.finish(), Some(Opcode::Binary));
        assert!(!assembly.is_open());
        assert_eq!(assembly.payload(), b"ab");
    }
}
