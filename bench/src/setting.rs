//! Where members are: in one process, or in two that Redis connects.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use clap::ValueEnum;

use crate::cores::Cores;
use crate::cpu::{self, Used};
use crate::process::{ProcessError, ServerProcess};
use crate::redis_server::RedisServer;
use crate::servers::Kind;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Setting {
    pub(crate) layer: Layer,
    pub(crate) members: u32,
    pub(crate) server: Kind,
}

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

    pub(crate) fn suits(self, server: Kind) -> bool {
        server.spans_processes() || !self.needs_redis()
    }

    /// Where `server` finds Redis. The peers know publish and subscribe alone, whatever chanx is measured with.
    fn url(self, server: Kind, redis: SocketAddr) -> String {
        let scheme = match self {
            Self::PubSub if server == Kind::Chanx => "redis+pubsub",
            Self::Sharded if server == Kind::Chanx => "redis+sharded",
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

/// The processes of a setting.
#[derive(Debug)]
pub(crate) struct Servers {
    processes: Vec<ServerProcess>,
    redis: Option<RedisServer>,
}

impl Servers {
    /// Starts one process, or Redis and two.
    ///
    /// # Errors
    /// One of them does not start.
    pub(crate) fn start(setting: Setting, cores: Option<Cores>) -> Result<Self, ProcessError> {
        let Setting { layer, server, .. } = setting;
        if !layer.needs_redis() {
            return Ok(Self { processes: vec![ServerProcess::start(server, None, cores)?], redis: None });
        }
        let redis = RedisServer::start(cores)?;
        let url = layer.url(server, redis.address());
        let start = || ServerProcess::start(server, Some(&url), cores);
        Ok(Self { processes: vec![start()?, start()?], redis: Some(redis) })
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.processes.iter().map(ServerProcess::address).collect()
    }

    fn cpu(&self) -> io::Result<Used> {
        self.processes.iter().try_fold(Used::default(), |sum, process| Ok(sum + process.cpu()?))
    }
}

/// The processor time of all who have a part in a measurement.
#[derive(Debug)]
pub(crate) struct Spent {
    pub(crate) servers: Used,
    pub(crate) redis: Used,
    pub(crate) load: Used,
    machine: Duration,
}

impl Spent {
    /// What they have used since they were started.
    ///
    /// # Errors
    /// One of them runs no longer.
    pub(crate) fn so_far(servers: &Servers) -> io::Result<Self> {
        Ok(Self {
            servers: servers.cpu()?,
            redis: servers.redis.as_ref().map_or(Ok(Used::default()), RedisServer::cpu)?,
            load: cpu::of_process(std::process::id())?,
            machine: cpu::of_machine()?,
        })
    }

    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            servers: self.servers - before.servers,
            redis: self.redis - before.redis,
            load: self.load - before.load,
            machine: self.machine - before.machine,
        }
    }

    /// What anybody else has used.
    pub(crate) fn others(&self) -> Duration {
        self.machine.saturating_sub((self.servers + self.redis + self.load).total())
    }
}
