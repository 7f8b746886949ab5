//! The load: clients in one thread around one epoll, so that they cost as little as possible beside the servers.
//!
//! Every byte that arrives is checked. A server that leaves a message out, says it twice, changes it, or brings two in the
//! wrong order is not measured.

mod echo;
mod fanout;
mod visits;

mod connect;
mod crowd;
mod dialect;
mod door;
mod group;
mod incoming;
mod script;
mod visitor;

pub(crate) use connect::ConnectError;
pub(crate) use dialect::Dialect;
pub(crate) use door::{Arrival, Door};
pub(crate) use echo::Echo;
pub(crate) use fanout::Fanout;
pub(crate) use script::Exchange;
pub(crate) use visits::{Visits, Whither};

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::histogram::Histogram;

/// How many messages may be under way at the same time.
pub(crate) const MAX_OUTSTANDING: usize = 64;

/// What came of the time for which messages were sent.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) latencies: Histogram,
    pub(crate) elapsed: Duration,
}

/// Why a server is not measured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum LoadError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("epoll does not work")]
    Poll(#[source] io::Error),
    #[error("the connection of client {client} broke")]
    Broken { client: usize, source: io::Error },
    #[error("client {client} was told something wrong")]
    Wrong { client: usize, source: Wrong },
    #[error("nothing arrives any more")]
    Stalled,
    #[error("client {client} was never asked whether it lives")]
    NeverPinged { client: usize },
}

/// What a server did wrong.
#[derive(Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum Wrong {
    #[error("`{0}`, though everything that was to come had arrived")]
    Unexpected(String),
    #[error("`{heard}` where `{expected}` was to come")]
    Text { heard: String, expected: String },
    #[error("a frame that begins with {0:#04x}")]
    Frame(u8),
}

impl Wrong {
    fn unexpected(text: &[u8]) -> Self {
        Self::Unexpected(String::from_utf8_lossy(text).into_owned())
    }

    fn text(heard: &[u8], expected: &[u8]) -> Self {
        let lossy = |text| String::from_utf8_lossy(text).into_owned();
        Self::Text { heard: lossy(heard), expected: lossy(expected) }
    }
}
