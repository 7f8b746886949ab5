//! The servers by name, and what each of them can do.

use std::io;
use std::process::Command;

use clap::ValueEnum;

use super::peers;
use crate::error::with_causes;
use crate::layer::Layer;
use crate::load::Dialect;
use crate::work::{Answer, Growing, Login, Work};

/// The servers by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Kind {
    /// chanx, as applications use it
    Chanx,
    /// axum's WebSockets with `tokio::sync::broadcast`
    AxumBroadcast,
    /// The least that a server can do: one thread, one epoll, one send for each read or delivery
    Floor,
    /// The same, where frames that are under way to a member leave in one send
    FloorJoined,
    /// chanx's session and a handler around one epoll, without tokio and the rest of chanx
    ChanxEpoll,
    /// The same around one `io_uring`
    ChanxUring,
    /// Bun, which reads and writes JSON
    Bun,
    /// Bun, which sends messages back as they come
    BunRaw,
    /// axum's WebSockets and serde
    Axum,
    /// The same with a read buffer of 4 KiB
    #[value(name = "axum-4k")]
    Axum4k,
    /// axum's WebSockets, which send messages back as they come
    AxumRaw,
    /// fastwebsockets, which sends messages back as they come
    Fastwebsockets,
    /// tokio-websockets, which sends messages back as they come
    TokioWebsockets,
    /// Socket.IO in Rust
    Socketioxide,
    /// The package `ws` on Node
    NodeWs,
    /// Socket.IO on Node
    #[value(name = "socket.io")]
    SocketIo,
    /// Channels behind uvicorn
    Channels,
    /// The Python library Chanx behind uvicorn
    ChanxPython,
}

/// What a server is told when it starts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Circumstances<'a> {
    /// The Redis that connects it with others.
    pub(crate) layer: Option<&'a str>,
    /// The database in which its users are.
    pub(crate) database: Option<&'a str>,
    /// Whether look-ups of sessions go to the database each time.
    pub(crate) is_uncached: bool,
    /// Seconds between two pings.
    pub(crate) ping_interval: Option<f64>,
}

impl Kind {
    /// Those that this program brings.
    pub(crate) fn own() -> Vec<Self> {
        vec![Self::Chanx, Self::AxumBroadcast, Self::Floor, Self::FloorJoined]
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chanx => "chanx",
            Self::AxumBroadcast => "axum-broadcast",
            Self::Floor => "floor",
            Self::FloorJoined => "floor-joined",
            Self::ChanxEpoll => "chanx-epoll",
            Self::ChanxUring => "chanx-uring",
            Self::Bun => "bun",
            Self::BunRaw => "bun-raw",
            Self::Axum => "axum",
            Self::Axum4k => "axum-4k",
            Self::AxumRaw => "axum-raw",
            Self::Fastwebsockets => "fastwebsockets",
            Self::TokioWebsockets => "tokio-websockets",
            Self::Socketioxide => "socketioxide",
            Self::NodeWs => "node-ws",
            Self::SocketIo => "socket.io",
            Self::Channels => "channels",
            Self::ChanxPython => "chanx-python",
        }
    }

    /// Whether there is anything to measure.
    pub(crate) fn can(self, work: Work) -> bool {
        match self {
            Self::Chanx => true,
            Self::AxumBroadcast => matches!(work, Work::Fanout { .. }),
            Self::Floor => floor_can(work),
            Self::FloorJoined => matches!(work, Work::Fanout { layer: Layer::Memory, .. }),
            peer => peers::can(peer, work),
        }
    }

    /// Whether members are told which messages are their own. The others send all members the same bytes.
    pub(crate) fn knows_the_sender(self) -> bool {
        matches!(self, Self::Chanx | Self::ChanxPython)
    }

    /// Whether those who get completions are told as well that their connection is made.
    pub(crate) fn completes_connecting(self) -> bool {
        matches!(self, Self::Chanx | Self::ChanxEpoll | Self::ChanxUring)
    }

    /// In which words it speaks.
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::SocketIo | Self::Socketioxide => Dialect::SocketIo,
            _ => Dialect::Json,
        }
    }

    /// Makes ready what the server needs and this program does not bring.
    ///
    /// # Errors
    /// Why the server cannot be measured here.
    pub(crate) fn prepare(self) -> Result<(), String> {
        match peers::foreign(self) {
            Some(server) => server.prepare().map_err(|error| with_causes(&error)),
            None => peers::lacks(self).map_or(Ok(()), |why| Err(why.to_owned())),
        }
    }

    /// The command that starts it.
    ///
    /// # Errors
    /// This program does not find itself.
    pub(crate) fn command(self, circumstances: Circumstances<'_>) -> io::Result<Command> {
        if let Some(server) = peers::foreign(self) {
            return server.command().map_err(io::Error::other);
        }
        let mut command = Command::new(std::env::current_exe()?);
        let Circumstances { layer, database, is_uncached, ping_interval } = circumstances;
        command.args(["serve", self.name()]);
        command.args(layer.iter().flat_map(|url| ["--layer", url]));
        command.args(database.iter().flat_map(|url| ["--database", url]));
        command.args(is_uncached.then_some("--uncached"));
        command.args(ping_interval.iter().flat_map(|seconds| ["--ping-interval".to_owned(), seconds.to_string()]));
        Ok(command)
    }
}

/// It knows nobody, and is one process.
fn floor_can(work: Work) -> bool {
    match work {
        Work::Echo { answer, .. } => answer == Answer::Reply,
        Work::Fanout { layer, .. } => layer == Layer::Memory,
        Work::Idle { login, .. } | Work::Handshake { login, .. } | Work::Churn { login, .. } => login == Login::Nobody,
        Work::Growth { of, .. } => of != Growing::Membership,
        Work::Fleet { .. } => false,
    }
}
