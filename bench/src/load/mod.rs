//! The load: members that listen, one of whom speaks, in one thread around one epoll, so that it costs as little as
//! possible beside the servers.
//!
//! Every byte that arrives is checked. A server that leaves a message out, says it twice, changes it, or brings two in the
//! wrong order is not measured.

mod connect;
mod group;
mod incoming;
mod script;

pub(crate) use connect::ConnectError;
pub(crate) use group::{MAX_OUTSTANDING, Wrong};

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use thiserror::Error;

use crate::histogram::Histogram;
use group::Group;
use incoming::Incoming;

/// Enough for all that may be under way to one member.
const READ_SIZE: usize = 16 * 1024;
/// A server that does nothing for so long does nothing any more.
const PATIENCE: Duration = Duration::from_secs(30);

/// The members of a group, connected.
#[derive(Debug)]
pub(crate) struct Load {
    poll: Poll,
    events: Events,
    members: Vec<Member>,
    group: Group,
}

#[derive(Debug)]
struct Member {
    stream: TcpStream,
    incoming: Incoming,
}

/// What came of the time for which messages were sent.
#[derive(Debug)]
pub(crate) struct Deliveries {
    pub(crate) latencies: Histogram,
    pub(crate) elapsed: Duration,
}

/// Why a server is not measured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum LoadError {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("epoll does not work")]
    Poll(#[source] io::Error),
    #[error("the connection of member {member} broke")]
    Broken { member: usize, source: io::Error },
    #[error("member {member} was told something wrong")]
    Wrong { member: usize, source: Wrong },
    #[error("nothing arrives any more")]
    Stalled,
    #[error("the processor time cannot be read")]
    Cpu(#[source] io::Error),
}

impl Load {
    /// Connects the members, in turns to each of the addresses. The first one speaks, to the first of them.
    ///
    /// # Errors
    /// One cannot connect, or is not let in.
    pub(crate) fn connect(addresses: &[SocketAddr], members: usize, knows_the_sender: bool) -> Result<Self, LoadError> {
        let poll = Poll::new().map_err(LoadError::Poll)?;
        let mut connected = Vec::with_capacity(members);
        for (number, stream) in connect::connect_all(addresses, members)?.into_iter().enumerate() {
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(number), Interest::READABLE).map_err(LoadError::Poll)?;
            connected.push(Member { stream, incoming: Incoming::default() });
        }
        let group = Group::new(members, knows_the_sender);
        Ok(Self { poll, events: Events::with_capacity(1024), members: connected, group })
    }

    /// Keeps this many messages under way for this long.
    ///
    /// # Errors
    /// A server that does anything wrong.
    pub(crate) fn run(&mut self, outstanding: u32, duration: Duration) -> Result<Deliveries, LoadError> {
        self.group.forget_latencies();
        let begin = Instant::now();
        while begin.elapsed() < duration {
            while self.group.under_way() < u64::from(outstanding) {
                self.speak()?;
            }
            self.listen()?;
        }
        Ok(Deliveries { elapsed: begin.elapsed(), latencies: self.group.latencies().clone() })
    }

    /// Waits until every member has got every message, and nothing else.
    ///
    /// # Errors
    /// A server that does anything wrong.
    pub(crate) fn settle(&mut self) -> Result<(), LoadError> {
        // What comes once too often comes before what follows it.
        self.speak()?;
        while self.group.under_way() > 0 {
            self.listen()?;
        }
        Ok(())
    }

    fn speak(&mut self) -> Result<(), LoadError> {
        let frame = self.group.publish();
        self.members[0].stream.write_all(frame).map_err(|source| LoadError::Broken { member: 0, source })
    }

    fn listen(&mut self) -> Result<(), LoadError> {
        match self.poll.poll(&mut self.events, Some(PATIENCE)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            polled => polled.map_err(LoadError::Poll)?,
        }
        if self.events.is_empty() {
            return Err(LoadError::Stalled);
        }
        let mut buffer = [0; READ_SIZE];
        for event in &self.events {
            let Token(number) = event.token();
            self.members[number].hear(number, &mut self.group, &mut buffer)?;
        }
        Ok(())
    }
}

impl Member {
    /// Takes what has arrived. After less than a full buffer epoll tells of more.
    fn hear(&mut self, number: usize, group: &mut Group, buffer: &mut [u8]) -> Result<(), LoadError> {
        let broken = |source| LoadError::Broken { member: number, source };
        loop {
            let read = match self.stream.read(buffer) {
                Ok(0) => return Err(broken(io::ErrorKind::UnexpectedEof.into())),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(broken(error)),
            };
            let now = Instant::now();
            let heard = self.incoming.take(&buffer[..read], |text| group.hear(number, text, now));
            let answer = heard.map_err(|source| LoadError::Wrong { member: number, source })?;
            if !answer.is_empty() {
                self.stream.write_all(&answer).map_err(broken)?;
            }
            if read < buffer.len() {
                return Ok(());
            }
        }
    }
}
