//! The least that a server can do: one thread, one epoll, one send for all that one read brought, one send for each
//! delivery of a frame that is ready.
//!
//! It is a yardstick and no server: clients that cannot take a frame at once end it.

mod client;
mod frame;

use std::io;
use std::net::SocketAddr;

use chanx_core::frame::{Opcode, write_frame};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use client::Client;

const LISTENER: Token = Token(usize::MAX);
const READ_SIZE: usize = 64 * 1024;

struct Floor {
    poll: Poll,
    listener: TcpListener,
    clients: Vec<Option<Client>>,
    /// Places of clients that are gone.
    free: Vec<usize>,
    /// Whether frames that came together leave together.
    joins: bool,
    /// Frames that all members are to get.
    said: Vec<u8>,
}

/// Serves for ever. Frames of a group leave one by one, or those of one turn of the loop together.
pub(super) fn serve(joins: bool) -> io::Result<()> {
    let mut floor = Floor::listen(joins)?;
    super::announce(floor.listener.local_addr()?);
    let mut events = Events::with_capacity(1024);
    let (mut buffer, mut answer) = (vec![0; READ_SIZE], Vec::new());
    loop {
        floor.poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                LISTENER => floor.accept()?,
                Token(place) => floor.hear(place, &mut buffer, &mut answer)?,
            }
        }
        floor.deliver()?;
    }
}

impl Floor {
    fn listen(joins: bool) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self { poll, listener, clients: Vec::new(), free: Vec::new(), joins, said: Vec::new() })
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => self.admit(stream)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn admit(&mut self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let place = self.free.pop().unwrap_or(self.clients.len());
        self.poll.registry().register(&mut stream, Token(place), Interest::READABLE)?;
        let client = Some(Client::new(stream));
        match self.clients.get_mut(place) {
            Some(free) => *free = client,
            None => self.clients.push(client),
        }
        Ok(())
    }

    fn hear(&mut self, place: usize, buffer: &mut [u8], answer: &mut Vec<u8>) -> io::Result<()> {
        let Some(client) = &mut self.clients[place] else { return Ok(()) };
        let mut texts = Vec::new();
        client.hear(buffer, answer, &mut |text| texts.push(text))?;
        if client.is_gone() {
            self.clients[place] = None;
            self.free.push(place);
        }
        for text in texts {
            write_frame(&mut self.said, Opcode::Text, text.as_bytes());
            if !self.joins {
                self.deliver()?;
            }
        }
        Ok(())
    }

    fn deliver(&mut self) -> io::Result<()> {
        if self.said.is_empty() {
            return Ok(());
        }
        for member in self.clients.iter_mut().flatten().filter(|client| client.is_member()) {
            member.send(&self.said)?;
        }
        self.said.clear();
        Ok(())
    }
}
