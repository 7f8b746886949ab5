//! Clients that ask, each for itself, and are answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::crowd::{Crowd, Ears};
use super::door::Door;
use super::script::{Exchange, Script};
use super::{LoadError, MAX_OUTSTANDING, Outcome, Wrong};
use crate::histogram::Histogram;

/// How long to wait between two times at which something may be due.
const TICK: Duration = Duration::from_millis(1);

/// How many ask at the same time where all do once.
const AT_ONCE: usize = 64;

/// Clients that ask, connected.
#[derive(Debug)]
pub(crate) struct Echo {
    crowd: Crowd,
    talk: Talk,
}

/// Who has asked what, and what has been answered.
#[derive(Debug)]
struct Talk {
    script: Script,
    clients: Vec<Client>,
    under_way: usize,
    /// Whether an answer makes the client ask again.
    is_going_on: bool,
    latencies: Histogram,
}

#[derive(Debug, Default)]
struct Client {
    asked: u32,
    answered: u32,
    /// Of the next answer.
    frames_heard: usize,
    /// Messages to be asked after this read.
    due: u32,
    /// When the messages under way were asked, by their numbers.
    times: Vec<Instant>,
}

impl Echo {
    /// Connects clients, in turns to each of the addresses.
    ///
    /// # Errors
    /// One cannot connect, or is not let in.
    pub(crate) fn connect(
        addresses: &[SocketAddr],
        clients: usize,
        door: &Door<'_>,
        exchange: Exchange,
    ) -> Result<Self, LoadError> {
        let crowd = Crowd::connect(addresses, clients, door)?;
        Ok(Self { crowd, talk: Talk::new(Script::new(door.dialect, exchange), clients) })
    }

    /// Keeps this many messages of each client under way for this long.
    ///
    /// # Errors
    /// A server that does anything wrong.
    pub(crate) fn run(&mut self, in_flight: u32, duration: Duration) -> Result<Outcome, LoadError> {
        self.talk.begin(true);
        let begin = Instant::now();
        for client in 0..self.crowd.len() {
            let missing = in_flight.saturating_sub(self.talk.clients[client].under_way());
            self.ask(client, missing)?;
        }
        while begin.elapsed() < duration {
            self.crowd.listen(&mut self.talk)?;
        }
        Ok(Outcome { elapsed: begin.elapsed(), latencies: self.talk.latencies.clone() })
    }

    /// Asks this often each second for this long, the clients in turns; less often if the server is too slow for it.
    ///
    /// # Errors
    /// A server that does anything wrong.
    pub(crate) fn run_at(&mut self, per_second: f64, duration: Duration) -> Result<Outcome, LoadError> {
        self.talk.begin(false);
        let (begin, mut asked) = (Instant::now(), 0);
        while begin.elapsed() < duration {
            let due = (begin.elapsed().as_secs_f64() * per_second) as usize;
            while asked < due && self.talk.under_way < self.crowd.len() {
                self.ask(asked % self.crowd.len(), 1)?;
                asked += 1;
            }
            self.crowd.listen_for(TICK, &mut self.talk)?;
        }
        self.settle()?;
        Ok(Outcome { elapsed: begin.elapsed(), latencies: self.talk.latencies.clone() })
    }

    /// Lets every client ask once.
    ///
    /// # Errors
    /// A server that does anything wrong.
    pub(crate) fn ask_all(&mut self) -> Result<(), LoadError> {
        self.talk.begin(false);
        for client in 0..self.crowd.len() {
            self.ask(client, 1)?;
            while self.talk.under_way >= AT_ONCE {
                self.crowd.listen(&mut self.talk)?;
            }
        }
        self.settle()
    }

    /// Waits until everything is answered.
    ///
    /// # Errors
    /// A server that does anything wrong.
    pub(crate) fn settle(&mut self) -> Result<(), LoadError> {
        self.talk.is_going_on = false;
        while self.talk.under_way > 0 {
            self.crowd.listen(&mut self.talk)?;
        }
        Ok(())
    }

    /// Does nothing for so long but answer pings.
    ///
    /// # Errors
    /// A server that does anything wrong.
    pub(crate) fn rest(&mut self, duration: Duration) -> Result<(), LoadError> {
        let end = Instant::now() + duration;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.crowd.listen_for(left, &mut self.talk)?;
        }
        Ok(())
    }

    /// How often servers have asked whether their clients live.
    pub(crate) fn pings(&self) -> u64 {
        self.crowd.pings()
    }

    /// Makes sure that each client was asked.
    ///
    /// # Errors
    /// One was not.
    pub(crate) fn expect_pings(&self) -> Result<(), LoadError> {
        self.crowd.never_pinged().map_or(Ok(()), |client| Err(LoadError::NeverPinged { client }))
    }

    fn ask(&mut self, client: usize, messages: u32) -> Result<(), LoadError> {
        let mut frames = Vec::new();
        self.talk.ask(client, messages, &mut frames);
        self.crowd.say(client, &frames)
    }
}

impl Talk {
    fn new(script: Script, clients: usize) -> Self {
        let clients = (0..clients).map(|_| Client::default()).collect();
        Self { script, clients, under_way: 0, is_going_on: false, latencies: Histogram::default() }
    }

    fn begin(&mut self, is_going_on: bool) {
        self.is_going_on = is_going_on;
        self.latencies = Histogram::default();
    }

    fn ask(&mut self, client: usize, messages: u32, outgoing: &mut Vec<u8>) {
        let asking = &mut self.clients[client];
        let now = Instant::now();
        for _ in 0..messages {
            outgoing.extend_from_slice(&self.script.line(client, asking.asked).frame);
            asking.note(now);
        }
        self.under_way += messages as usize;
    }
}

impl Client {
    fn under_way(&self) -> u32 {
        self.asked - self.answered
    }

    /// Notes that the next message is asked now.
    fn note(&mut self, now: Instant) {
        match self.times.get_mut(self.asked as usize % MAX_OUTSTANDING) {
            Some(time) => *time = now,
            None => self.times.push(now),
        }
        self.asked += 1;
    }
}

impl Ears for Talk {
    fn hear(&mut self, client: usize, text: &[u8], now: Instant) -> Result<(), Wrong> {
        let hearing = &mut self.clients[client];
        if hearing.under_way() == 0 {
            return Err(Wrong::unexpected(text));
        }
        let answers = &self.script.line(client, hearing.answered).answers;
        let expected = &answers[hearing.frames_heard];
        if text != expected {
            return Err(Wrong::text(text, expected));
        }
        hearing.frames_heard += 1;
        if hearing.frames_heard == answers.len() {
            self.latencies.record(now - hearing.times[hearing.answered as usize % MAX_OUTSTANDING]);
            hearing.frames_heard = 0;
            hearing.answered += 1;
            hearing.due += u32::from(self.is_going_on);
            self.under_way -= 1;
        }
        Ok(())
    }

    fn answer(&mut self, client: usize, outgoing: &mut Vec<u8>) {
        let due = std::mem::take(&mut self.clients[client].due);
        self.ask(client, due, outgoing);
    }
}
