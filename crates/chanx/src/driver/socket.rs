//! The socket as the driver has it: to read from at any time, and to write to while nobody else does.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context as Task, Poll};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::tcp::OwnedReadHalf;

use crate::hub::Outlet;
use crate::transport::Stream;

/// A connection's socket.
#[derive(Debug)]
pub(super) enum Socket {
    /// A bare socket, and its outlet while that is not lent.
    Tcp(OwnedReadHalf, Option<Outlet>),
    /// Anything else, which nobody but the driver writes to; in a box, as it is larger.
    Other(Box<TokioIo<Upgraded>>),
}

impl Socket {
    pub(super) fn new(stream: Stream) -> Self {
        match stream {
            Stream::Tcp(stream) => {
                let (input, output) = stream.into_split();
                Self::Tcp(input, Some(Outlet(output)))
            }
            Stream::Other(stream) => Self::Other(Box::new(stream)),
        }
    }

    /// What can be lent to others; nothing if it is.
    pub(super) fn take_outlet(&mut self) -> Option<Outlet> {
        match self {
            Self::Tcp(_, outlet) => outlet.take(),
            Self::Other(_) => None,
        }
    }

    pub(super) fn put_outlet(&mut self, lent: Outlet) {
        if let Self::Tcp(_, outlet) = self {
            *outlet = Some(lent);
        }
    }

    /// Whether written bytes may stay in the process until they are flushed.
    pub(super) fn is_buffered(&self) -> bool {
        matches!(self, Self::Other(_))
    }

    /// Whether the peer, or the system, has ended the connection, although nothing was read. Known of bare sockets only.
    pub(super) fn is_hung_up(&self, task: &mut Task<'_>) -> bool {
        match self {
            Self::Tcp(input, _) => matches!(
                pin!(input.ready(Interest::READABLE)).poll(task),
                Poll::Ready(Ok(ready)) if ready.is_read_closed()
            ),
            Self::Other(_) => false,
        }
    }

    fn output(&mut self) -> io::Result<Pin<&mut (dyn AsyncWrite + Send + Unpin)>> {
        match self {
            Self::Tcp(_, Some(Outlet(output))) => Ok(Pin::new(output)),
            Self::Tcp(_, None) => Err(io::ErrorKind::NotConnected.into()),
            Self::Other(stream) => Ok(Pin::new(stream)),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, task: &mut Task<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(input, _) => Pin::new(input).poll_read(task, buffer),
            Self::Other(stream) => Pin::new(stream).poll_read(task, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, task: &mut Task<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().output()?.poll_write(task, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        self.get_mut().output()?.poll_flush(task)
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        self.get_mut().output()?.poll_shutdown(task)
    }
}
