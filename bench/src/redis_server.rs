//! A Redis of its own for a measurement, which ends with it.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
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

    /// Starts a Redis on the core of the servers, which keeps nothing.
    ///
    /// # Errors
    /// It does not start, or does not answer.
    pub(crate) fn start(cores: Option<Cores>) -> Result<Self, ProcessError> {
        let address = free_address(Ipv4Addr::LOCALHOST).map_err(failed)?;
        Self::launch(address, ["--save", "", "--appendonly", "no", "--dir", "/"].map(OsStr::new), cores)
    }

    /// Starts a Redis at this address with the data that it left in this folder, where it writes down all that it is told.
    ///
    /// # Errors
    /// It does not start, or does not answer.
    pub(crate) fn start_in(folder: &Path, address: SocketAddr) -> Result<Self, ProcessError> {
        let options = ["--save", "", "--appendonly", "yes", "--dir"].map(OsStr::new);
        Self::launch(address, options.into_iter().chain([folder.as_os_str()]), None)
    }

    fn launch<'a>(
        address: SocketAddr,
        options: impl IntoIterator<Item = &'a OsStr>,
        cores: Option<Cores>,
    ) -> Result<Self, ProcessError> {
        let mut command = Command::new(PROGRAM);
        command.args(["--bind", &address.ip().to_string(), "--port", &address.port().to_string()]).args(options);
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

    /// Lets it forget everything.
    ///
    /// # Errors
    /// It does not answer.
    pub(crate) fn flush(&self) -> io::Result<()> {
        self.ask(b"FLUSHALL\r\n", b"+OK\r\n")
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
        self.ask(b"PING\r\n", b"+PONG\r\n")
    }

    fn ask<const N: usize>(&self, question: &[u8], expected: &[u8; N]) -> io::Result<()> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(question)?;
        let mut answer = [0; N];
        stream.read_exact(&mut answer)?;
        if &answer == expected { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

fn failed(source: io::Error) -> ProcessError {
    ProcessError::Start { program: PROGRAM.to_owned(), source }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // One that has ended by itself needs no more than to be waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that nobody listens on.
///
/// # Errors
/// This machine has no such address.
pub(crate) fn free_address(ip: Ipv4Addr) -> io::Result<SocketAddr> {
    TcpListener::bind((ip, 0))?.local_addr()
}
