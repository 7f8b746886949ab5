//! What a session must be told before it starts.

use std::sync::Arc;
use std::time::Duration;

use crate::deflate::Compression;
use crate::wire::WireFormat;

/// Limits and switches of one endpoint, shared by its connections.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionConfig {
    /// Names on the wire.
    pub wire: WireFormat,
    /// Whether `complete` follows each message and the connection phase.
    pub send_completion: bool,
    /// Whether the outcome of authentication is told.
    pub send_authentication_message: bool,
    /// Whether a refused socket closes with 1000, as Chanx did up to 0.12, instead of 4000 + status.
    pub legacy_close_codes: bool,
    /// Whether frames leave as soon as a handler waits for something; otherwise when it is done.
    pub send_immediately: bool,
    /// Whether a panic of a handler ends the connection with 1011; otherwise it counts as a failed message.
    pub panic_closes: bool,
    /// Whether a message whose handler failed ends the connection with 1011; otherwise it is answered with an `error`.
    pub failure_closes: bool,
    /// Whether a frame that is no JSON object ends the connection with 1011, as in Chanx up to 0.12; otherwise it is
    /// answered with an `error`.
    pub unusable_frame_closes: bool,
    /// Bytes of one incoming message, fragments added up.
    pub max_message_size: usize,
    /// What compresses messages, where clients are to be offered that; none: they are not.
    pub compression: Option<Arc<Compression>>,
    /// Bytes under which a group message is not compressed.
    pub compression_threshold: usize,
    /// Messages that may wait while a handler runs.
    pub max_waiting_messages: usize,
    /// Bytes that may wait for the peer to take them, before senders wait too.
    pub max_outgoing_bytes: usize,
    /// Bytes of one message that is sent, before compression. A longer one is refused.
    pub max_outgoing_message_size: usize,
    /// Silence after which the peer is pinged; none: never.
    pub ping_interval: Option<Duration>,
    /// How long a pinged peer may stay silent.
    pub ping_timeout: Duration,
    /// How long a client may stay connected without a message; none: for ever.
    pub idle_timeout: Option<Duration>,
    /// How long the peer may refuse to take what is sent.
    pub send_timeout: Duration,
    /// Bytes per second that a peer must take while output waits for it, on average over `send_timeout`; 0 for any rate.
    pub min_send_rate: usize,
    /// How long everything that follows the end of a connection may take: handlers, and the closing handshake.
    pub close_timeout: Duration,
    /// How long authentication, permissions and everything else before the first message may take together.
    pub admission_timeout: Duration,
    /// How long a handler may take; `None` for any time.
    pub handler_timeout: Option<Duration>,
    /// Which messages are logged.
    pub log: MessageLog,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            wire: WireFormat::default(),
            send_completion: false,
            send_authentication_message: true,
            legacy_close_codes: false,
            send_immediately: true,
            panic_closes: true,
            failure_closes: false,
            unusable_frame_closes: false,
            max_message_size: 64 * 1024,
            compression: None,
            compression_threshold: 256,
            max_waiting_messages: 64,
            max_outgoing_bytes: 1024 * 1024,
            max_outgoing_message_size: 4 * 1024 * 1024,
            ping_interval: Some(Duration::from_secs(20)),
            ping_timeout: Duration::from_secs(20),
            idle_timeout: None,
            send_timeout: Duration::from_secs(30),
            min_send_rate: 1024,
            close_timeout: Duration::from_secs(5),
            admission_timeout: Duration::from_secs(10),
            handler_timeout: None,
            log: MessageLog::default(),
        }
    }
}

impl SessionConfig {
    /// How often time is counted for a [`Session`](super::Session): a quarter of the shortest wait that the settings ask
    /// for, so that nothing is late by more than a quarter.
    pub fn tick_period(&self) -> Duration {
        let waits = [self.ping_interval, self.ping_interval.map(|_| self.ping_timeout), self.idle_timeout];
        waits.into_iter().flatten().fold(self.send_timeout, Duration::min) / 4
    }
}

/// Which messages leave a line in the log. Payloads never do.
#[derive(Clone, Debug, Default)]
pub struct MessageLog {
    /// Whether received messages are logged.
    pub received: bool,
    /// Whether sent messages are logged.
    pub sent: bool,
    /// Actions that are not worth a line.
    pub ignored_actions: Vec<String>,
}

impl MessageLog {
    pub(super) fn wants_received(&self, action: &str) -> bool {
        self.received && self.wants(action)
    }

    /// Whether a sent message with this action is logged.
    pub fn wants_sent(&self, action: &str) -> bool {
        self.sent && self.wants(action)
    }

    fn wants(&self, action: &str) -> bool {
        !self.ignored_actions.iter().any(|ignored| ignored == action)
    }
}
