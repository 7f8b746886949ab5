//! The servers under test, each in a process of its own that ends with this one.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};

use thiserror::Error;

use crate::cores::Cores;
use crate::servers::{Circumstances, Kind};

/// A running server.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    child: Child,
    address: SocketAddr,
    /// The server runs for as long as this is open.
    _lifeline: Option<ChildStdin>,
}

/// Why a server does not run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum ProcessError {
    #[error("cannot start {program}")]
    Start { program: String, source: io::Error },
    #[error("{program} said `{answer}` where its address was expected")]
    NoAddress { program: String, answer: String },
}

impl ServerProcess {
    /// Starts a server, which has taken its address when this returns.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) fn start(
        kind: Kind,
        circumstances: Circumstances<'_>,
        cores: Option<Cores>,
    ) -> Result<Self, ProcessError> {
        let program = kind.name();
        let failed = |source| ProcessError::Start { program: program.to_owned(), source };
        let mut command = kind.command(circumstances).map_err(failed)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = spawn(&mut command, cores).map_err(failed)?;
        let mut answer = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut answer).map_err(failed)?;
        }
        let Ok(address) = answer.trim().parse() else {
            let _ = child.kill().and_then(|()| child.wait());
            return Err(ProcessError::NoAddress { program: program.to_owned(), answer: answer.trim().to_owned() });
        };
        Ok(Self { _lifeline: child.stdin.take(), child, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // A process that has ended by itself needs no more than to be waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a program on the core of the servers, if there is one.
pub(crate) fn spawn(command: &mut Command, cores: Option<Cores>) -> io::Result<Child> {
    match cores {
        Some(cores) => cores.on_servers(|| command.spawn()),
        None => command.spawn(),
    }
}
