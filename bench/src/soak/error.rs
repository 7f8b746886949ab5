//! Why a soak has no outcome, or a bad one.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

use crate::process::ProcessError;

#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum SoakError {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("the system does not do what it is asked to")]
    System(#[source] io::Error),
    #[error("the server at {address} is gone")]
    Gone { address: SocketAddr, source: io::Error },
    #[error("{path} cannot be written")]
    Output { path: PathBuf, source: io::Error },
    #[error("no Redis: install `redis-server`, or use `--layer memory`")]
    NoRedis,
    #[error("{count} faults, which the report tells")]
    Faults { count: u64 },
}
