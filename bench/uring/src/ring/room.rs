//! Buffers for what arrives, of which the kernel takes the next one where it needs one.

use std::io;
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::types::BufRingEntry;
use io_uring::{Submitter, cqueue};

/// The group of buffers, as requests name it.
pub(super) const GROUP: u16 = 0;

/// A power of two: the buffers lie in a ring of their own. A turn rarely takes more, and few of them stay
/// in the caches.
const BUFFERS: u16 = 256;
const SIZE: usize = 4096;

const PAGE: usize = 4096;

/// A ring has to begin with a page.
#[repr(C, align(4096))]
#[derive(Clone)]
struct Page([u8; PAGE]);

/// Memory that is never freed: the kernel may write into it for a while after the ring is gone.
pub(super) struct Room {
    ring: *mut BufRingEntry,
    bytes: *mut u8,
    /// Where in the ring the next buffer is given to the kernel.
    tail: u16,
}

/// What has arrived: the beginning of a buffer, which is the reader's until it is given back.
pub(crate) struct Piece {
    buffer: u16,
    length: usize,
}

impl Room {
    pub(super) fn new(submitter: &Submitter<'_>) -> io::Result<Self> {
        let pages = usize::from(BUFFERS) * size_of::<BufRingEntry>() / PAGE;
        let ring = Vec::leak(vec![Page([0; PAGE]); pages]).as_mut_ptr().cast();
        let bytes = Vec::leak(vec![0; usize::from(BUFFERS) * SIZE]).as_mut_ptr();
        // SAFETY: the ring begins with a page, has room for so many entries, and is never freed.
        unsafe { submitter.register_buf_ring_with_flags(ring as u64, BUFFERS, GROUP, 0)? };
        let mut room = Self { ring, bytes, tail: 0 };
        (0..BUFFERS).for_each(|buffer| room.give_back(Piece { buffer, length: 0 }));
        Ok(room)
    }

    /// The buffer of a completion; none, if it has none.
    pub(super) fn piece(&self, completion: &cqueue::Entry) -> Option<Piece> {
        let length = usize::try_from(completion.result()).ok().filter(|length| *length > 0)?;
        Some(Piece { buffer: cqueue::buffer_select(completion.flags())?, length })
    }

    pub(super) fn bytes(&self, piece: &Piece) -> &[u8] {
        // SAFETY: the kernel has filled so many bytes of this buffer, and leaves it alone until it is given back, for which
        // there must be no such slice any more, as `self` and the piece are borrowed.
        unsafe { std::slice::from_raw_parts(self.start(piece.buffer), piece.length) }
    }

    #[expect(clippy::needless_pass_by_value, reason = "what is given back is not to be read any more")]
    pub(super) fn give_back(&mut self, piece: Piece) {
        // SAFETY: the kernel reads no entry at or behind the tail, and there are as many entries as buffers. The tail lies in the
        // first one, in a field that the setters do not touch.
        let tail = unsafe {
            let entry = &mut *self.ring.add(usize::from(self.tail % BUFFERS));
            entry.set_addr(self.start(piece.buffer) as u64);
            entry.set_len(SIZE as u32);
            entry.set_bid(piece.buffer);
            AtomicU16::from_ptr(BufRingEntry::tail(self.ring).cast_mut())
        };
        self.tail = self.tail.wrapping_add(1);
        tail.store(self.tail, Ordering::Release);
    }

    fn start(&self, buffer: u16) -> *mut u8 {
        // SAFETY: the kernel names only buffers that it was given, all of which lie in `bytes`.
        unsafe { self.bytes.add(usize::from(buffer) * SIZE) }
    }
}
