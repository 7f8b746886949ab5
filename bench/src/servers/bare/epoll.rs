//! The same loop around one epoll, to hold the ring against.
//!
//! Clients that cannot take an answer at once end their connection.

use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::TcpListener;

use bench_uring::Peer;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

const LISTENER: Token = Token(usize::MAX);
const READ_SIZE: usize = 64 * 1024;

struct Server<P, A> {
    poll: Poll,
    listener: mio::net::TcpListener,
    admit: A,
    clients: Vec<Option<Client<P>>>,
    /// Places of clients that are gone.
    free: Vec<usize>,
    buffer: Vec<u8>,
    answer: Vec<u8>,
}

struct Client<P> {
    peer: P,
    stream: TcpStream,
}

/// Serves for ever, with a new peer for each client.
///
/// # Errors
/// The system refuses a poll or a connection.
pub(super) fn serve<P: Peer>(listener: TcpListener, admit: impl FnMut() -> P) -> io::Result<Infallible> {
    let mut server = Server::new(listener, admit)?;
    let mut events = Events::with_capacity(1024);
    loop {
        server.poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                LISTENER => server.accept()?,
                Token(place) => server.hear(place),
            }
        }
    }
}

impl<P: Peer, A: FnMut() -> P> Server<P, A> {
    fn new(listener: TcpListener, admit: A) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let (poll, mut listener) = (Poll::new()?, mio::net::TcpListener::from_std(listener));
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let (clients, free) = (Vec::new(), Vec::new());
        Ok(Self { poll, listener, admit, clients, free, buffer: vec![0; READ_SIZE], answer: Vec::new() })
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => self.welcome(stream)?,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn welcome(&mut self, mut stream: TcpStream) -> io::Result<()> {
        let place = self.free.pop().unwrap_or(self.clients.len());
        self.poll.registry().register(&mut stream, Token(place), Interest::READABLE)?;
        let client = Some(Client { peer: (self.admit)(), stream });
        match self.clients.get_mut(place) {
            Some(free) => *free = client,
            None => self.clients.push(client),
        }
        Ok(())
    }

    fn hear(&mut self, place: usize) {
        let Some(client) = &mut self.clients[place] else { return };
        if !client.hear(&mut self.buffer, &mut self.answer).unwrap_or(false) {
            self.clients[place] = None;
            self.free.push(place);
        }
    }
}

impl<P: Peer> Client<P> {
    /// Reads, and answers. Yields whether the conversation goes on.
    fn hear(&mut self, buffer: &mut [u8], answer: &mut Vec<u8>) -> io::Result<bool> {
        // After less than a full buffer epoll tells of more.
        let mut is_full = true;
        while is_full {
            let read = match self.stream.read(buffer) {
                Ok(0) => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                read => read?,
            };
            is_full = read == buffer.len();
            answer.clear();
            let goes_on = self.peer.hear(&buffer[..read], answer);
            self.stream.write_all(answer)?;
            if !goes_on {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
