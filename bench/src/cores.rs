//! Which core the servers run on, and which the load: apart from each other, so that neither takes the other's time.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Two cores of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    pub(crate) servers: usize,
    pub(crate) load: usize,
}

impl Cores {
    /// The first two that this process may use; none if it has only one.
    ///
    /// # Errors
    /// The system does not tell.
    pub(crate) fn choose() -> io::Result<Option<Self>> {
        let allowed = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        Ok(cores.next().zip(cores.next()).map(|(servers, load)| Self { servers, load }))
    }

    /// Keeps the calling thread, and all that it starts, on the core of the load.
    ///
    /// # Errors
    /// The system does not let it.
    pub(crate) fn keep_to_load(self) -> io::Result<()> {
        keep_to(self.load)
    }

    /// Starts something that stays on the core of the servers.
    ///
    /// # Errors
    /// Those of `start`, and a system that does not let threads choose their core.
    pub(crate) fn on_servers<T>(self, start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        keep_to(self.servers)?;
        let started = start();
        self.keep_to_load()?;
        started
    }
}

fn keep_to(core: usize) -> io::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    Ok(sched_setaffinity(None, &cores)?)
}

/// Allows this process, and those that it starts, as many sockets as the system lets it.
pub(crate) fn allow_many_sockets() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where that fails, connecting fails later on, and says why.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
