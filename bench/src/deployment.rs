//! The processes of one server while it is measured, and what they use.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::cores::Cores;
use crate::cpu::{self, Used};
use crate::layer::Layer;
use crate::memory::{self, Memory};
use crate::process::{ProcessError, ServerProcess};
use crate::redis_server::RedisServer;
use crate::servers::{Circumstances, Kind};

/// The processes of a server, and the Redis between them.
#[derive(Debug)]
pub(crate) struct Deployment {
    processes: Vec<ServerProcess>,
    redis: Option<RedisServer>,
}

impl Deployment {
    /// Starts processes that know nothing of each other.
    ///
    /// # Errors
    /// One of them does not start.
    pub(crate) fn start(
        kind: Kind,
        processes: usize,
        circumstances: Circumstances<'_>,
        cores: Option<Cores>,
    ) -> Result<Self, ProcessError> {
        let start = |_| ServerProcess::start(kind, circumstances, cores);
        Ok(Self { processes: (0..processes).map(start).collect::<Result<_, _>>()?, redis: None })
    }

    /// Starts one process, or Redis and two.
    ///
    /// # Errors
    /// One of them does not start.
    pub(crate) fn start_over(layer: Layer, kind: Kind, cores: Option<Cores>) -> Result<Self, ProcessError> {
        if !layer.needs_redis() {
            return Self::start(kind, 1, Circumstances::default(), cores);
        }
        let redis = RedisServer::start(cores)?;
        let url = layer.url(kind, redis.address());
        let circumstances = Circumstances { layer: Some(&url), ..Circumstances::default() };
        Ok(Self { redis: Some(redis), ..Self::start(kind, 2, circumstances, cores)? })
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.processes.iter().map(ServerProcess::address).collect()
    }

    /// The address of the first process.
    pub(crate) fn address(&self) -> SocketAddr {
        self.processes[0].address()
    }

    pub(crate) fn processes(&self) -> impl Iterator<Item = u32> {
        self.processes.iter().map(ServerProcess::id)
    }

    /// What the processes hold together.
    ///
    /// # Errors
    /// One of them runs no longer.
    pub(crate) fn memory(&self) -> io::Result<Memory> {
        self.processes().try_fold(Memory::default(), |sum, process| Ok(sum + memory::of_process(process)?))
    }

    fn cpu(&self) -> io::Result<Used> {
        cpu::of_processes(self.processes())
    }
}

/// The processor time of all who have a part in a measurement.
#[derive(Debug)]
pub(crate) struct Spent {
    pub(crate) servers: Used,
    pub(crate) redis: Used,
    pub(crate) load: Used,
    pub(crate) machine: Duration,
}

impl Spent {
    /// What they have used since they were started.
    ///
    /// # Errors
    /// One of them runs no longer.
    pub(crate) fn so_far(deployment: &Deployment) -> io::Result<Self> {
        Ok(Self {
            servers: deployment.cpu()?,
            redis: deployment.redis.as_ref().map_or(Ok(Used::default()), RedisServer::cpu)?,
            load: cpu::of_process(std::process::id())?,
            machine: cpu::of_machine()?,
        })
    }

    pub(crate) fn since(&self, before: &Self) -> Self {
        Self {
            servers: self.servers - before.servers,
            redis: self.redis - before.redis,
            load: self.load - before.load,
            machine: self.machine.saturating_sub(before.machine),
        }
    }

    /// What anybody else has used.
    pub(crate) fn others(&self) -> Duration {
        self.machine.saturating_sub((self.servers + self.redis + self.load).total())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(seconds: u64) -> Spent {
        let used = |seconds| Used { user: Duration::from_secs(seconds), system: Duration::from_secs(10 * seconds) };
        let (servers, redis, load) = (used(seconds), used(2 * seconds), used(4 * seconds));
        Spent { servers, redis, load, machine: Duration::from_secs(100 * seconds) }
    }

    #[test]
    fn what_was_spent_before_does_not_count_and_others_have_the_rest() {
        let spent = spent(3).since(&spent(1));
        let seconds = [spent.servers, spent.redis, spent.load].map(|used| (used.user.as_secs(), used.system.as_secs()));
        assert_eq!(seconds, [(2, 20), (4, 40), (8, 80)]);
        assert_eq!(spent.others(), Duration::from_secs(200 - 22 - 44 - 88));
    }
}
