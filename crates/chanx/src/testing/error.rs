//! What can go wrong in a test, in words that help to mend it.

use chanx_core::close::CloseFrame;
use serde_json::Value;
use thiserror::Error;

/// Why a test client is not connected.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The server answered with plain HTTP.
    #[error("the handshake was refused with {status}: {body}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the server said.
        body: String,
    },
    /// The server answered with something that is no HTTP response.
    #[error("the answer to the handshake is no HTTP response")]
    NotHttp,
    /// The server did not answer in time.
    #[error("the handshake was not answered in time")]
    TimedOut,
    /// The transport failed.
    #[error("the connection could not be made")]
    Io(#[from] std::io::Error),
}

/// Why a test client did not receive what it waited for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// Nothing came.
    #[error("nothing was received in time")]
    TimedOut,
    /// The connection was closed.
    #[error("the connection was closed: {0:?}")]
    Closed(Option<CloseFrame>),
    /// Something came that was not waited for.
    #[error("something else was received: {0}")]
    Unexpected(String),
    /// A message came that is none of the declared ones.
    #[error("the message does not fit the declared ones: {0}")]
    Undeclared(Value),
}
