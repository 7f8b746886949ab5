//! What the page and the server say to each other.

use chanx::Message;

/// What the page may send.
#[derive(Clone, Debug, PartialEq, Message)]
pub(crate) enum EchoIncoming {
    /// Simple ping message to check the connection.
    Ping,
    /// Message for echoing text back to the client.
    Echo(String),
}

/// What the server sends.
#[derive(Clone, Debug, PartialEq, Message)]
pub(crate) enum EchoOutgoing {
    /// Answers a ping.
    Pong,
    /// The text of an echo message, under the user's name.
    Echo(String),
    /// Message for sending status updates.
    Status(String),
}
