//! The processes of the server, as this program sees them.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::error::SoakError;
use super::figures::Figures;
use crate::memory;
use crate::process::ProcessError;
use crate::sessions::SECRET_KEY;

const PROGRAM: &str = "soak-site";

/// A running process.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    address: SocketAddr,
    _folder: TempDir,
}

/// What a process holds at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) descriptors: u64,
    pub(super) threads: u64,
    /// Bytes of memory.
    pub(super) resident: u64,
    pub(super) figures: Figures,
}

impl Server {
    /// Starts a process, which serves when this returns. Its log goes to a file.
    ///
    /// # Errors
    /// It does not start.
    pub(super) fn start(layer: &str, log: &Path) -> Result<Self, SoakError> {
        let folder = TempDir::new().map_err(SoakError::System)?;
        let migrated = command("migrate", layer, folder.path()).stdout(Stdio::null()).stdin(Stdio::null()).status();
        if !migrated.map_err(failed)?.success() {
            return Err(no_address("a database that cannot be made").into());
        }
        let log = File::create(log).map_err(SoakError::System)?;
        let mut serve = command("runserver", layer, folder.path());
        serve.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = serve.spawn().map_err(failed)?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) = pipes.ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        let mut server =
            Self { child, input, output: BufReader::new(output), address: ([127, 0, 0, 1], 0).into(), _folder: folder };
        let greeting = server.line().map_err(failed)?;
        let address = greeting.strip_prefix("Serving on http://").and_then(|rest| rest.split('/').next()?.parse().ok());
        server.address = address.ok_or_else(|| no_address(&greeting))?;
        Ok(server)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it holds now.
    ///
    /// # Errors
    /// It runs no longer.
    pub(super) fn holding(&mut self) -> Result<Holding, SoakError> {
        self.look().map_err(|source| SoakError::Gone { address: self.address, source })
    }

    fn look(&mut self) -> io::Result<Holding> {
        self.input.write_all(b"\n")?;
        let line = self.line()?;
        let figures = line.parse().map_err(|()| io::Error::other(format!("`{line}` where figures were to come")))?;
        let id = self.child.id();
        let count = |folder: &str| Ok::<_, io::Error>(fs::read_dir(format!("/proc/{id}/{folder}"))?.count() as u64);
        let resident = memory::of_process(id)?.resident;
        Ok(Holding { descriptors: count("fd")?, threads: count("task")?, resident, figures })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.output.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim().to_owned()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A process that has ended by itself needs no more than to be waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command of the site, whose settings are the defaults whatever the environment says.
fn command(name: &str, layer: &str, folder: &Path) -> Command {
    // A program that does not find itself is missing when it starts.
    let mut command = Command::new(std::env::current_exe().unwrap_or_default());
    command.args([PROGRAM, name]).current_dir(folder).env_clear();
    command.env("CHANX_SECRET_KEY", SECRET_KEY).env("CHANX_CHANNEL_LAYER", layer);
    command.env("CHANX_DATABASE_URL", format!("sqlite://{}", folder.join("soak.sqlite3").display()));
    command
}

fn failed(source: io::Error) -> ProcessError {
    ProcessError::Start { program: PROGRAM.to_owned(), source }
}

fn no_address(answer: &str) -> ProcessError {
    ProcessError::NoAddress { program: PROGRAM.to_owned(), answer: answer.to_owned() }
}

impl std::ops::Add for Holding {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let (one, two) = (self.figures, other.figures);
        Self {
            descriptors: self.descriptors + other.descriptors,
            threads: self.threads + other.threads,
            resident: self.resident + other.resident,
            figures: Figures {
                tasks: one.tasks + two.tasks,
                connected: one.connected + two.connected,
                disconnected: one.disconnected + two.disconnected,
                too_slow: one.too_slow + two.too_slow,
            },
        }
    }
}
