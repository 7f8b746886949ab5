//! What can be measured.

use std::fmt;

use clap::ValueEnum;

use crate::layer::Layer;

/// One measurement, whatever server it is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Work {
    /// Every connection keeps this many messages under way, each of which is answered.
    Echo { connections: u32, in_flight: u32, answer: Answer },
    /// One member speaks, and all hear it.
    Fanout { layer: Layer, members: u32, outstanding: u32 },
    /// Connections that do nothing after one exchange: what they cost in memory.
    Idle { connections: u32, login: Login },
    /// Connecting and upgrading; the connections stay.
    Handshake { connections: u32, login: Login },
    /// Connecting, one exchange, and the closing handshake, so many at a time.
    Churn { at_once: u32, login: Login },
    /// The same amount of work each second, whatever the number of connections.
    Growth { of: Growing, connections: u32 },
    /// Connections over several processes of the server, held for a while.
    Fleet { connections: u32 },
}

/// What comes back for one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answer {
    /// One frame.
    Reply,
    /// The reply, and a frame that says that the message is dealt with.
    ReplyAndCompletion,
}

/// How a server knows who connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Login {
    /// It does not
    Nobody,
    /// A signed login session in SQLite; every look-up asks the database
    Session,
    /// The same, with the server's cache as it is by default
    CachedSession,
}

/// What should cost the same among few and many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Growing {
    /// An echo
    Echo,
    /// A delivery to a member of a group
    Fanout,
    /// A member that leaves its group and joins it again
    Membership,
}

impl Answer {
    pub(crate) fn frames(self) -> usize {
        match self {
            Self::Reply => 1,
            Self::ReplyAndCompletion => 2,
        }
    }
}

impl Work {
    /// What is counted, in the singular: figures are for each of them.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Echo { .. } | Self::Growth { of: Growing::Echo, .. } => "message",
            Self::Fanout { .. } | Self::Growth { of: Growing::Fanout, .. } => "delivery",
            Self::Growth { of: Growing::Membership, .. } => "change",
            Self::Handshake { .. } => "handshake",
            Self::Idle { .. } | Self::Churn { .. } | Self::Fleet { .. } => "connection",
        }
    }
}

/// For the progress of a run; reports have words of their own.
impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Echo { connections, in_flight, answer } => {
                write!(f, "echo, {connections} connections × {in_flight}, {} frame(s) per answer", answer.frames())
            }
            Self::Fanout { layer, members, outstanding } => {
                write!(f, "fan-out, {}, {members} members, {outstanding} under way", layer.title())
            }
            Self::Idle { connections, login } => write!(f, "{connections} idle connections, {}", login.title()),
            Self::Handshake { connections, login } => write!(f, "{connections} handshakes, {}", login.title()),
            Self::Churn { at_once, login } => {
                write!(f, "connections that come and go, {at_once} at a time, {}", login.title())
            }
            Self::Growth { of, connections } => write!(f, "growth, {} among {connections}", of.title()),
            Self::Fleet { connections } => write!(f, "fleet of {connections}"),
        }
    }
}

impl Login {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Nobody => "without authentication",
            Self::Session => "session from SQLite",
            Self::CachedSession => "session from SQLite, cached",
        }
    }
}

impl Growing {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Fanout => "delivery",
            Self::Membership => "leaving and joining",
        }
    }
}
