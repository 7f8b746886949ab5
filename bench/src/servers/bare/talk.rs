//! One connection: the request that opens it, then chanx's session and a handler.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use bench_uring::Peer;
use chanx_core::frame::accept_key;
use chanx_core::session::{Buffers, Input, Session, SessionConfig};

use super::super::COMPLETED;
use super::super::chanx_server::{EchoIncoming, EchoOutgoing};

/// What all connections share.
#[derive(Clone)]
pub(super) struct Hall {
    id: Arc<str>,
    plain: Arc<SessionConfig>,
    completing: Arc<SessionConfig>,
    /// Lent to the session that runs.
    buffers: Rc<RefCell<Buffers>>,
}

pub(super) struct Talk {
    hall: Hall,
    /// What there is of it, until it is whole.
    request: Vec<u8>,
    /// From then on.
    session: Option<Session>,
}

impl Hall {
    pub(super) fn new() -> Self {
        Self {
            id: "bare".into(),
            plain: Arc::new(config(false)),
            completing: Arc::new(config(true)),
            buffers: Rc::default(),
        }
    }

    fn session(&self, path: &str) -> Session {
        let config = if path == COMPLETED { &self.completing } else { &self.plain };
        Session::new(Arc::clone(&self.id), Arc::clone(config))
    }
}

/// The settings that chanx has beside it.
fn config(send_completion: bool) -> SessionConfig {
    let mut config = SessionConfig::default();
    config.send_completion = send_completion;
    config.send_authentication_message = false;
    config.log.received = false;
    config.log.sent = false;
    config
}

impl Talk {
    pub(super) fn new(hall: &Hall) -> Self {
        Self { hall: hall.clone(), request: Vec::new(), session: None }
    }
}

impl Peer for Talk {
    fn hear(&mut self, bytes: &[u8], answer: &mut Vec<u8>) -> bool {
        if let Some(session) = &mut self.session {
            return turn(session, bytes, answer, &self.hall);
        }
        self.request.extend_from_slice(bytes);
        let Some(end) = self.request.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return true };
        let request = std::mem::take(&mut self.request);
        let session = self.session.insert(enter(&request[..end], answer, &self.hall));
        turn(session, &request[end + 4..], answer, &self.hall)
    }
}

fn enter(request: &[u8], answer: &mut Vec<u8>, hall: &Hall) -> Session {
    let request = String::from_utf8_lossy(request);
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap_or_default();
    answer.extend_from_slice(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    answer.extend_from_slice(format!("Sec-WebSocket-Accept: {}\r\n\r\n", accept_key(key)).as_bytes());
    let mut session = hall.session(request.split(' ').nth(1).unwrap_or_default());
    session.open();
    session
}

/// Handles what has arrived, and yields whether there is to be more.
fn turn(session: &mut Session, bytes: &[u8], answer: &mut Vec<u8>, hall: &Hall) -> bool {
    let mut buffers = hall.buffers.borrow_mut();
    session.lend(&mut buffers);
    session.input().extend_from_slice(bytes);
    session.heard();
    let mut was_full = true;
    while was_full {
        handle(session);
        was_full = !session.has_room();
        answer.extend_from_slice(session.output());
        session.advance_output(session.output().len());
    }
    session.reclaim(&mut buffers);
    !session.is_ending()
}

fn handle(session: &mut Session) {
    while let Some(Input::Message(EchoIncoming::Echo(text))) = session.next_input() {
        // An echo that was read can be written, and a session that hands out messages takes answers.
        let _ = session.send(&EchoOutgoing::Echo(text));
        session.completed();
    }
}

#[cfg(test)]
mod tests {
    use chanx_core::frame::{Opcode, write_frame, write_masked};

    use super::*;

    const REQUEST: &str = "HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    /// All that is answered to `bytes` in pieces of `size`, and whether it went on to the end.
    fn answer(path: &str, bytes: &[u8], size: usize) -> (Vec<u8>, bool) {
        let (mut talk, mut answer) = (Talk::new(&Hall::new()), Vec::new());
        let all = [format!("GET {path} {REQUEST}").as_bytes(), bytes].concat();
        let goes_on = all.chunks(size).map(|piece| talk.hear(piece, &mut answer)).last();
        let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        let accept = b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
        assert!(answer[..head].windows(accept.len()).any(|line| line == accept));
        (answer.split_off(head), goes_on.unwrap())
    }

    fn from_client(texts: &[&str]) -> Vec<u8> {
        let mut frames = Vec::new();
        texts.iter().for_each(|text| write_masked(&mut frames, Opcode::Text, text.as_bytes(), [1, 2, 3, 4]));
        frames
    }

    fn from_server(texts: &[&str]) -> Vec<u8> {
        let mut frames = Vec::new();
        texts.iter().for_each(|text| write_frame(&mut frames, Opcode::Text, text.as_bytes()));
        frames
    }

    const ONE: &str = r#"{"action":"echo","payload":"one"}"#;
    const TWO: &str = r#"{"action":"echo","payload":"\"two\""}"#;
    const COMPLETE: &str = r#"{"action":"complete","payload":null}"#;

    #[test]
    fn messages_are_answered_whatever_the_pieces() {
        for size in [1, 7, 1000] {
            let plain = answer("/echo/", &from_client(&[ONE, TWO]), size);
            assert_eq!(plain, (from_server(&[ONE, TWO]), true));
            let completing = answer("/completed/", &from_client(&[ONE, TWO]), size);
            assert_eq!(completing, (from_server(&[COMPLETE, ONE, COMPLETE, TWO, COMPLETE]), true));
        }
    }

    #[test]
    fn what_breaks_a_rule_is_refused() {
        let (refused, goes_on) = answer("/echo/", &from_client(&[r#"{"action":"echo","payload":""}"#]), 1000);
        assert!(String::from_utf8_lossy(&refused).contains("error") && goes_on);
    }

    #[test]
    fn a_goodbye_is_answered_and_is_the_end() {
        let mut goodbye = Vec::new();
        write_masked(&mut goodbye, Opcode::Close, &[], [0; 4]);
        assert_eq!(answer("/echo/", &goodbye, 1000), (b"\x88\x00".to_vec(), false));
    }
}
