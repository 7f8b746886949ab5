//! chanx's session and a handler, and nothing else of chanx: no tokio, no driver, no hub. What is left is a message's way through the
//! protocol, to be measured with different ways to read and write.
//!
//! A yardstick and no server: nobody is pinged, and handlers cannot wait.

mod epoll;
mod talk;

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, TcpListener};

use rustix::net::sockopt::set_tcp_nodelay;

use super::{Kind, announce};
use talk::{Hall, Talk};

/// Serves for ever, around a ring or an epoll.
///
/// # Errors
/// The server cannot listen, or cannot go on.
pub(super) fn serve(kind: Kind) -> io::Result<Infallible> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    // Sockets have it from the listener.
    set_tcp_nodelay(&listener, true)?;
    announce(listener.local_addr()?);
    let hall = Hall::new();
    let admit = || Talk::new(&hall);
    match kind {
        Kind::ChanxUring => bench_uring::serve(listener, admit),
        _ => epoll::serve(listener, admit),
    }
}
