//! The byte stream under a connection, free of everything the HTTP server kept around it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::http_socket::HttpSocket;

/// A byte stream, and what was read from it too early.
#[derive(Debug)]
pub(crate) struct Transport {
    pub(crate) stream: Stream,
    /// Bytes that came in one packet with the handshake: the first messages.
    pub(crate) early: Bytes,
}

/// Where the bytes come from.
#[derive(Debug)]
pub(crate) enum Stream {
    /// A bare socket.
    Tcp(TcpStream),
    /// Anything else: TLS, a stream in memory.
    Other(TokioIo<Upgraded>),
}

impl Transport {
    /// Takes the socket out of an upgraded connection, so that nothing of the HTTP server's buffers lives on.
    ///
    /// `axum::serve` has its socket in a wrapper of hyper-util's, a server on plain hyper has it bare, and one with timeouts
    /// has it in an [`HttpSocket`].
    pub(crate) fn new(upgraded: Upgraded) -> Self {
        let upgraded = match auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded) {
            Ok(parts) => return Self::tcp(parts.io, parts.read_buf),
            Err(upgraded) => upgraded,
        };
        let upgraded = match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => return Self::tcp(parts.io, parts.read_buf),
            Err(upgraded) => upgraded,
        };
        match upgraded.downcast::<TokioIo<HttpSocket>>() {
            Ok(parts) => Self::tcp(TokioIo::new(parts.io.into_inner().into_stream()), parts.read_buf),
            Err(upgraded) => Self { stream: Stream::Other(TokioIo::new(upgraded)), early: Bytes::new() },
        }
    }

    fn tcp(socket: TokioIo<TcpStream>, early: Bytes) -> Self {
        Self { stream: Stream::Tcp(socket.into_inner()), early }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Other(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Other(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Other(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Other(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Other(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
