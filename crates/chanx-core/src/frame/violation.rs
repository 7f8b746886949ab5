//! What a peer can do wrong in its framing, and the close code that tells it so.

use crate::close::CloseCode;
use crate::deflate::InflateError;

/// A broken rule of the framing. The connection cannot go on: it is closed with [`close_code`](Self::close_code).
///
/// The text of each is fit to be the reason in the close frame: it repeats nothing of what the peer sent but numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A reserved bit was set that no extension gives a meaning (RFC 6455, section 5.2), or where it has none (RFC 7692,
    /// section 6.1).
    #[error("reserved bits are set")]
    ReservedBits,
    /// An opcode without a meaning (section 5.2).
    #[error("opcode {0} is reserved")]
    ReservedOpcode(u8),
    /// A client sent a frame in the clear (section 5.1).
    #[error("frame of a client is not masked")]
    NotMasked,
    /// A server sent a masked frame (section 5.1).
    #[error("frame of a server is masked")]
    Masked,
    /// A length whose most significant bit is set (section 5.2).
    #[error("payload length exceeds 63 bits")]
    LengthOverflow,
    /// A length in more bytes than it takes (section 5.2).
    #[error("payload length is not in the fewest bytes")]
    LongLength,
    /// A ping, pong or close frame in pieces (section 5.5).
    #[error("control frame is fragmented")]
    FragmentedControl,
    /// A ping, pong or close frame with more than 125 bytes (section 5.5).
    #[error("control frame is longer than 125 bytes")]
    LongControl,
    /// A continuation frame although no message was begun (section 5.4).
    #[error("continuation without a message")]
    StrayContinuation,
    /// A new message before the last fragment of the one before it (section 5.4).
    #[error("message begins inside another")]
    InterruptedMessage,
    /// A close frame with half a close code (section 5.5.1).
    #[error("close code is cut short")]
    ShortCloseCode,
    /// A close frame with a code that must not be sent (section 7.4).
    #[error("close code {0} is not allowed")]
    CloseCode(u16),
    /// Text, or the reason in a close frame, that is not UTF-8 (section 8.1).
    #[error("text is not valid UTF-8")]
    InvalidUtf8,
    /// A compressed message that is no whole deflate stream (RFC 7692, section 7.2.2).
    #[error("compressed message is damaged")]
    Damaged,
    /// A message, its fragments added up and inflated, of more than `limit` bytes.
    #[error("message is larger than {limit} bytes")]
    TooBig {
        /// The largest message that the reader takes, in bytes.
        limit: usize,
    },
}

impl From<InflateError> for Violation {
    fn from(error: InflateError) -> Self {
        match error {
            InflateError::Damaged => Self::Damaged,
            InflateError::TooBig { limit } => Self::TooBig { limit },
        }
    }
}

impl Violation {
    /// The code to close the connection with: 1002, 1007 or 1009.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::InvalidUtf8 | Self::Damaged => CloseCode::INVALID_PAYLOAD,
            Self::TooBig { .. } => CloseCode::TOO_BIG,
            _ => CloseCode::PROTOCOL,
        }
    }
}
