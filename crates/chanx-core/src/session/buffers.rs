//! Buffers that the sessions of one thread share, because most sessions are quiet at any time.

use bytes::BytesMut;

use super::Session;

/// Room for what arrives and for what is sent, which a worker lends to the session that runs.
///
/// ```
/// use chanx_core::session::{Buffers, Session, SessionConfig};
///
/// let mut session = Session::new("1".into(), SessionConfig::default().into());
/// let mut buffers = Buffers::default();
/// session.lend(&mut buffers);
/// // Read, handle, write.
/// session.reclaim(&mut buffers);
/// ```
#[derive(Debug, Default)]
pub struct Buffers {
    input: BytesMut,
    output: Vec<u8>,
}

/// How much room one read has.
const READ_SIZE: usize = 16 * 1024;
/// A large reply should not make a worker large for ever.
const KEPT_CAPACITY: usize = 64 * 1024;

impl Session {
    /// Gives the session room. One that waits for the rest of a long message, or for its peer, has room of its own already.
    pub fn lend(&mut self, buffers: &mut Buffers) {
        if self.reader.keeps_buffer() {
            self.reader.make_room(READ_SIZE);
        } else {
            let mut input = std::mem::take(&mut buffers.input);
            input.clear();
            input.reserve(READ_SIZE);
            self.reader.lend_buffer(input);
        }
        self.output.lend(&mut buffers.output);
    }

    /// Takes the room back. What is in use stays with the session.
    pub fn reclaim(&mut self, buffers: &mut Buffers) {
        if let Some(input) = self.reader.reclaim_buffer()
            && input.capacity() <= KEPT_CAPACITY
        {
            buffers.input = input;
        }
        let output = self.output.reclaim();
        if (1..=KEPT_CAPACITY).contains(&output.capacity()) {
            buffers.output = output;
        }
    }
}
