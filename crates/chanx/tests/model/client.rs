//! A client that does what the plan says, reads with the appetite that it has, and notes both.

use std::sync::{Arc, Mutex, PoisonError};

use chanx_core::deflate::{Compression, Parameters};
use chanx_core::frame::{self, FrameReader, Opcode, Role, write_masked};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::consumer::{numbers, pad};
use crate::journal::{Frame, Sent, What};
use crate::log::without_run;
use crate::plan::{Appetite, LARGE, PROBE, Step};
use crate::stream::ClientEnd;
use crate::world::World;

const KEY: [u8; 4] = [1, 2, 3, 4];

/// The client of one connection.
#[derive(Clone)]
pub(crate) struct Client {
    world: Arc<World>,
    number: usize,
    end: ClientEnd,
    state: Arc<Mutex<State>>,
    changed: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    appetite: Appetite,
    /// Whether a close frame was sent.
    has_closed: bool,
    is_open: bool,
    is_mute: bool,
}

fn masked(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    write_masked(&mut wire, opcode, payload, KEY);
    wire
}

/// A frame without the bit that says that it is the last of its message.
fn unfinished(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = masked(opcode, payload);
    wire[0] &= 0x7f;
    wire
}

impl Client {
    pub(crate) fn new(world: &Arc<World>, number: usize, end: ClientEnd) -> Self {
        let state = State { appetite: Appetite::All, has_closed: false, is_open: false, is_mute: false };
        let state = Arc::new(Mutex::new(state));
        Self { world: Arc::clone(world), number, end, state, changed: Arc::default() }
    }

    fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, what: What) {
        self.world.journal.note(self.number, what);
    }

    pub(crate) fn steps(&self) -> u64 {
        self.end.steps()
    }

    /// Since when the server waits for this client to take something.
    pub(crate) fn full_since(&self) -> Option<u64> {
        self.end.full_since()
    }

    /// Shakes hands and does everything that the plan says; what comes is read beside it.
    pub(crate) async fn play(self) {
        let plan = &self.world.plan.connections[self.number];
        let extensions = if plan.inflates { "Sec-WebSocket-Extensions: permessage-deflate\r\n" } else { "" };
        let request = format!(
            "GET /{}/{}/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extensions}\r\n",
            crate::world::name_of(plan.endpoint),
            self.number
        );
        self.end.send(request.as_bytes());
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let byte = self.end.take(1).await;
            assert!(!byte.is_empty(), "no answer: {}", String::from_utf8_lossy(&head));
            head.extend(byte);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        self.end.arm();
        self.state(|state| state.is_open = true);
        self.note(What::Upgraded);
        let is_compressed = String::from_utf8_lossy(&head).to_lowercase().contains("permessage-deflate");
        let reading = tokio::spawn(self.clone().read(reader(is_compressed)));
        for step in self.world.plan.connections[self.number].steps.clone() {
            self.world.count_step();
            self.step(step).await;
        }
        drop(reading);
    }

    async fn step(&self, step: Step) {
        match step {
            Step::Pause(time) => return sleep(self.world.time(time)).await,
            Step::Appetite(appetite) => return self.hunger(appetite),
            Step::Mute => return self.state(|state| state.is_mute = true),
            Step::Finish => return self.finish(),
            Step::Reset => return self.reset(),
            _ => {}
        }
        if self.state(|state| state.has_closed) || self.end.is_over() {
            return;
        }
        match step {
            Step::Act(n) => self.send(&masked(Opcode::Text, &self.act(n)), Sent::Act(n)),
            Step::Fragments(n) => self.fragments(n),
            Step::Pieces(n, pause) => self.pieces(n, pause).await,
            Step::Read(n) => {
                let text = format!(r#"{{"action":"read","payload":"{}:{n}:"}}"#, self.number);
                self.send(&masked(Opcode::Text, text.as_bytes()), Sent::Read(n));
            }
            Step::Bad(kind) if !self.is_bare() => self.bad(kind),
            Step::Ping(n) => self.send(&masked(Opcode::Ping, &[n; 5]), Sent::Ping(vec![n; 5])),
            Step::Violation(kind) => self.violate(kind),
            Step::Close(code) => self.close(code),
            _ => {}
        }
    }

    fn is_bare(&self) -> bool {
        self.world.plan.connections[self.number].endpoint.is_bare
    }

    fn act(&self, n: u32) -> Vec<u8> {
        let filler = "x".repeat(if LARGE.contains(&n) { 5000 } else { n as usize % 5 * 40 });
        let text = match self.is_bare() {
            true => format!("{n}:{filler}"),
            false => format!(r#"{{"action":"act","payload":"{n}:{filler}","ref":"{n}"}}"#),
        };
        text.into_bytes()
    }

    fn send(&self, wire: &[u8], what: Sent) {
        self.note(What::Wrote(what));
        self.end.send(wire);
    }

    fn fragments(&self, n: u32) {
        let text = self.act(n);
        let (first, rest) = text.split_at(text.len() / 3);
        let (second, third) = rest.split_at(rest.len() / 2);
        let ping = masked(Opcode::Ping, b"between");
        let pieces = [
            unfinished(Opcode::Text, first),
            ping,
            unfinished(Opcode::Continuation, second),
            masked(Opcode::Continuation, third),
        ];
        self.note(What::Wrote(Sent::Ping(b"between".to_vec())));
        self.send(&pieces.concat(), Sent::Act(n));
    }

    async fn pieces(&self, n: u32, pause: u64) {
        let wire = masked(Opcode::Text, &self.act(n));
        let (first, rest) = wire.split_at(wire.len() / 2);
        self.end.send_part(first, false);
        sleep(self.world.time(pause)).await;
        if !self.end.is_over() {
            self.note(What::Wrote(Sent::Act(n)));
        }
        self.end.send_part(rest, true);
    }

    fn bad(&self, kind: usize) {
        let (wire, answers) = match kind {
            0 => (masked(Opcode::Text, b"no JSON"), None),
            1 => (masked(Opcode::Binary, b"bytes"), None),
            2 => (masked(Opcode::Text, br#"{"action":"unknown","ref":"bad"}"#), Some("bad".to_owned())),
            _ => (masked(Opcode::Text, br#"{"action":"act","payload":7,"ref":"bad"}"#), Some("bad".to_owned())),
        };
        self.send(&wire, Sent::Bad(answers));
    }

    fn violate(&self, kind: usize) {
        let wire = match kind {
            0 => {
                let mut wire = Vec::new();
                frame::write_frame(&mut wire, Opcode::Text, b"not masked");
                wire
            }
            1 => vec![0x83, 0x80, 1, 2, 3, 4],
            2 => masked(Opcode::Text, b"\xff\xfe"),
            _ => masked(Opcode::Continuation, b"of nothing"),
        };
        self.send(&wire, Sent::Violation);
    }

    /// Begins the closing handshake, or answers.
    pub(crate) fn close(&self, code: u16) {
        if self.state(|state| state.is_open && !std::mem::replace(&mut state.has_closed, true)) && !self.end.is_over() {
            self.send(&masked(Opcode::Close, &code.to_be_bytes()), Sent::Close(code));
        }
    }

    fn finish(&self) {
        if !self.end.is_over() {
            self.note(What::Finished);
            self.end.finish();
        }
    }

    fn reset(&self) {
        if !self.end.is_reset() {
            self.note(What::Reset);
            self.end.reset();
        }
    }

    fn hunger(&self, appetite: Appetite) {
        self.state(|state| state.appetite = appetite);
        self.changed.notify_waiters();
    }

    /// From now on everything is read at once, and nothing is late because of the stream.
    pub(crate) fn be_prompt(&self) {
        self.hunger(Appetite::All);
        self.end.be_prompt();
    }

    /// Sends the last message, which is answered at once where anything can be.
    pub(crate) fn probe(&self) {
        if self.state(|state| state.is_open && !state.has_closed) && !self.end.is_over() {
            self.send(&masked(Opcode::Text, &self.act(PROBE)), Sent::Act(PROBE));
        }
    }

    async fn read(self, mut reader: FrameReader) {
        loop {
            let changed = self.changed.notified();
            let most = match self.state(|state| state.appetite) {
                Appetite::All => usize::MAX,
                Appetite::Nothing => {
                    changed.await;
                    continue;
                }
                Appetite::Some { bytes, every } => {
                    // Whoever is to read faster begins at once.
                    let is_same = timeout(self.world.time(every), changed).await.is_err();
                    if !is_same {
                        continue;
                    }
                    bytes
                }
            };
            let bytes = self.end.take(most).await;
            if bytes.is_empty() {
                break;
            }
            reader.buffer_mut().extend_from_slice(&bytes);
            self.take_frames(&mut reader);
        }
        self.note(What::SawEnd);
        self.end.finish();
    }

    fn take_frames(&self, reader: &mut FrameReader) {
        loop {
            let frame = match reader.next() {
                Ok(Some(frame)) => frame,
                Ok(None) => return,
                Err(violation) => return self.note(What::Got(Frame::Other(violation.to_string()))),
            };
            self.world.count_step();
            let frame = interpret(frame);
            self.note(What::Got(frame.clone()));
            match frame {
                Frame::Ping if !self.state(|state| state.has_closed || state.is_mute) && !self.end.is_over() => {
                    self.end.send(&masked(Opcode::Pong, b""));
                }
                Frame::Close(code) if !self.state(|state| state.is_mute) => self.close(code.unwrap_or(1000)),
                _ => {}
            }
        }
    }
}

/// Reads what the server sends. A reader that keeps more than it needs can read everything that is compressed.
fn reader(is_compressed: bool) -> FrameReader {
    let reader = FrameReader::new(Role::Client, usize::MAX);
    match Parameters::negotiate(["permessage-deflate"]) {
        Ok(Some(parameters)) if is_compressed => {
            reader.inflating(Arc::new(Compression::new(2)).agree(parameters, 0).inflater)
        }
        _ => reader,
    }
}

fn interpret(frame: frame::Frame<'_>) -> Frame {
    match frame {
        frame::Frame::Text(text) => interpret_text(text).unwrap_or_else(|| Frame::Other(text.to_owned())),
        frame::Frame::Binary(bytes) => Frame::Other(format!("{} bytes", bytes.len())),
        frame::Frame::Ping(_) => Frame::Ping,
        frame::Frame::Pong(payload) => Frame::Pong(payload.to_vec()),
        frame::Frame::Close(close) => Frame::Close(close.and_then(|close| close.code).map(u16::from)),
    }
}

fn interpret_text(text: &str) -> Option<Frame> {
    let value: Value = serde_json::from_str(text).ok()?;
    let answers = value["ref"].as_str().map(str::to_owned);
    let payload = &value["payload"];
    let words = payload.as_str().unwrap_or_default();
    Some(match value["action"].as_str()? {
        "authentication" => Frame::Authentication(payload["status_code"].as_u64()?),
        "complete" => Frame::Complete(answers),
        "group_complete" => Frame::GroupComplete,
        "error" => match payload["id"].as_str() {
            Some(id) => Frame::Error { id: without_run(id), answers },
            None => Frame::Invalid { answers },
        },
        "own" => {
            let [k, size] = numbers(words);
            // The padding depends on who sent it, which the check of the whole knows.
            (words.rsplit(':').next()?.len() == size).then_some(Frame::Own { k: k as u32, size, answers })?
        }
        "whisper" => {
            let [from, k, size] = numbers(words);
            intact(words, from, k, size).then_some(Frame::Whisper { from, k: k as u32, size })?
        }
        "said" => {
            let [from, group, k, size] = numbers(words);
            let is_current = value["is_current"].as_bool()?;
            intact(words, from, k, size).then_some(Frame::Said { from, group, k: k as u32, size, is_current })?
        }
        _ => return None,
    })
}

/// Whether the padding is what the sender put there.
fn intact(words: &str, from: usize, k: usize, size: usize) -> bool {
    size <= 10_000 && words.rsplit(':').next() == Some(&pad(from, k as u32, size))
}
