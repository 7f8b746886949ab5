//! A part of the load in a process of its own: connections that are held, and answer pings.
//!
//! It prints `ready` when all are in and have been answered once. When its standard input ends it asks once more on
//! each, prints how many were answered and how many pings there were, and ends.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::ops::Add;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cli::HoldOptions;
use crate::cores;
use crate::load::{Dialect, Door, Echo, Exchange, LoadError};
use crate::measure::MeasureError;
use crate::process::ProcessError;
use crate::servers::SESSION;

const READY: &str = "ready";
/// How soon the end of the standard input is noticed.
const TURN: Duration = Duration::from_millis(50);

/// A running process.
#[derive(Debug)]
pub(crate) struct Holder {
    child: Child,
    output: BufReader<ChildStdout>,
}

/// What became of its connections.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Held {
    pub(crate) alive: u64,
    pub(crate) pings: u64,
}

impl Add for Held {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { alive: self.alive + other.alive, pings: self.pings + other.pings }
    }
}

impl Holder {
    /// Starts a process, whose connections are there when this returns.
    ///
    /// # Errors
    /// It does not start, or the server does anything wrong.
    pub(crate) fn start(address: SocketAddr, connections: u32, session: &str) -> Result<Self, MeasureError> {
        let failed = |source| ProcessError::Start { program: "hold".to_owned(), source };
        let mut command = Command::new(std::env::current_exe().map_err(failed)?);
        command.args(["hold", "--address", &address.to_string(), "--connections", &connections.to_string()]);
        command.args(["--session", session]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let output = child.stdout.take().ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        let mut holder = Self { child, output: BufReader::new(output) };
        let answer = holder.line()?;
        if answer == READY { Ok(holder) } else { Err(MeasureError::Holder { answer }) }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it.
    ///
    /// # Errors
    /// The server did anything wrong.
    pub(crate) fn finish(mut self) -> Result<Held, MeasureError> {
        drop(self.child.stdin.take());
        let answer = self.line()?;
        let figures = answer.split_once(' ').map(|(alive, pings)| (alive.parse(), pings.parse()));
        match figures {
            Some((Ok(alive), Ok(pings))) => Ok(Held { alive, pings }),
            _ => Err(MeasureError::Holder { answer }),
        }
    }

    fn line(&mut self) -> Result<String, MeasureError> {
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(MeasureError::System)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // A process that has ended by itself needs no more than to be waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is such a process.
///
/// # Errors
/// The server does anything wrong, or has not pinged everybody.
pub(crate) fn hold(options: &HoldOptions) -> Result<(), LoadError> {
    cores::allow_many_sockets();
    let sessions = [options.session.clone()];
    let door = Door::into_room(SESSION, Dialect::Json).with(&sessions);
    let mut load = Echo::connect(&[options.address], options.connections as usize, &door, Exchange::Echo)?;
    load.ask_all()?;
    println!("{READY}");
    let is_over = watch_input();
    while !is_over.load(Ordering::Relaxed) {
        load.rest(TURN)?;
    }
    load.ask_all()?;
    load.expect_pings()?;
    println!("{} {}", options.connections, load.pings());
    Ok(())
}

/// Becomes true when the standard input ends.
fn watch_input() -> Arc<AtomicBool> {
    let is_over = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&is_over);
    std::thread::spawn(move || {
        // An input that fails is one that has ended.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        seen.store(true, Ordering::Relaxed);
    });
    is_over
}
