//! One client of the floor.

use std::io::{self, Read, Write};

use chanx_core::frame::{Opcode, accept_key, write_frame};
use mio::net::TcpStream;

use super::frame::next;
use crate::servers::ROOM;
use crate::servers::words::{READY, Words, words};

pub(super) struct Client {
    stream: TcpStream,
    stage: Stage,
    /// The beginning of what has not arrived.
    rest: Option<Box<[u8]>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// There was no request yet.
    New,
    /// Its frames go back to it.
    Alone,
    /// What it says goes to all members.
    Member,
    Gone,
}

impl Client {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, stage: Stage::New, rest: None }
    }

    pub(super) fn is_member(&self) -> bool {
        self.stage == Stage::Member
    }

    pub(super) fn is_gone(&self) -> bool {
        self.stage == Stage::Gone
    }

    pub(super) fn send(&mut self, frames: &[u8]) -> io::Result<()> {
        self.stream.write_all(frames)
    }

    /// Takes what has arrived, answers in one send, and adds to `said` what all members are to hear.
    pub(super) fn hear(
        &mut self,
        buffer: &mut [u8],
        answer: &mut Vec<u8>,
        said: &mut impl FnMut(String),
    ) -> io::Result<()> {
        let kept = self.rest.take().map_or(0, |rest| {
            buffer[..rest.len()].copy_from_slice(&rest);
            rest.len()
        });
        let end = match self.stream.read(&mut buffer[kept..]) {
            Ok(0) => {
                self.stage = Stage::Gone;
                return Ok(());
            }
            Ok(read) => kept + read,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => kept,
            Err(error) => return Err(error),
        };
        answer.clear();
        let taken = self.take(&mut buffer[..end], answer, said)?;
        if taken < end {
            self.rest = Some(buffer[taken..end].into());
        }
        if answer.is_empty() { Ok(()) } else { self.stream.write_all(answer) }
    }

    /// Yields how many bytes were whole requests or frames.
    fn take(&mut self, bytes: &mut [u8], answer: &mut Vec<u8>, said: &mut impl FnMut(String)) -> io::Result<usize> {
        let mut taken = if self.stage == Stage::New { self.enter(bytes, answer) } else { 0 };
        while !matches!(self.stage, Stage::New | Stage::Gone)
            && let Some(frame) = next(&mut bytes[taken..])
        {
            match (frame.opcode, self.stage) {
                (0x1, Stage::Member) => match words(frame.payload).ok_or(io::ErrorKind::InvalidData)? {
                    Words::Said(text) => said(text),
                    Words::Echoed(text) => write_frame(answer, Opcode::Text, text.as_bytes()),
                },
                (0x1, _) => write_frame(answer, Opcode::Text, frame.payload),
                (0x9, _) => write_frame(answer, Opcode::Pong, frame.payload),
                (0x8, _) => {
                    write_frame(answer, Opcode::Close, frame.payload);
                    self.stage = Stage::Gone;
                }
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
            taken += frame.length;
        }
        Ok(taken)
    }

    /// Answers the handshake once it is there, and lets the client in. Yields how long the request was.
    fn enter(&mut self, request: &[u8], answer: &mut Vec<u8>) -> usize {
        let Some(end) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return 0 };
        let request = String::from_utf8_lossy(&request[..end]);
        let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
        let accept = accept_key(key);
        answer.extend_from_slice(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
        answer.extend_from_slice(format!("Sec-WebSocket-Accept: {accept}\r\n\r\n").as_bytes());
        self.stage = Stage::Alone;
        if request.split(' ').nth(1) == Some(ROOM) {
            write_frame(answer, Opcode::Text, READY.as_bytes());
            self.stage = Stage::Member;
        }
        end + 4
    }
}
