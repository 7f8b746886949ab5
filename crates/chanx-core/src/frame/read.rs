//! From received bytes to frames. The bytes come from elsewhere; nothing is answered here.

use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

use super::assembly::{Assembly, NOTHING};
use super::header::Header;
use super::{Frame, Opcode, OwnedFrame, Role, Violation, body, mask};
use crate::deflate::Inflater;

/// Reads the frames of one connection.
///
/// The driver appends what the socket brings to [`buffer_mut`](Self::buffer_mut), then calls [`next`](Self::next) until
/// it yields nothing more. Payloads are unmasked where they lie and borrowed from there: a message that came in one
/// piece is neither copied nor allocated. The fragments of the others are joined in a buffer of their own.
///
/// A driver that reads only after `next` has yielded `None` holds at most one message, one header of 14 bytes and the
/// bytes of one read: a message over the limit is refused as soon as its header is there.
///
/// ```
/// use chanx_core::frame::{Frame, FrameReader, Role, Violation};
///
/// let mut reader = FrameReader::new(Role::Server, 100);
/// let text = [0x81, 0x82, 1, 2, 3, 4, b'h' ^ 1, b'i' ^ 2];
/// for byte in text {
///     assert_eq!(reader.next(), Ok(None));
///     reader.buffer_mut().extend_from_slice(&[byte]);
/// }
/// assert_eq!(reader.next(), Ok(Some(Frame::Text("hi"))));
///
/// let unmasked = [0x81, 0x02, b'h', b'i'];
/// reader.buffer_mut().extend_from_slice(&unmasked);
/// assert_eq!(reader.next(), Err(Violation::NotMasked));
/// assert!(reader.is_finished());
/// ```
#[derive(Debug)]
pub struct FrameReader {
    role: Role,
    max_message_size: usize,
    buffer: BytesMut,
    /// How many bytes at the front of the buffer belong to the frame that was yielded last.
    consumed: usize,
    /// How many bytes of the buffer's memory lie in front of it, at most.
    before: usize,
    /// None, as most of the time: no fragments are gathered, and no message of theirs was yielded last.
    assembly: Option<Box<Assembly>>,
    /// None: compressed messages were not agreed on.
    inflater: Option<Box<Inflater>>,
    is_finished: bool,
}

/// Up to how many bytes of an incomplete frame are copied between a shared buffer and the reader's own.
const COPIED_BYTES: usize = 4096;

/// Which part of a piece of memory a message must be at least, so that it keeps the memory alive instead of being copied.
const SHARED_FRACTION: usize = 2;

/// How much room a buffer has at most that replaces one whose memory a message took along, beyond what it holds.
const REPLACED_ROOM: usize = 16 * 1024;

/// Where the payload of a message or control frame lies that is there whole.
enum Payload {
    Buffered(Range<usize>),
    Assembled,
}

impl FrameReader {
    /// A reader of messages of at most `max_message_size` bytes, fragments added up.
    #[must_use]
    pub fn new(role: Role, max_message_size: usize) -> Self {
        Self {
            role,
            max_message_size,
            buffer: BytesMut::new(),
            consumed: 0,
            before: 0,
            assembly: None,
            inflater: None,
            is_finished: false,
        }
    }

    /// The same for a connection that agreed on compression.
    #[must_use]
    pub fn inflating(mut self, inflater: Inflater) -> Self {
        self.inflater = Some(Box::new(inflater));
        self
    }

    /// The buffer that received bytes are appended to. It begins with what is not yet yielded.
    ///
    /// Whatever is appended after the reader [finished](Self::is_finished) is thrown away.
    pub fn buffer_mut(&mut self) -> &mut BytesMut {
        self.release();
        &mut self.buffer
    }

    /// Puts a buffer in place of the reader's own, so that quiet readers share one. Bytes in `buffer` are thrown away;
    /// bytes that the reader has not yielded yet are copied into it.
    pub fn lend_buffer(&mut self, mut buffer: BytesMut) {
        self.release();
        buffer.clear();
        buffer.extend_from_slice(&self.buffer);
        self.buffer = buffer;
        self.before = 0;
    }

