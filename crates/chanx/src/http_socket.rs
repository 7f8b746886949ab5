//! A socket under an HTTP server that ends when its client takes too long.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// How long a client of an [`HttpSocket`] may take.
#[derive(Clone, Copy, Debug)]
pub struct HttpTimeouts {
    /// From the first byte of a request to the end of its head; for the first request from the beginning.
    pub head: Duration,
    /// From the end of an answer to the first byte of the next request.
    pub keep_alive: Duration,
    /// Without taking anything of an answer.
    pub send: Duration,
}

/// A TCP socket for a server made with hyper, which fails with [`TimedOut`](io::ErrorKind::TimedOut) when the client takes
/// longer than [`HttpTimeouts`] allow. A WebSocket that comes out of it has the bare socket.
///
/// The server says with [`HttpTurns`] when it is its own turn, and does not wait for the client.
#[derive(Debug)]
pub struct HttpSocket {
    stream: TcpStream,
    timeouts: HttpTimeouts,
    turns: HttpTurns,
    /// The turn that `reading` belongs to.
    turn: u64,
    /// Whether a byte has come since the last answer.
    is_in_head: bool,
    reading: Timer,
    writing: Timer,
}

/// Whose turn it is on an [`HttpSocket`]: the client's until the head of a request is there, then the server's until the answer
/// is written. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct HttpTurns(Arc<Turns>);

#[derive(Debug, Default)]
struct Turns {
    /// An even number in the client's turns, an odd one in the server's.
    number: AtomicU64,
    /// The task that reads. hyper does not read again by itself after a request if nothing came meanwhile, and without that
    /// no time would run.
    reader: AtomicWaker,
}

/// The server's turn, until it is dropped.
#[derive(Debug)]
pub struct HttpTurn(HttpTurns);

impl HttpTurns {
    /// Begins the server's turn: a request is there.
    #[must_use]
    pub fn begin(&self) -> HttpTurn {
        self.0.number.fetch_add(1, Ordering::Relaxed);
        HttpTurn(self.clone())
    }

    fn number(&self) -> u64 {
        self.0.number.load(Ordering::Relaxed)
    }
}

impl Drop for HttpTurn {
    fn drop(&mut self) {
        let Turns { number, reader } = &*self.0.0;
        number.fetch_add(1, Ordering::Relaxed);
        reader.wake();
    }
}

impl HttpSocket {
    /// A socket whose client has the first turn.
    pub fn new(stream: TcpStream, timeouts: HttpTimeouts, turns: HttpTurns) -> Self {
        let turn = turns.number();
        Self { stream, timeouts, turns, turn, is_in_head: true, reading: Timer::default(), writing: Timer::default() }
    }

    /// The socket without its limits.
    pub fn into_stream(self) -> TcpStream {
        self.stream
    }

    /// Ready when the client has taken too long for its request.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.look_at_turn();
        if self.turn % 2 == 1 {
            self.turns.0.reader.register(cx.waker());
            return Poll::Pending;
        }
        let limit = if self.is_in_head { self.timeouts.head } else { self.timeouts.keep_alive };
        self.reading.poll(limit, cx)
    }

    fn note_read(&mut self) {
        self.look_at_turn();
        if !std::mem::replace(&mut self.is_in_head, true) {
            self.reading.stop();
        }
    }

    /// Each turn has a limit of its own.
    fn look_at_turn(&mut self) {
        let turn = self.turns.number();
        if std::mem::replace(&mut self.turn, turn) != turn {
            self.reading.stop();
            self.is_in_head = false;
        }
    }

    /// Notes that the client took something, or that it does not.
    fn poll_written<T>(&mut self, written: Poll<io::Result<T>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_pending() {
            let is_late = self.writing.poll(self.timeouts.send, cx).is_ready();
            return if is_late { Poll::Ready(Err(io::ErrorKind::TimedOut.into())) } else { Poll::Pending };
        }
        self.writing.stop();
        if !self.is_in_head {
            self.reading.stop();
        }
        written
    }
}

impl AsyncRead for HttpSocket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let socket = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut socket.stream).poll_read(cx, buffer);
        if read.is_pending() {
            return socket.poll_late(cx).map(|()| Err(io::ErrorKind::TimedOut.into()));
        }
        if buffer.filled().len() > before {
            socket.note_read();
        }
        read
    }
}

impl AsyncWrite for HttpSocket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let socket = self.get_mut();
        let written = Pin::new(&mut socket.stream).poll_write(cx, bytes);
        socket.poll_written(written, cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let socket = self.get_mut();
        let written = Pin::new(&mut socket.stream).poll_write_vectored(cx, slices);
        socket.poll_written(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// A limit that runs from the first look at it to the end of what it limits.
#[derive(Debug, Default)]
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    fn poll(&mut self, limit: Duration, cx: &mut Context<'_>) -> Poll<()> {
        self.0.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx)
    }

    fn stop(&mut self) {
        self.0 = None;
    }
}
