//! What happened in one run, in order: in consumers, in the log, and at the clients' ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tracing::Level;

/// What the driver was doing for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Admission,
    Connect,
    Groups,
    Greet,
    Reading,
    Message,
    Event,
    Missed,
    Farewell,
}

/// How a handler failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Error,
    Closed,
    Panic,
}

/// What a handler waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    /// For its own connection to take what it sent.
    ForRoom,
    ForOthers,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) level: Level,
    pub(crate) text: String,
    pub(crate) fields: BTreeMap<String, String>,
}

impl Line {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

/// A frame that a client received.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Frame {
    Authentication(u64),
    Complete(Option<String>),
    /// A handler failed.
    Error {
        id: String,
        answers: Option<String>,
    },
    /// A message was refused.
    Invalid {
        answers: Option<String>,
    },
    /// What the consumer sent to its own client.
    Own {
        k: u32,
        size: usize,
        answers: Option<String>,
    },
    /// What a handle sent.
    Whisper {
        from: usize,
        k: u32,
        size: usize,
    },
    /// A group message was dealt with.
    GroupComplete,
    /// A group message.
    Said {
        from: usize,
        group: usize,
        k: u32,
        size: usize,
        is_current: bool,
    },
    Ping,
    Pong(Vec<u8>),
    Close(Option<u16>),
    /// What no server should have sent.
    Other(String),
}

/// What a client sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sent {
    /// A message for a handler.
    Act(u32),
    /// A message whose reading panics.
    Read(u32),
    /// A message that is refused, with its `ref` if it has one.
    Bad(Option<String>),
    Ping(Vec<u8>),
    Close(u16),
    /// Something against the protocol.
    Violation,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Begun(Phase, u32),
    /// A handler ended well. Whether the connection was ending is known where the handler could find out.
    Ended(Phase, Option<bool>),
    Failed(Phase, Kind, Option<bool>),
    /// A handler was dropped while it waited, after so many milliseconds.
    Cut {
        phase: Phase,
        lasted: u64,
        waited: Waited,
    },
    /// The permission said no.
    Denied,
    /// The consumer is about to send this to its own client.
    Sending(u32),
    /// The connection took this message of its own consumer.
    Own {
        k: u32,
        size: usize,
        answers: Option<String>,
    },
    /// A handle is asked to take this.
    Offering(u32),
    /// A handle took this for another connection.
    Whispering {
        to: usize,
        k: u32,
    },
    /// The consumer closed the connection, which was open.
    Closing(u16),
    Joined(usize),
    Left(usize),
    Publishing {
        group: usize,
        k: u32,
        own_too: bool,
    },
    Published {
        k: u32,
    },
    /// An event is sent to a group.
    Telling {
        group: usize,
        k: u32,
    },
    Told {
        k: u32,
    },
    /// An event from this sender arrived.
    Heard {
        from: usize,
        k: u32,
    },
    /// Everybody is told that messages may be missing.
    Missing,
    SpawnFailed(Kind),
    /// `disconnected` was called.
    Disconnected {
        by: String,
        code: Option<u16>,
    },
    /// The consumer was dropped.
    Dropped,
    Log(Line),
    /// The client's handshake is over.
    Upgraded,
    Wrote(Sent),
    /// The client sends nothing more.
    Finished,
    /// The client, or the network, cut the connection.
    Reset,
    Got(Frame),
    /// The server was told that its stream is broken.
    Broke,
    /// The server has read all that there will be.
    ReadEnd,
    /// The client's stream has nothing more.
    SawEnd,
    /// From now on no client and no stream is slow.
    Prompt,
    /// Nothing is under way any more.
    Quiet,
    /// The server is told to end.
    Drain,
    /// It has.
    Drained,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// Milliseconds of the plan since the beginning.
    pub(crate) at: u64,
    /// The connection; none for what concerns all of them.
    pub(crate) of: Option<usize>,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) struct Journal {
    entries: Arc<Mutex<Vec<Entry>>>,
    start: Arc<OnceLock<Instant>>,
    unit: Duration,
}

impl Journal {
    /// Counts time in this unit.
    pub(crate) fn begin(unit: Duration) -> Self {
        Self { entries: Arc::default(), start: Arc::default(), unit }
    }

    pub(crate) fn now(&self) -> u64 {
        // The first question comes from within the runtime whose clock counts.
        let start = self.start.get_or_init(Instant::now);
        (start.elapsed().as_micros() / self.unit.as_micros()) as u64
    }

    pub(crate) fn note(&self, of: impl Into<Option<usize>>, what: What) {
        let entry = Entry { at: self.now(), of: of.into(), what };
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
