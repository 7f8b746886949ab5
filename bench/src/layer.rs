//! What carries messages between the processes of a server.

use std::net::SocketAddr;

use clap::ValueEnum;

use crate::servers::Kind;

/// What carries messages between the processes of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Layer {
    /// Nothing: there is one process
    Memory,
    /// Publish and subscribe
    #[value(name = "redis+pubsub")]
    PubSub,
    /// Sorted sets
    #[value(name = "redis")]
    Core,
    /// Sharded publish and subscribe
    #[value(name = "redis+sharded")]
    Sharded,
}

impl Layer {
    pub(crate) fn needs_redis(self) -> bool {
        self != Self::Memory
    }

    /// Where a server finds Redis. The peers know publish and subscribe alone, whatever chanx is measured with.
    pub(crate) fn url(self, kind: Kind, redis: SocketAddr) -> String {
        let scheme = match self {
            Self::PubSub if kind == Kind::Chanx => "redis+pubsub",
            Self::Sharded if kind == Kind::Chanx => "redis+sharded",
            _ => "redis",
        };
        format!("{scheme}://{redis}")
    }

    /// The heading of its table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Memory => "One process",
            Self::PubSub => "Two processes, chanx over `redis+pubsub://`",
            Self::Core => "Two processes, chanx over `redis://`",
            Self::Sharded => "Two processes, chanx over `redis+sharded://`",
        }
    }
}
