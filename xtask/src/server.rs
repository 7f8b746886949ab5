//! A server program that runs for as long as its value lives.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// A server may open databases and write tables before it listens.
const START_LIMIT: Duration = Duration::from_secs(30);
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// A running server on the loopback interface.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Starts `program runserver ADDRESS` in a folder of its own.
    ///
    /// It sees nothing but the given environment: settings of the developer must not change what is tested.
    pub(crate) fn chanx(program: &Path, folder: &Path, environment: &[(String, String)]) -> Result<Self, Failure> {
        let address = free_address()?;
        let mut command = Command::new(program);
        command.args(["runserver", &address.to_string()]);
        command.env_clear().envs(environment.iter().cloned());
        Self::start(command, address, folder, "server.log")
    }

    /// Starts an empty Redis that keeps nothing on the disk.
    pub(crate) fn redis(folder: &Path) -> Result<Self, Failure> {
        let address = free_address()?;
        let mut command = Command::new("redis-server");
        command.args(["--bind", &address.ip().to_string(), "--port", &address.port().to_string()]);
        command.args(["--save", "", "--appendonly", "no"]);
        Self::start(command, address, folder, "redis.log")
    }

    /// Starts a server that will listen on this address, and waits until it accepts. What it prints goes to the log.
    fn start(mut command: Command, address: SocketAddr, folder: &Path, log: &str) -> Result<Self, Failure> {
        let log = folder.join(log);
        command.current_dir(folder);
        print_to(&log, &mut command).map_err(|error| Failure::path(&log, &error))?;
        let child = command.spawn().map_err(|error| Failure::not_started(&command, &error))?;
        let mut server = Self { child, address, log };
        server.wait_until_it_accepts()?;
        Ok(server)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    fn wait_until_it_accepts(&mut self) -> Result<(), Failure> {
        let start = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(self.failure(&format!("the server ended at once with {status}")));
            }
            if start.elapsed() > START_LIMIT {
                return Err(self.failure(&format!("the server accepts no connections on {}", self.address)));
            }
            thread::sleep(BETWEEN_TRIES);
        }
        Ok(())
    }

    /// A failure for this reason, with what the server has printed so far.
    pub(crate) fn failure(&self, reason: &str) -> Failure {
        let log = fs::read(&self.log).unwrap_or_default();
        Failure::new(format!("{reason}\n{}", String::from_utf8_lossy(&log)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that nobody listens on now. If another program takes it before the server does, the start fails aloud.
fn free_address() -> Result<SocketAddr, Failure> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|error| Failure::new(format!("no free port: {error}")))
}

/// Sends both streams of the command into one file, and gives it no input.
fn print_to(log: &Path, command: &mut Command) -> io::Result<()> {
    let output = File::create(log)?;
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
    Ok(())
}
