//! The least that a server can do for a delivery: one thread, one epoll, a frame that is ready, one send.
//!
//! It is a yardstick and no server: clients that cannot take a frame at once, or that leave, end it.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use chanx_core::frame::{Frame, FrameReader, Opcode, Role, accept_key, write_frame};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use super::words::{READY, said};

const LISTENER: Token = Token(usize::MAX);
const READ_SIZE: usize = 4096;

struct Floor {
    poll: Poll,
    listener: TcpListener,
    clients: Vec<Client>,
}

struct Client {
    stream: TcpStream,
    reader: FrameReader,
    is_member: bool,
}

pub(super) fn serve() -> io::Result<()> {
    let mut floor = Floor::listen()?;
    super::announce(floor.listener.local_addr()?);
    let mut events = Events::with_capacity(1024);
    loop {
        floor.poll.poll(&mut events, None)?;
        for event in &events {
            match event.token() {
                LISTENER => floor.accept()?,
                Token(number) => floor.hear(number)?,
            }
        }
    }
}

impl Floor {
    fn listen() -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self { poll, listener, clients: Vec::new() })
    }

    fn accept(&mut self) -> io::Result<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            stream.set_nodelay(true)?;
            self.poll.registry().register(&mut stream, Token(self.clients.len()), Interest::READABLE)?;
            self.clients.push(Client { stream, reader: FrameReader::new(Role::Server, READ_SIZE), is_member: false });
        }
    }

    fn hear(&mut self, number: usize) -> io::Result<()> {
        let client = &mut self.clients[number];
        let mut bytes = [0; READ_SIZE];
        let read = client.stream.read(&mut bytes)?;
        client.reader.buffer_mut().extend_from_slice(&bytes[..read]);
        if !client.is_member {
            return client.enter();
        }
        while let Some(frame) = self.clients[number].next_said()? {
            for member in self.clients.iter_mut().filter(|client| client.is_member) {
                member.stream.write_all(&frame)?;
            }
        }
        Ok(())
    }
}

impl Client {
    /// Answers the handshake once it is there, and lets the client in.
    fn enter(&mut self) -> io::Result<()> {
        let request = self.reader.buffer_mut();
        let Some(end) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(()) };
        let request = request.split_to(end + 4);
        let request = String::from_utf8_lossy(&request);
        let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
        let accept = accept_key(key);
        let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
        let mut answer = format!("{head}Sec-WebSocket-Accept: {accept}\r\n\r\n").into_bytes();
        write_frame(&mut answer, Opcode::Text, READY.as_bytes());
        self.is_member = true;
        self.stream.write_all(&answer)
    }

    /// The frame that the client's next message makes.
    fn next_said(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(frame) = self.reader.next().map_err(|_| io::ErrorKind::InvalidData)? else { return Ok(None) };
        let Frame::Text(text) = frame else { return Ok(None) };
        let text = said(text).ok_or(io::ErrorKind::InvalidData)?;
        let mut frame = Vec::new();
        write_frame(&mut frame, Opcode::Text, text.as_bytes());
        Ok(Some(frame))
    }
}
