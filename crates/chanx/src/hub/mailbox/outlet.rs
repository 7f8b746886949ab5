//! The way to a connection's socket. Whoever has it may write, and nobody else.

use bytes::{Buf, Bytes};
use tokio::net::tcp::OwnedWriteHalf;

/// The write half of a socket.
#[derive(Debug)]
pub(crate) struct Outlet(pub(crate) OwnedWriteHalf);

/// An outlet that was lent, and what its borrower left to be written first.
#[derive(Debug)]
pub(crate) struct Lent {
    pub(crate) outlet: Outlet,
    pub(crate) rest: Bytes,
}

impl Outlet {
    /// Writes what the socket takes at once, and returns the rest. A socket that is broken takes nothing: its driver finds
    /// out.
    pub(super) fn write(&self, bytes: &[u8]) -> Bytes {
        match self.try_write(bytes) {
            written if written == bytes.len() => Bytes::new(),
            written => Bytes::copy_from_slice(&bytes[written..]),
        }
    }

    /// The same without a copy of the rest.
    pub(super) fn write_shared(&self, mut bytes: Bytes) -> Bytes {
        bytes.advance(self.try_write(&bytes));
        bytes
    }

    fn try_write(&self, bytes: &[u8]) -> usize {
        self.0.try_write(bytes).unwrap_or(0)
    }
}
