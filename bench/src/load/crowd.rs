//! Clients that are in, in one thread around one epoll, so that they cost as little as possible beside the servers.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use chanx_core::frame::{Opcode, write_masked};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::connect::connect_all;
use super::dialect::Dialect;
use super::door::Door;
use super::incoming::{Heard, Incoming};
use super::{LoadError, Wrong};

/// Enough for all that may be under way to one client.
const READ_SIZE: usize = 64 * 1024;
/// A server that does nothing for so long does nothing any more.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// What is done with what clients hear.
pub(super) trait Ears {
    /// Notes a text.
    fn hear(&mut self, client: usize, text: &[u8], now: Instant) -> Result<(), Wrong>;

    /// Adds what the client says after it has heard all that had arrived.
    fn answer(&mut self, client: usize, outgoing: &mut Vec<u8>) {
        let _ = (client, outgoing);
    }
}

/// Clients that are in.
#[derive(Debug)]
pub(super) struct Crowd {
    poll: Poll,
    events: Events,
    clients: Vec<Client>,
    dialect: Dialect,
    buffer: Vec<u8>,
    outgoing: Vec<u8>,
}

#[derive(Debug)]
struct Client {
    stream: TcpStream,
    incoming: Incoming,
    pings: u32,
}

impl Crowd {
    /// Connects clients, in turns to each of the addresses.
    pub(super) fn connect(addresses: &[SocketAddr], clients: usize, door: &Door<'_>) -> Result<Self, LoadError> {
        let poll = Poll::new().map_err(LoadError::Poll)?;
        let mut connected = Vec::with_capacity(clients);
        for (number, (stream, incoming)) in connect_all(addresses, clients, door)?.into_iter().enumerate() {
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(number), Interest::READABLE).map_err(LoadError::Poll)?;
            connected.push(Client { stream, incoming, pings: 0 });
        }
        Ok(Self {
            poll,
            events: Events::with_capacity(1024),
            clients: connected,
            dialect: door.dialect,
            buffer: vec![0; READ_SIZE],
            outgoing: Vec::new(),
        })
    }

    pub(super) fn len(&self) -> usize {
        self.clients.len()
    }

    /// How often servers have asked whether their clients live.
    pub(super) fn pings(&self) -> u64 {
        self.clients.iter().map(|client| u64::from(client.pings)).sum()
    }

    /// The first one whom no server has asked that.
    pub(super) fn never_pinged(&self) -> Option<usize> {
        self.clients.iter().position(|client| client.pings == 0)
    }

    pub(super) fn say(&mut self, client: usize, frames: &[u8]) -> Result<(), LoadError> {
        self.clients[client].stream.write_all(frames).map_err(|source| LoadError::Broken { client, source })
    }

    /// Waits until something arrives.
    pub(super) fn listen(&mut self, ears: &mut impl Ears) -> Result<(), LoadError> {
        match self.listen_for(PATIENCE, ears)? {
            true => Ok(()),
            false => Err(LoadError::Stalled),
        }
    }

    /// Waits for so long, or until something arrives. Yields whether anything did.
    pub(super) fn listen_for(&mut self, patience: Duration, ears: &mut impl Ears) -> Result<bool, LoadError> {
        match self.poll.poll(&mut self.events, Some(patience)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            polled => polled.map_err(LoadError::Poll)?,
        }
        for event in &self.events {
            let Token(number) = event.token();
            let (buffer, outgoing) = (&mut self.buffer, &mut self.outgoing);
            self.clients[number].hear(number, self.dialect, ears, buffer, outgoing)?;
        }
        Ok(!self.events.is_empty())
    }
}

impl Client {
    /// Takes what has arrived, and answers.
    fn hear(
        &mut self,
        number: usize,
        dialect: Dialect,
        ears: &mut impl Ears,
        buffer: &mut [u8],
        outgoing: &mut Vec<u8>,
    ) -> Result<(), LoadError> {
        let broken = |source| LoadError::Broken { client: number, source };
        // After less than a full buffer epoll tells of more.
        let mut is_full = true;
        while is_full {
            let read = match self.stream.read(buffer) {
                Ok(0) => return Err(broken(io::ErrorKind::UnexpectedEof.into())),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(broken(error)),
            };
            is_full = read == buffer.len();
            let now = Instant::now();
            let heard = self.incoming.take(&buffer[..read], |heard| {
                let is_ping = respond(heard, dialect, outgoing)?;
                self.pings += u32::from(is_ping);
                match heard {
                    Heard::Text(text) if !is_ping => ears.hear(number, text, now),
                    _ => Ok(()),
                }
            });
            heard.map_err(|source| LoadError::Wrong { client: number, source })?;
        }
        ears.answer(number, outgoing);
        if !outgoing.is_empty() {
            self.stream.write_all(outgoing).map_err(broken)?;
            outgoing.clear();
        }
        Ok(())
    }
}

/// Answers a ping, of the protocol or of the dialect. Yields whether it was one.
fn respond(heard: Heard<'_>, dialect: Dialect, outgoing: &mut Vec<u8>) -> Result<bool, Wrong> {
    match heard {
        Heard::Text(text) => {
            let Some(answer) = dialect.sign_of_life(text) else { return Ok(false) };
            write_masked(outgoing, Opcode::Text, answer.as_bytes(), [0; 4]);
        }
        Heard::Ping(payload) => write_masked(outgoing, Opcode::Pong, payload, [0; 4]),
        Heard::Close => return Err(Wrong::Frame(0x88)),
        Heard::Other(first) => return Err(Wrong::Frame(first)),
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_is_answered_and_anything_else_is_wrong() {
        let mut outgoing = Vec::new();
        assert_eq!(respond(Heard::Ping(b"hi"), Dialect::Json, &mut outgoing), Ok(true));
        assert_eq!(outgoing, b"\x8a\x82\0\0\0\0hi");
        assert_eq!(respond(Heard::Text(b"hi"), Dialect::Json, &mut outgoing), Ok(false));
        assert_eq!(respond(Heard::Close, Dialect::Json, &mut outgoing), Err(Wrong::Frame(0x88)));
        assert_eq!(respond(Heard::Other(0x82), Dialect::Json, &mut outgoing), Err(Wrong::Frame(0x82)));
    }
}
