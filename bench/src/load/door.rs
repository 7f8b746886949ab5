//! The way in: the request of a client, and what servers answer until it is in.

use std::net::SocketAddr;

use chanx_core::frame::{Opcode, accept_key, write_masked};
use thiserror::Error;

use super::dialect::Dialect;
use super::incoming::{Heard, next};

const KEY: &str = "YmVuY2ggYmVuY2ggYmVuYw==";

/// Where clients come in, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door<'a> {
    pub(crate) path: &'static str,
    pub(crate) dialect: Dialect,
    /// What the server says first, and what clients answer to it: see [`Dialect::greeting`].
    greeting: &'static [(&'static str, &'static str)],
    /// Login sessions, for clients to have in turns; none where nobody logs in.
    pub(crate) sessions: &'a [String],
}

/// Why a client is not let in.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{answer}` is not the answer of one who lets clients in")]
pub(crate) struct Refused {
    answer: String,
}

/// How far a client has come.
#[derive(Debug, Default)]
pub(crate) struct Arrival {
    is_upgraded: bool,
    /// How many parts of the greeting were heard.
    greeted: usize,
    unread: Vec<u8>,
}

impl<'a> Door<'a> {
    /// For those whom nobody asks who they are.
    pub(crate) fn open(path: &'static str, dialect: Dialect) -> Self {
        Self { path, dialect, greeting: dialect.greeting(false), sessions: &[] }
    }

    /// The way into a group.
    pub(crate) fn into_room(path: &'static str, dialect: Dialect) -> Self {
        Self { greeting: dialect.greeting(true), ..Self::open(path, dialect) }
    }

    /// The way to a server that says when the connection is made, as it does when a message is dealt with.
    pub(crate) fn completed(self) -> Self {
        Self { greeting: &[(r#"{"action":"complete","payload":null}"#, "")], ..self }
    }

    /// The same for those who have logged in.
    pub(crate) fn with(self, sessions: &'a [String]) -> Self {
        Self { sessions, ..self }
    }

    /// What a client of this number asks for.
    pub(crate) fn request(&self, address: SocketAddr, number: usize) -> String {
        let (path, query) = (self.path, self.dialect.query());
        let session = self.sessions.get(number % self.sessions.len().max(1));
        let cookie = session.map_or(String::new(), |session| format!("Cookie: sessionid={session}\r\n"));
        format!(
            "GET {path}{query} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{cookie}\r\n"
        )
    }
}

impl Arrival {
    /// Takes what the server answers, and adds to `outgoing` what the client says to that. Yields whether it is in.
    pub(crate) fn take(&mut self, bytes: &[u8], door: &Door<'_>, outgoing: &mut Vec<u8>) -> Result<bool, Refused> {
        self.unread.extend_from_slice(bytes);
        if !self.is_upgraded && !self.upgrade()? {
            return Ok(false);
        }
        while let Some((expected, answer)) = door.greeting.get(self.greeted) {
            let Some((heard, length)) = next(&self.unread) else { return Ok(false) };
            let Heard::Text(text) = heard else { return Err(self.refused()) };
            let sign_of_life = door.dialect.sign_of_life(text);
            if sign_of_life.is_none() && !text.starts_with(expected.as_bytes()) {
                return Err(self.refused());
            }
            self.greeted += usize::from(sign_of_life.is_none());
            let answer = sign_of_life.unwrap_or(answer);
            if !answer.is_empty() {
                write_masked(outgoing, Opcode::Text, answer.as_bytes(), [0; 4]);
            }
            self.unread.drain(..length);
        }
        Ok(true)
    }

    /// What came after the greeting.
    pub(crate) fn into_rest(self) -> Vec<u8> {
        self.unread
    }

    /// Reads the head of the answer, once it is whole.
    fn upgrade(&mut self) -> Result<bool, Refused> {
        let Some(end) = self.unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            let is_wrong = !b"HTTP/1.1 101".starts_with(&self.unread[..self.unread.len().min(12)]);
            return if is_wrong { Err(self.refused()) } else { Ok(false) };
        };
        let head = String::from_utf8_lossy(&self.unread[..end]);
        if !head.starts_with("HTTP/1.1 101") || !head.contains(&accept_key(KEY)) {
            return Err(self.refused());
        }
        self.unread.drain(..end + 4);
        self.is_upgraded = true;
        Ok(true)
    }

    pub(crate) fn refused(&self) -> Refused {
        Refused { answer: String::from_utf8_lossy(&self.unread).into_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps of one who hears `answer` in pieces of `size` bytes.
    fn arrive(answer: &[u8], size: usize, door: &Door<'_>) -> Result<(bool, Vec<u8>), Refused> {
        let (mut arrival, mut outgoing, mut is_in) = (Arrival::default(), Vec::new(), false);
        for bytes in answer.chunks(size) {
            is_in = arrival.take(bytes, door, &mut outgoing)?;
        }
        Ok((is_in, arrival.into_rest()))
    }

    fn upgraded() -> Vec<u8> {
        format!("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {}\r\n\r\n", accept_key(KEY)).into_bytes()
    }

    #[test]
    fn a_client_is_in_after_the_whole_greeting() {
        let (echo, room) = (Door::open("/echo/", Dialect::Json), Door::into_room("/room/", Dialect::Json));
        let ready = [b"\x81\x21".as_slice(), br#"{"action":"ready","payload":null}"#].concat();
        let greeted = [upgraded(), ready].concat();
        for size in [1, 7, 1000] {
            assert_eq!(arrive(&upgraded(), size, &echo), Ok((true, Vec::new())));
            assert_eq!(arrive(&upgraded(), size, &room), Ok((false, Vec::new())));
            assert_eq!(arrive(&greeted, size, &room), Ok((true, Vec::new())));
        }
        assert_eq!(arrive(&greeted, 1000, &echo).map(|(_, rest)| rest.len()), Ok(35));
    }

    #[test]
    fn a_server_may_say_when_the_connection_is_made() {
        let door = Door::open("/completed/", Dialect::Json).completed();
        let complete = [b"\x81\x24".as_slice(), br#"{"action":"complete","payload":null}"#].concat();
        assert_eq!(arrive(&upgraded(), 1000, &door), Ok((false, Vec::new())));
        assert_eq!(arrive(&[upgraded(), complete].concat(), 1000, &door), Ok((true, Vec::new())));
    }

    #[test]
    fn another_answer_is_a_refusal() {
        let room = Door::into_room("/room/", Dialect::Json);
        let other_text = [upgraded(), b"\x81\x02no".to_vec()].concat();
        let no_accept = b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
        for answer in [b"HTTP/1.1 403 Forbidden".to_vec(), no_accept, other_text] {
            assert!(arrive(&answer, 1000, &room).is_err(), "{}", String::from_utf8_lossy(&answer));
        }
    }

    #[test]
    fn clients_have_sessions_in_turns() {
        let sessions = ["one".to_owned(), "two".to_owned()];
        let door = Door::open("/echo/", Dialect::Json).with(&sessions);
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        assert!(door.request(address, 3).contains("\r\nCookie: sessionid=two\r\n"));
        assert!(!Door::open("/echo/", Dialect::Json).request(address, 0).contains("Cookie"));
    }
}
