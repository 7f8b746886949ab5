//! A server's loop over one io_uring, for conversations that know no socket. A yardstick: it is there to be measured.
//!
//! One thread, one ring. Clients are accepted and heard by requests that stay (multishot), into buffers that the kernel
//! chooses; whatever is to be sent is handed over at the end of a turn, with the system call that waits for the next one.

mod clients;
mod ring;

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;

use clients::Clients;
use ring::Ring;

/// One side of a conversation.
pub trait Peer {
    /// Takes what has arrived, in pieces of any size, and adds what is to be sent. Yields whether the conversation goes on.
    fn hear(&mut self, bytes: &[u8], answer: &mut Vec<u8>) -> bool;
}

/// Whether this system lets processes have a ring as it takes. Many containers do not.
#[must_use]
pub fn is_permitted() -> bool {
    // In a thread of its own: some time after a ring is closed, the system interrupts whatever the thread that made it waits for.
    std::thread::spawn(|| ring::set_up().is_ok()).join().unwrap_or(false)
}

/// Serves for ever, with a new peer for each client.
///
/// # Errors
/// The system permits no ring, or not one like this (it takes Linux 6.1), or more clients come than there are places for.
pub fn serve<P: Peer>(listener: TcpListener, admit: impl FnMut() -> P) -> io::Result<Infallible> {
    let mut ring = Ring::new(listener)?;
    let mut clients = Clients::new(admit);
    loop {
        ring.turn()?;
        while let Some(event) = ring.next()? {
            clients.take(event, &mut ring)?;
        }
    }
}
