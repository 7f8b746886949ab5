//! One connection of a client.

use std::io;
use std::net::SocketAddr;

use chanx_core::close::CloseCode;
use chanx_core::frame::{Frame, FrameReader, Opcode, Role, write_masked};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::words::{Heard, Word};
use crate::load::{Arrival, Dialect, Door};
use crate::soak::site::PATH;

/// Messages for groups are shorter.
const LONGEST: usize = 1 << 20;
/// How much is read at once.
const READ_SIZE: usize = 16 * 1024;

/// One connection that was let in.
#[derive(Debug)]
pub(super) struct Client {
    stream: TcpStream,
    reader: FrameReader,
}

/// What a client asks for to be let in.
pub(super) fn request(address: SocketAddr) -> String {
    Door::open(PATH, Dialect::Json).request(address, 0)
}

/// Connects, with a buffer for what arrives of a size of its own if there is one.
pub(super) async fn connect(address: SocketAddr, buffer: Option<u32>) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    if let Some(size) = buffer {
        socket.set_recv_buffer_size(size)?;
    }
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Client {
    /// Asks to be let in.
    ///
    /// # Errors
    /// The server does not let it in.
    pub(super) async fn enter(mut stream: TcpStream, address: SocketAddr) -> io::Result<Self> {
        stream.write_all(request(address).as_bytes()).await?;
        let door = Door::open(PATH, Dialect::Json);
        let (mut arrival, mut bytes) = (Arrival::default(), [0; 1024]);
        loop {
            let read = stream.read(&mut bytes).await?;
            let is_in = arrival.take(&bytes[..read], &door, &mut Vec::new()).map_err(io::Error::other)?;
            if is_in {
                break;
            }
            if read == 0 {
                return Err(io::Error::other(arrival.refused()));
            }
        }
        let mut reader = FrameReader::new(Role::Client, LONGEST);
        reader.buffer_mut().extend_from_slice(&arrival.into_rest());
        Ok(Self { stream, reader })
    }

    pub(super) async fn say(&mut self, words: &str) -> io::Result<()> {
        self.send(Opcode::Text, words.as_bytes()).await
    }

    /// Says goodbye.
    pub(super) async fn close(&mut self) -> io::Result<()> {
        self.send(Opcode::Close, &CloseCode::NORMAL.as_u16().to_be_bytes()).await
    }

    async fn send(&mut self, opcode: Opcode, payload: &[u8]) -> io::Result<()> {
        let mut frame = Vec::new();
        write_masked(&mut frame, opcode, payload, [1, 2, 3, 4]);
        self.send_bytes(&frame).await
    }

    /// Sends anything at all.
    pub(super) async fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The next word of the server, or the end. Pings are answered. To drop the future loses nothing that has arrived.
    pub(super) async fn hear(&mut self) -> Heard {
        loop {
            match self.arrived().await {
                Ok(Some(heard)) => return heard,
                Ok(None) => {}
                Err(error) => return Heard::Cut(error.to_string()),
            }
            if let Err(error) = self.read(READ_SIZE).await {
                return Heard::Cut(error.to_string());
            }
        }
    }

    /// Reads a few bytes at most.
    pub(super) async fn read(&mut self, most: usize) -> io::Result<()> {
        let mut limited = (&mut self.stream).take(most as u64);
        let buffer = self.reader.buffer_mut();
        buffer.reserve(most);
        match limited.read_buf(buffer).await? {
            0 => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the end without a close frame")),
            _ => Ok(()),
        }
    }

    /// What has arrived whole.
    async fn arrived(&mut self) -> io::Result<Option<Heard>> {
        loop {
            let ping = match self.reader.next() {
                Err(violation) => return Ok(Some(Heard::Wrong(violation.to_string()))),
                Ok(None) => return Ok(None),
                Ok(Some(Frame::Text(text))) => return Ok(Some(Word::read(text))),
                Ok(Some(Frame::Close(close))) => {
                    return Ok(Some(Heard::Closed(close.and_then(|close| close.code).map(CloseCode::as_u16))));
                }
                Ok(Some(Frame::Ping(payload))) => payload.to_vec(),
                Ok(Some(frame)) => return Ok(Some(Heard::Wrong(format!("{frame:?}")))),
            };
            self.send(Opcode::Pong, &ping).await?;
        }
    }

    /// Lets the connection end by a reset when this is dropped.
    pub(super) fn reset(&self) {
        // A reset that fails is an end all the same.
        let _ = self.stream.set_zero_linger();
    }
}