    /// Gives the buffer back, and keeps a copy of the bytes that are not yielded yet, in no more room than they take. `None`
    /// if they are many: then the reader keeps the buffer, so that no byte of a long frame is copied more than once.
    pub fn reclaim_buffer(&mut self) -> Option<BytesMut> {
        self.release();
        if self.keeps_buffer() {
            return None;
        }
        let kept = BytesMut::from(&self.buffer[..]);
        let mut buffer = std::mem::replace(&mut self.buffer, kept);
        buffer.clear();
        // With all its room, so that its size is known where it is lent next.
        let _ = buffer.try_reclaim(self.before + buffer.capacity());
        self.before = 0;
        Some(buffer)
    }

    /// Whether so much of a frame is there that the reader needs a buffer of its own.
    #[must_use]
    pub fn keeps_buffer(&self) -> bool {
        self.buffer.len() - self.consumed > COPIED_BYTES
    }

    /// Makes room for one more read of about `read_size` bytes. The buffer at least doubles where it grows, so the bytes of
    /// a frame that arrives in many pieces are moved a bounded number of times.
    pub fn make_room(&mut self, read_size: usize) {
        self.release();
        if self.buffer.capacity() - self.buffer.len() < read_size / 4 {
            self.replace_buffer(self.buffer.len() + self.buffer.len().max(read_size));
        }
    }

    /// Moves the bytes that are not yielded yet into a buffer of their own.
    fn replace_buffer(&mut self, capacity: usize) {
        let mut buffer = BytesMut::with_capacity(capacity);
        buffer.extend_from_slice(&self.buffer);
        self.buffer = buffer;
        self.before = 0;
    }

