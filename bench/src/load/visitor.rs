//! One client that comes, and goes again after one exchange or stays.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use chanx_core::close::CloseCode;
use chanx_core::frame::{Opcode, write_masked};
use mio::net::TcpStream;

use super::connect::ConnectError;
use super::door::{Arrival, Door};
use super::incoming::{Heard, Incoming};
use super::script::Script;
use super::visits::Whither;
use super::{LoadError, Wrong};

const READ_SIZE: usize = 4096;

/// What all clients do.
#[derive(Debug)]
pub(super) struct Course<'a> {
    pub(super) door: Door<'a>,
    pub(super) whither: Whither,
    pub(super) script: Script,
}

impl Course<'_> {
    /// Whether this asks for a sign of life, which a visit is too short to owe.
    fn ignores(&self, frame: Heard<'_>) -> bool {
        matches!(frame, Heard::Text(text) if self.door.dialect.sign_of_life(text).is_some())
    }
}

/// One client.
#[derive(Debug)]
pub(super) struct Visitor {
    number: usize,
    stream: TcpStream,
    began: Instant,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Arriving(Arrival),
    /// How much of the answer was heard.
    Asking(Incoming, usize),
    Leaving(Incoming),
    Done,
}

impl Visitor {
    /// One who has asked to be let in.
    pub(super) fn new(number: usize, stream: TcpStream, began: Instant) -> Self {
        Self { number, stream, began, step: Step::Arriving(Arrival::default()) }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.step, Step::Done)
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn stream_mut(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// Takes what has arrived, and goes on.
    pub(super) fn hear(&mut self, course: &Course<'_>) -> Result<(), LoadError> {
        let client = self.number;
        let broken = |source| LoadError::Broken { client, source };
        let (mut buffer, mut outgoing) = ([0; READ_SIZE], Vec::new());
        // After less than a full buffer epoll tells of more.
        let mut is_full = true;
        while is_full && !self.is_done() {
            let read = match self.stream.read(&mut buffer) {
                Ok(0) => return Err(broken(io::ErrorKind::UnexpectedEof.into())),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(broken(error)),
            };
            is_full = read == buffer.len();
            self.take(&buffer[..read], course, &mut outgoing)?;
            if !outgoing.is_empty() {
                self.stream.write_all(&outgoing).map_err(broken)?;
                outgoing.clear();
            }
        }
        Ok(())
    }

    /// Does the next step, if the server has done its own.
    fn take(&mut self, bytes: &[u8], course: &Course<'_>, outgoing: &mut Vec<u8>) -> Result<(), LoadError> {
        let client = self.number;
        let wrong = |source| LoadError::Wrong { client, source };
        let next = match &mut self.step {
            Step::Arriving(arrival) => {
                let is_in = arrival.take(bytes, &course.door, outgoing);
                let is_in = is_in.map_err(|source| ConnectError::Refused { client, source })?;
                is_in.then(|| std::mem::take(arrival).into_rest()).map(|rest| self.arrived(rest, course, outgoing))
            }
            Step::Asking(incoming, heard) => {
                let answers = &course.script.line(client, 0).answers;
                let hear =
                    |frame: Heard<'_>| if course.ignores(frame) { Ok(()) } else { hear_answer(frame, answers, heard) };
                incoming.take(bytes, hear).map_err(wrong)?;
                (*heard == answers.len()).then(|| leave(std::mem::take(incoming), outgoing))
            }
            Step::Leaving(incoming) => {
                let mut is_done = false;
                let hear =
                    |frame: Heard<'_>| if course.ignores(frame) { Ok(()) } else { hear_goodbye(frame, &mut is_done) };
                incoming.take(bytes, hear).map_err(wrong)?;
                is_done.then_some(Step::Done)
            }
            Step::Done => None,
        };
        self.step = next.unwrap_or_else(|| std::mem::replace(&mut self.step, Step::Done));
        Ok(())
    }

    fn arrived(&self, rest: Vec<u8>, course: &Course<'_>, outgoing: &mut Vec<u8>) -> Step {
        match course.whither {
            Whither::Stay => Step::Done,
            Whither::Leave => {
                outgoing.extend_from_slice(&course.script.line(self.number, 0).frame);
                Step::Asking(Incoming::after(rest), 0)
            }
        }
    }
}

/// Begins the closing handshake.
fn leave(incoming: Incoming, outgoing: &mut Vec<u8>) -> Step {
    write_masked(outgoing, Opcode::Close, &CloseCode::NORMAL.as_u16().to_be_bytes(), [0; 4]);
    Step::Leaving(incoming)
}

fn hear_answer(frame: Heard<'_>, answers: &[Vec<u8>], heard: &mut usize) -> Result<(), Wrong> {
    match (frame, answers.get(*heard)) {
        (Heard::Text(text), Some(expected)) if text == expected => *heard += 1,
        (Heard::Text(text), Some(expected)) => return Err(Wrong::text(text, expected)),
        (frame, _) => return Err(unexpected(frame)),
    }
    Ok(())
}

fn hear_goodbye(frame: Heard<'_>, is_done: &mut bool) -> Result<(), Wrong> {
    match frame {
        Heard::Close if !*is_done => *is_done = true,
        frame => return Err(unexpected(frame)),
    }
    Ok(())
}

fn unexpected(frame: Heard<'_>) -> Wrong {
    match frame {
        Heard::Text(text) => Wrong::unexpected(text),
        Heard::Ping(_) => Wrong::Frame(0x89),
        Heard::Close => Wrong::Frame(0x88),
        Heard::Other(first) => Wrong::Frame(first),
    }
}
