//! WebSocket frames (RFC 6455, section 5) between bytes and messages, without a socket.
//!
//! [`FrameReader`] turns received bytes into [`Frame`]s; [`FrameWriter`] and its smaller siblings append frames to a
//! `Vec<u8>`. Both know framing alone: what a text says and when a close frame is answered is decided elsewhere.
//! The first reserved bit marks compressed messages where those were agreed on; the others are always zero.
//!
//! ```
//! use chanx_core::frame::{Frame, FrameReader, Opcode, Role, write_masked};
//!
//! let mut wire = Vec::new();
//! write_masked(&mut wire, Opcode::Text, b"hello", [1, 2, 3, 4]);
//!
//! let mut reader = FrameReader::new(Role::Server, 65_536);
//! reader.buffer_mut().extend_from_slice(&wire);
//! assert_eq!(reader.next(), Ok(Some(Frame::Text("hello"))));
//! assert_eq!(reader.next(), Ok(None));
//! ```

mod read;
mod violation;
mod write;

mod assembly;
mod body;
mod header;
mod mask;

mod handshake;

pub use handshake::accept_key;
pub use header::is_compressed;
pub use read::FrameReader;
pub use violation::Violation;
pub use write::{FrameWriter, write_close, write_compressed, write_frame, write_masked};

use bytes::Bytes;

use crate::close::CloseFrame;
use crate::message::Raw;

/// The longest payload of a ping, pong or close frame, in bytes (RFC 6455, section 5.5).
pub const MAX_CONTROL_PAYLOAD: usize = 125;

/// Which end of the connection reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Reads what clients send: every frame must be masked (RFC 6455, section 5.1).
    Server,
    /// Reads what a server sends: no frame may be masked.
    Client,
}

/// The kind of a single frame on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// A further fragment of the message that was begun.
    Continuation = 0x0,
    /// UTF-8 text.
    Text = 0x1,
    /// Bytes without a meaning of their own.
    Binary = 0x2,
    /// The sender will send nothing more.
    Close = 0x8,
    /// Asks for a pong.
    Ping = 0x9,
    /// Answers a ping.
    Pong = 0xA,
}

impl Opcode {
    /// Whether frames of this kind are control frames: short, never fragmented, allowed between two fragments.
    #[must_use]
    pub const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    const fn from_nibble(nibble: u8) -> Option<Self> {
        Some(match nibble {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }
}

/// A whole message or control frame, unmasked, its fragments joined. It borrows from the reader that yielded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A ping; the pong that answers it carries the same bytes, at most [`MAX_CONTROL_PAYLOAD`].
    Ping(&'a [u8]),
    /// A pong, asked for or not.
    Pong(&'a [u8]),
    /// The peer's last frame; `None` if it gave no code.
    Close(Option<CloseFrame>),
}

/// A whole message or control frame that outlives the buffer it was read into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnedFrame {
    /// A text or binary message.
    Message(Raw),
    /// A ping; the pong that answers it carries the same bytes, at most [`MAX_CONTROL_PAYLOAD`].
    Ping(Bytes),
    /// A pong, asked for or not.
    Pong(Bytes),
    /// The peer's last frame; `None` if it gave no code.
    Close(Option<CloseFrame>),
}