    /// Whether there is nothing to be yielded or completed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.len() == self.consumed
    }

    /// Whether nothing more will be yielded, because the peer closed or broke a rule.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.is_finished
    }

    /// The next message or control frame; `None` if more bytes are needed for it.
    ///
    /// # Errors
    /// The rule that the peer broke. It is reported once; from then on, as after a close frame, the answer is `None`.
    #[expect(clippy::should_implement_trait, reason = "an iterator's items could not borrow from the buffer")]
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, Violation> {
        self.release();
        let frame = match self.find() {
            Ok(Some((opcode, Payload::Buffered(place)))) => body::interpret(opcode, &self.buffer[place]).map(Some),
            Ok(Some((opcode, Payload::Assembled))) => {
                let payload = self.assembly.as_deref().unwrap_or(&NOTHING).payload();
                body::interpret(opcode, payload).map(Some)
            }
            Ok(None) => Ok(None),
            Err(violation) => Err(violation),
        };
        self.is_finished |= matches!(frame, Err(_) | Ok(Some(Frame::Close(_))));
        frame
    }

    /// The same as [`next`](Self::next), to keep: a message shares the memory that it was read into where that is no more
    /// than twice its size, and is a copy otherwise.
    ///
    /// # Errors
    /// As with [`next`](Self::next).
    pub fn next_owned(&mut self) -> Result<Option<OwnedFrame>, Violation> {
        self.release();
        let frame = match self.find() {
            Ok(Some((opcode, payload))) => body::interpret_owned(opcode, self.take(payload)).map(Some),
            Ok(None) => Ok(None),
            Err(violation) => Err(violation),
        };
        self.is_finished |= matches!(frame, Err(_) | Ok(Some(OwnedFrame::Close(_))));
        frame
    }

    /// Takes the payload that was just found out of the reader, without a copy if that keeps little else alive.
    fn take(&mut self, payload: Payload) -> Bytes {
        match payload {
            Payload::Buffered(place) => {
                let allocated = self.before + self.buffer.capacity();
                if place.len() * SHARED_FRACTION < allocated {
                    return Bytes::copy_from_slice(&self.buffer[place]);
                }
                let frame = self.buffer.split_to(self.consumed);
                self.consumed = 0;
                // The memory is the message's now. What follows is less than the message.
                self.replace_buffer(self.buffer.len().max(allocated.min(REPLACED_ROOM)));
                frame.freeze().slice(place)
            }
            Payload::Assembled => {
                let mut payload = self.assembly.take().map(|assembly| assembly.into_payload()).unwrap_or_default();
                if payload.len() * SHARED_FRACTION < payload.capacity() {
                    payload.shrink_to_fit();
                }
                payload.into()
            }
        }
    }

    /// Finds the next message or control frame that is there whole, and gathers the fragments before it.
    fn find(&mut self) -> Result<Option<(Opcode, Payload)>, Violation> {
        while let Some((header, place)) = self.frame()? {
            if header.is_plain() {
                return Ok(Some((header.opcode, Payload::Buffered(place))));
            }
            let assembly = self.assembly.get_or_insert_default();
            if header.opcode != Opcode::Continuation {
                assembly.begin(header.opcode, header.is_compressed);
            }
            assembly.add(&self.buffer[place], self.max_message_size)?;
            if header.is_final {
                if let Some(inflater) = &mut self.inflater {
                    assembly.inflate(inflater, self.max_message_size)?;
                }
                return Ok(assembly.finish().map(|opcode| (opcode, Payload::Assembled)));
            }
            self.consume();
        }
        Ok(None)
    }

    /// Unmasks the single frame at the front of the buffer, if it is there whole, and marks it as consumed.
    fn frame(&mut self) -> Result<Option<(Header, Range<usize>)>, Violation> {
        let Some(header) = Header::parse(&self.buffer, self.role, self.inflater.is_some())? else {
            return Ok(None);
        };
        self.admit(&header)?;
        let place = header.len..header.len.saturating_add(header.payload_len);
        let Some(payload) = self.buffer.get_mut(place.clone()) else {
            return Ok(None);
        };
        if let Some(key) = header.mask {
            mask::apply(payload, key);
        }
        self.consumed = place.end;
        Ok(Some((header, place)))
    }

    /// Checks a frame against those before it and against the limit, before its payload is waited for.
    fn admit(&self, header: &Header) -> Result<(), Violation> {
        if header.opcode.is_control() {
            return Ok(());
        }
        match (header.opcode, self.assembly().is_open()) {
            (Opcode::Continuation, false) => return Err(Violation::StrayContinuation),
            (Opcode::Text | Opcode::Binary, true) => return Err(Violation::InterruptedMessage),
            _ => {}
        }
        if header.payload_len > self.max_message_size.saturating_sub(self.assembly().len()) {
            return self.admit_incompressible(header);
        }
        Ok(())
    }

    /// Admits a frame that takes its message over the limit, if what makes it so long may be the compression alone.
    fn admit_incompressible(&self, header: &Header) -> Result<(), Violation> {
        let limit = self.max_message_size;
        let is_compressed = header.is_compressed || self.assembly().is_compressed();
        let compressed_limit = limit.saturating_add(limit / 8).saturating_add(64);
        match is_compressed && header.payload_len <= compressed_limit.saturating_sub(self.assembly().len()) {
            true => Ok(()),
            false => Err(Violation::TooBig { limit }),
        }
    }

    /// Lets go of the frame that was yielded last, or of everything once there is nothing more to yield.
    fn release(&mut self) {
        self.consume();
        if self.is_finished {
            self.buffer = BytesMut::new();
            self.before = 0;
            self.inflater = None;
        }
        if self.is_finished || !self.assembly().is_open() {
            self.assembly = None;
        }
    }

    fn assembly(&self) -> &Assembly {
        self.assembly.as_deref().unwrap_or(&NOTHING)
    }

    fn consume(&mut self) {
        self.buffer.advance(self.consumed);
        self.before += self.consumed;
        self.consumed = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::write_masked;

    fn reader_with(frames: &[&[u8]]) -> FrameReader {
        let mut wire = Vec::new();
        for payload in frames {
            write_masked(&mut wire, Opcode::Binary, payload, [9; 4]);
        }
        let mut reader = FrameReader::new(Role::Server, 1 << 20);
        reader.buffer_mut().extend_from_slice(&wire);
        reader
    }

    #[test]
    fn a_lent_buffer_comes_back_with_its_room_and_what_is_incomplete_stays() {
        let mut reader = reader_with(&[b"first", b"second"]);
        assert_eq!(reader.next(), Ok(Some(Frame::Binary(b"first"))));
        reader.buffer_mut().truncate(4);
        reader.lend_buffer(BytesMut::with_capacity(10_000));
        assert!(reader.buffer.capacity() >= 10_000);
        assert_eq!(reader.next(), Ok(None));
        assert!(reader.reclaim_buffer().unwrap().capacity() >= 10_000);
        assert_eq!(reader.buffer.len(), 4);
        assert!(!reader.buffer.try_reclaim(100), "no more room than the rest takes");
    }

    #[test]
    fn a_long_frame_in_many_pieces_is_not_copied_for_each_of_them() {
        let size = 8 << 20;
        let mut wire = Vec::new();
        write_masked(&mut wire, Opcode::Binary, &vec![7; size], [9; 4]);
        let mut reader = FrameReader::new(Role::Server, size);
        let mut shared = BytesMut::with_capacity(16 * 1024);
        let (mut moves, mut place) = (0, std::ptr::null());
        for piece in wire.chunks(1000) {
            match reader.keeps_buffer() {
                true => reader.make_room(16 * 1024),
                false => reader.lend_buffer(std::mem::take(&mut shared)),
            }
            reader.buffer_mut().extend_from_slice(piece);
            assert!(
                reader.buffer.capacity() <= 2 * reader.buffer.len() + 32 * 1024,
                "more room than twice what arrived"
            );
            if piece.len() < 1000 {
                break;
            }
            assert_eq!(reader.next(), Ok(None));
            if let Some(buffer) = reader.reclaim_buffer() {
                shared = buffer;
            }
            moves += usize::from(reader.keeps_buffer() && reader.buffer.as_ptr() != place);
            place = reader.buffer.as_ptr();
        }
        assert!(moves <= 12, "the frame was moved {moves} times");
        assert!(matches!(reader.next(), Ok(Some(Frame::Binary(payload))) if payload.len() == size));
        assert!(reader.reclaim_buffer().is_some(), "the buffer is given back once the frame was yielded");
        assert_eq!(reader.buffer.capacity(), 0);
    }

    #[test]
    fn an_empty_reader_holds_nothing() {
        let mut reader = reader_with(&[b"small"]);
        assert!(reader.next().unwrap().is_some());
        drop(reader.reclaim_buffer());
        assert!(reader.is_empty() && !reader.buffer.try_reclaim(1));
    }

    #[test]
    fn room_reserved_by_the_driver_is_not_given_back_before_it_reads() {
        let mut reader = FrameReader::new(Role::Server, 1 << 20);
        reader.buffer_mut().reserve(64 * 1024);
        assert!(reader.buffer_mut().capacity() >= 64 * 1024);
    }

    #[test]
    fn a_joined_message_is_given_back_at_the_following_call() {
        let mut reader = FrameReader::new(Role::Client, 1 << 20);
        reader.buffer_mut().extend_from_slice(&[0x02, 1, b'a', 0x80, 1, b'b']);
        assert_eq!(reader.next(), Ok(Some(Frame::Binary(b"ab"))));
        assert_eq!(reader.next(), Ok(None));
        assert!(reader.assembly.is_none());
    }

    #[test]
    fn nothing_is_held_after_a_violation() {
        let mut reader = FrameReader::new(Role::Client, 5000);
        reader.buffer_mut().extend_from_slice(&[0x02, 1, b'a', 0xFF, 0]);
        reader.buffer_mut().extend_from_slice(&[0; 5000]);
        assert_eq!(reader.next(), Err(Violation::ReservedBits));
        for late in [0, 5000] {
            reader.buffer_mut().resize(late, 0);
            assert_eq!(reader.next(), Ok(None));
            assert!(!reader.buffer.try_reclaim(1));
            assert!(reader.assembly.is_none());
        }
    }
}
