//! The state of one connection: what to do with what arrives, and what to send, as a machine without I/O.
//!
//! The driver puts received bytes into [`Session::input`], asks [`Session::next_input`] what to do, hands messages to the
//! consumer, reports the outcome, and writes [`Session::output`] to the socket. The session knows no consumer, no
//! socket and no clock.

mod phase;

mod arriving;
mod handling;
mod sending;

mod buffers;

mod ending;

mod config;
mod liveness;
mod output;
mod waiting;

pub use buffers::Buffers;
pub use config::{MessageLog, SessionConfig};

use std::sync::Arc;

use thiserror::Error;

use crate::close::CloseCode;
use crate::deflate::{Agreement, Deflater};
use crate::encode::EncodeError;
use crate::frame::{FrameReader, Role};
use crate::wire::Envelope;
use liveness::Liveness;
use output::Output;
use waiting::Waiting;

/// What the driver is to do next.
#[derive(Debug, PartialEq)]
pub enum Input<M> {
    /// Hand this to the consumer.
    Message(M),
    /// Nothing more will come: tell the consumer, finish the closing handshake.
    Ended,
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Accepted, but not yet known to be welcome: messages wait.
    Authenticating,
    /// Messages are handled.
    Open,
    /// The client closed, or its transport ended. Messages that it sent before are still handled; nothing is sent.
    Draining,
    /// A close frame was sent or the peer is gone; nothing is handled any more.
    Closing,
}

/// How and why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disconnect {
    /// The code of the close frame; none if there was none or it had none.
    pub code: Option<CloseCode>,
    /// The text of the close frame.
    pub reason: String,
    /// Who ended it.
    pub by: EndedBy,
}

/// Who ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// The server closed it.
    Server,
    /// The client closed it.
    Client,
    /// The transport broke without a close frame.
    Transport,
}

/// Why something could not be sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The connection is closed or closing.
    #[error("the connection is closed")]
    Closed,
    /// The message has no JSON form.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The message is longer than `max_outgoing_message_size`. Nothing of it was sent; the connection lives on.
    #[error("the message has {size} bytes; max_outgoing_message_size allows {limit}")]
    TooLarge {
        /// The bytes of the message.
        size: usize,
        /// The setting.
        limit: usize,
    },
}

/// The protocol state of one connection.
#[derive(Debug)]
pub struct Session {
    name: Arc<str>,
    config: Arc<SessionConfig>,
    state: State,
    reader: FrameReader,
    waiting: Waiting,
    output: Output,
    /// None: compressed messages were not agreed on.
    deflater: Option<Box<Deflater>>,
    liveness: Liveness,
    envelope: Envelope,
    message_number: u64,
    is_handling: bool,
    /// Whether all whole frames that arrived were taken, so that more bytes are needed.
    is_starved: bool,
    /// Whether the output has something that must not wait for the end of a handler.
    must_leave: bool,
    unhandled: usize,
    ended: Option<Box<Disconnect>>,
    peer_is_done: bool,
    is_broken: bool,
    /// Whether a handler was refused something because the connection is ending.
    has_refused: bool,
}

impl Session {
    /// A session whose socket was just accepted. The first word of `name` begins the ids of its failures.
    pub fn new(name: Arc<str>, config: Arc<SessionConfig>) -> Self {
        let reader = FrameReader::new(Role::Server, config.max_message_size);
        let liveness = Liveness::new(&config);
        Self {
            name,
            config,
            state: State::Authenticating,
            reader,
            waiting: Waiting::default(),
            output: Output::default(),
            deflater: None,
            liveness,
            envelope: Envelope::default(),
            message_number: 0,
            is_handling: false,
            is_starved: false,
            must_leave: false,
            unhandled: 0,
            ended: None,
            peer_is_done: false,
            is_broken: false,
            has_refused: false,
        }
    }

    /// The same for a client that was promised compressed messages in the handshake.
    #[must_use]
    pub fn with_compression(mut self, agreement: Agreement) -> Self {
        self.reader = self.reader.inflating(agreement.inflater);
        self.deflater = Some(Box::new(agreement.deflater));
        self
    }

    /// How the connection ended, once it has.
    pub fn disconnect(&self) -> Option<&Disconnect> {
        self.ended.as_deref()
    }

    /// Where the connection stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The settings that the session runs with.
    pub fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// The same, to keep.
    pub fn shared_config(&self) -> Arc<SessionConfig> {
        Arc::clone(&self.config)
    }

    /// Whether the transport failed.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Whether something that a handler sent was refused, because the connection was ending already.
    pub fn has_refused(&self) -> bool {
        self.has_refused
    }

    /// Whether the peer has said its last word.
    pub fn peer_is_done(&self) -> bool {
        self.peer_is_done
    }

    /// Whether the connection is closing or the peer is gone.
    pub fn is_ending(&self) -> bool {
        matches!(self.state, State::Draining | State::Closing) || self.peer_is_done
    }
}
