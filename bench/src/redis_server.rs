//! A Redis of its own for a measurement, which keeps nothing and ends with it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cores::Cores;
use crate::cpu::{self, Used};
use crate::machine::first_line;
use crate::process::{ProcessError, spawn};

const PROGRAM: &str = "redis-server";
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running Redis.
#[derive(Debug)]
pub(crate) struct RedisServer {
    child: Child,
    address: SocketAddr,
}

impl RedisServer {
    /// What the installed Redis calls itself; none if there is none.
    pub(crate) fn version() -> Option<String> {
        let line = first_line(Command::new(PROGRAM).arg("--version"))?;
        line.split(' ').find_map(|word| word.strip_prefix("v=")).map(|version| format!("Redis {version}"))
    }

    /// Starts a Redis on the core of the servers.
    ///
    /// # Errors
    /// It does not start, or does not answer.
    pub(crate) fn start(cores: Option<Cores>) -> Result<Self, ProcessError> {
        let failed = |source| ProcessError::Start { program: PROGRAM.to_owned(), source };
        let address = free_address().map_err(failed)?;
        let mut command = Command::new(PROGRAM);
        command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
        command.args(["--save", "", "--appendonly", "no", "--dir", "/"]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let server = Self { child: spawn(&mut command, cores).map_err(failed)?, address };
        let end = Instant::now() + PATIENCE;
        while let Err(error) = server.ping() {
            if Instant::now() > end {
                return Err(failed(error));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(server)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The processor time that it has used.
    ///
    /// # Errors
    /// It runs no longer.
    pub(crate) fn cpu(&self) -> io::Result<Used> {
        cpu::of_process(self.child.id())
    }

    fn ping(&self) -> io::Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 7];
        stream.read_exact(&mut answer)?;
        if &answer == b"+PONG\r\n" { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // One that has ended by itself needs no more than to be waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that nobody listens on.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind(("127.0.0.1", 0))?.local_addr()
}
