//! The state of one connection: what to do with what arrives, and what to send, as a machine without I/O.
//!
//! The driver puts received bytes into [`Session::input`], asks [`Session::next`] what to do, hands messages to the
//! consumer, reports the outcome, and writes [`Session::output`] to the socket. The session knows no consumer, no
//! socket and no clock.

mod config;
mod liveness;
mod output;
mod waiting;

pub use config::{MessageLog, SessionConfig};

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use thiserror::Error;

use crate::builtin::{AuthenticationOutcome, Builtin, Failure};
use crate::close::{CloseCode, CloseFrame, InvalidCloseCode};
use crate::decode::{Rejected, decode};
use crate::encode::{EncodeError, encode};
use crate::frame::{Frame, FrameReader, Opcode, Role};
use crate::message::{IncomingMessage, OutgoingMessage};
use crate::validation::Fault;
use crate::wire::Envelope;
use liveness::{Liveness, Verdict};
use output::Output;
use waiting::{Held, Waiting};

/// What the driver is to do next.
#[derive(Debug, PartialEq)]
pub enum Input<M> {
    /// Hand this to the consumer.
    Message(M),
    /// Nothing more will come: tell the consumer, finish the closing handshake.
    Ended,
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Accepted, but not yet known to be welcome: messages wait.
    Authenticating,
    /// Messages are handled.
    Open,
    /// A close frame was sent or the peer is gone; nothing is handled any more.
    Closing,
}

/// How and why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disconnect {
    /// The code of the close frame; none if there was none or it had none.
    pub code: Option<CloseCode>,
    /// The text of the close frame.
    pub reason: String,
    /// Who ended it.
    pub by: EndedBy,
}

/// Who ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// The server closed it.
    Server,
    /// The client closed it.
    Client,
    /// The transport broke without a close frame.
    Transport,
}

/// Why something could not be sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The connection is closed or closing.
    #[error("the connection is closed")]
    Closed,
    /// The message has no JSON form.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// The protocol state of one connection.
#[derive(Debug)]
pub struct Session {
    id: Arc<str>,
    config: Arc<SessionConfig>,
    state: State,
    reader: FrameReader,
    waiting: Waiting,
    output: Output,
    liveness: Liveness,
    envelope: Envelope,
    message_number: u64,
    ended: Option<Disconnect>,
    peer_is_done: bool,
    is_broken: bool,
}

/// Starting, and what the connection phase leads to.
impl Session {
    /// A session whose socket was just accepted. `id` names the connection in logs and failure ids.
    pub fn new(id: Arc<str>, config: Arc<SessionConfig>) -> Self {
        let reader = FrameReader::new(Role::Server, config.max_message_size);
        Self {
            id,
            config,
            state: State::Authenticating,
            reader,
            waiting: Waiting::default(),
            output: Output::default(),
            liveness: Liveness::default(),
            envelope: Envelope::default(),
            message_number: 0,
            ended: None,
            peer_is_done: false,
            is_broken: false,
        }
    }

    /// Tells the client that it is welcome. Messages go on waiting until [`Session::open`].
    pub fn accept(&mut self) {
        self.tell_outcome(AuthenticationOutcome {
            status_code: 200,
            status_text: "OK".to_owned(),
            data: serde_json::json!({"detail": "OK"}),
        });
    }

    /// Tells the client why it is not welcome, and closes.
    pub fn refuse(&mut self, outcome: AuthenticationOutcome) {
        let code = match self.config.legacy_close_codes {
            true => CloseCode::NORMAL,
            false => CloseCode::refused(outcome.status_code),
        };
        self.tell_outcome(outcome);
        self.end(code, "");
    }

    /// Tells the client that checking it failed, and closes. The id is for the log as well.
    pub fn fail_authentication(&mut self) -> String {
        self.tell_outcome(AuthenticationOutcome {
            status_code: 500,
            status_text: "Internal Server Error".to_owned(),
            data: serde_json::json!({"detail": "Internal server error"}),
        });
        self.fail()
    }

    /// Ends the connection phase: from here on messages are handled.
    pub fn open(&mut self) {
        if self.state == State::Authenticating {
            self.state = State::Open;
            self.complete();
        }
    }

    fn tell_outcome(&mut self, outcome: AuthenticationOutcome) {
        if self.config.send_authentication_message {
            self.send_builtin(&Builtin::Authentication(outcome));
        }
    }
}

/// What arrives.
impl Session {
    /// Where received bytes go.
    pub fn input(&mut self) -> &mut BytesMut {
        self.reader.buffer_mut()
    }

    /// Notes that bytes arrived.
    pub fn heard(&mut self) {
        self.liveness.heard();
    }

    /// The transport has nothing more to read.
    pub fn end_of_input(&mut self) {
        self.peer_is_done = true;
        self.note_end(None, String::new(), EndedBy::Transport);
    }

    /// The transport failed: nothing can be read or written any more.
    pub fn break_transport(&mut self) {
        self.is_broken = true;
        self.end_of_input();
    }

    /// The next thing to do; none: more bytes or room for output are needed.
    ///
    /// Faulty messages are answered here and never reach a consumer.
    #[expect(clippy::should_implement_trait, reason = "an iterator could not be asked for messages of any set")]
    pub fn next<M: IncomingMessage>(&mut self) -> Option<Input<M>> {
        while self.has_room() && self.state == State::Open {
            if let Some(waiting) = self.waiting.pop() {
                match waiting {
                    Held::Text(text) => {
                        let decoded = decode(&text, &self.config.wire);
                        if let Some(message) = self.begin(decoded, text.len()) {
                            return Some(Input::Message(message));
                        }
                    }
                    Held::Binary => self.reject_binary(),
                }
                continue;
            }
            match self.reader.next() {
                Ok(Some(Frame::Text(text))) => {
                    let size = text.len();
                    let decoded = decode(text, &self.config.wire);
                    if let Some(message) = self.begin(decoded, size) {
                        return Some(Input::Message(message));
                    }
                }
                Ok(Some(Frame::Binary(_))) => self.reject_binary(),
                Ok(Some(Frame::Ping(payload))) => self.output.frame(Opcode::Pong, payload),
                Ok(Some(Frame::Pong(_))) => {}
                Ok(Some(Frame::Close(close))) => self.peer_closed(close),
                Ok(None) => return self.ended_input(),
                Err(violation) => self.violated(violation.close_code(), &violation.to_string()),
            }
        }
        self.ended_input()
    }

    /// Takes what arrived while no message may be handled: control frames are answered, messages wait.
    pub fn absorb(&mut self) {
        while self.wants_input() {
            match self.reader.next() {
                Ok(Some(Frame::Text(text))) => {
                    let message = Held::Text(text.to_owned());
                    self.hold(message);
                }
                Ok(Some(Frame::Binary(_))) => self.hold(Held::Binary),
                Ok(Some(Frame::Ping(payload))) => self.output.frame(Opcode::Pong, payload),
                Ok(Some(Frame::Pong(_))) => {}
                Ok(Some(Frame::Close(close))) => self.peer_closed(close),
                Ok(None) => return,
                Err(violation) => self.violated(violation.close_code(), &violation.to_string()),
            }
        }
    }

    fn hold(&mut self, message: Held) {
        self.liveness.had_message();
        self.waiting.push(message);
    }

    /// Looks for the peer's close frame among what is not handled any more.
    pub fn discard(&mut self) {
        while !self.peer_is_done {
            match self.reader.next() {
                Ok(Some(Frame::Close(_))) | Err(_) => self.peer_is_done = true,
                Ok(Some(_)) => {}
                Ok(None) => return,
            }
        }
    }

    /// Whether more bytes may be read: bounded by the messages that wait already.
    pub fn wants_input(&self) -> bool {
        !self.is_ending() && self.has_room() && self.waiting.has_room(&self.config)
    }

    fn ended_input<M>(&self) -> Option<Input<M>> {
        self.is_ending().then_some(Input::Ended)
    }

    /// Whether the connection is closing or the peer is gone.
    pub fn is_ending(&self) -> bool {
        self.state == State::Closing || self.peer_is_done
    }

    fn peer_closed(&mut self, close: Option<CloseFrame>) {
        let code = close.as_ref().and_then(|close| close.code);
        let reason = close.map(|close| close.reason).unwrap_or_default();
        self.peer_is_done = true;
        if self.state != State::Closing {
            self.output.close(&CloseFrame { code, reason: String::new() });
            self.note_end(code, reason, EndedBy::Client);
        }
    }

    fn violated(&mut self, code: CloseCode, what: &str) {
        tracing::info!(target: "chanx::protocol", code = code.as_u16(), "protocol violation: {what}");
        self.end(code, what);
        // Nothing that follows a violation can be understood, a close frame included.
        self.peer_is_done = true;
    }
}

/// Messages and their outcome.
impl Session {
    /// Begins a message: what is sent from now on answers it.
    fn begin<M: IncomingMessage>(
        &mut self,
        decoded: Result<crate::decode::Decoded<M>, Rejected>,
        size: usize,
    ) -> Option<M> {
        self.message_number += 1;
        self.liveness.had_message();
        match decoded {
            Ok(decoded) => {
                self.envelope = decoded.envelope;
                self.log_received(decoded.message.action(), size);
                Some(decoded.message)
            }
            Err(rejected) => {
                self.reject(rejected);
                None
            }
        }
    }

    fn reject_binary(&mut self) {
        self.message_number += 1;
        self.liveness.had_message();
        let fault = Fault::new("json_invalid", [], "Invalid JSON: text was expected, not a binary frame");
        self.reject(Rejected { faults: vec![fault], envelope: Envelope::default() });
    }

    fn reject(&mut self, rejected: Rejected) {
        if self.config.log.received {
            let kinds: Vec<_> = rejected.faults.iter().map(|fault| &*fault.kind).collect();
            tracing::info!(target: "chanx::message", message_id = self.message_number, faults = ?kinds, "refused");
        }
        if self.config.unusable_frame_closes && rejected.is_unusable() {
            let id = self.fail();
            tracing::error!(target: "chanx::message", id, "an unusable frame ended the connection");
            return;
        }
        self.envelope = rejected.envelope;
        self.send_builtin(&Builtin::Invalid(rejected.faults));
        self.completed();
    }

    /// The handler is done with the message.
    pub fn completed(&mut self) {
        self.complete();
        self.envelope = Envelope::default();
    }

    /// The handler failed. The client gets an id to ask for; the cause belongs into the log, under the same id.
    pub fn failed(&mut self) -> String {
        let id = self.failure_id();
        self.send_builtin(&Builtin::Failed(Failure::new(id.clone())));
        self.completed();
        id
    }

    /// The connection cannot go on: closes with 1011 and the id in the log as the reason.
    pub fn fail(&mut self) -> String {
        let id = self.failure_id();
        self.end(CloseCode::INTERNAL, &format!("internal error {id}"));
        id
    }

    /// The number of the latest message, as the log names it.
    pub fn message_id(&self) -> u64 {
        self.message_number
    }

    /// The envelope of the message that is being handled.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    fn failure_id(&self) -> String {
        format!("{}-{}", self.id, self.message_number)
    }

    fn complete(&mut self) {
        if self.config.send_completion {
            self.send_builtin(&Builtin::Complete);
        }
    }

    fn log_received(&self, action: &str, bytes: usize) {
        if self.config.log.wants_received(action) {
            tracing::info!(target: "chanx::message", message_id = self.message_number, action, bytes, "received");
        }
    }
}

/// What is sent.
impl Session {
    /// Sends a message as an answer to the one that is being handled.
    ///
    /// # Errors
    /// A closed connection, or a message without a JSON form.
    pub fn send<M: OutgoingMessage>(&mut self, message: &M) -> Result<(), SendError> {
        self.require_open()?;
        let before = self.output.pending().len();
        let (envelope, wire) = (&self.envelope, &self.config.wire);
        self.output.text(|out| encode(message, envelope, wire, out))?;
        if self.config.log.wants_sent(message.action()) {
            let bytes = self.output.pending().len() - before;
            let message_id = self.message_number;
            tracing::info!(target: "chanx::message", message_id, action = message.action(), bytes, "sent");
        }
        Ok(())
    }

    /// Sends text as it is.
    ///
    /// # Errors
    /// A closed connection.
    pub fn send_text(&mut self, text: &str) -> Result<(), SendError> {
        self.send_encoded(text.as_bytes())
    }

    /// Sends text that [`encode`] wrote.
    ///
    /// # Errors
    /// A closed connection.
    pub fn send_encoded(&mut self, text: &[u8]) -> Result<(), SendError> {
        self.require_open()?;
        self.output.frame(Opcode::Text, text);
        Ok(())
    }

    /// Sends a binary frame.
    ///
    /// # Errors
    /// A closed connection.
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<(), SendError> {
        self.require_open()?;
        self.output.frame(Opcode::Binary, bytes);
        Ok(())
    }

    /// Closes the connection: nothing is handled or sent any more.
    ///
    /// # Errors
    /// A code that must not be sent. Closing a closed connection is none.
    pub fn close(&mut self, code: u16, reason: &str) -> Result<(), InvalidCloseCode> {
        self.end(CloseCode::try_from(code)?, reason);
        Ok(())
    }

    /// What the socket should take.
    pub fn output(&self) -> &[u8] {
        self.output.pending()
    }

    /// Notes that the socket took `written` bytes of [`Session::output`].
    pub fn advance_output(&mut self, written: usize) {
        self.liveness.wrote();
        self.output.advance(written);
    }

    /// Whether little enough waits for the peer that more may be sent.
    pub fn has_room(&self) -> bool {
        self.output.pending().len() < self.config.max_outgoing_bytes
    }

    fn require_open(&self) -> Result<(), SendError> {
        if self.is_ending() { Err(SendError::Closed) } else { Ok(()) }
    }

    fn send_builtin(&mut self, message: &Builtin) {
        if let Err(SendError::Encode(error)) = self.send(message) {
            tracing::error!(target: "chanx::message", %error, "a protocol frame could not be written");
        }
    }
}

/// Endings.
impl Session {
    /// Judges the time since the last tick, and says when the next is due.
    pub fn tick(&mut self, elapsed: Duration) -> Duration {
        match self.liveness.tick(elapsed, !self.output.pending().is_empty(), &self.config) {
            Verdict::Alive => {}
            // Nothing may follow the close frame.
            Verdict::Ask if self.is_ending() => {}
            Verdict::Ask => self.output.frame(Opcode::Ping, &[]),
            Verdict::Silent => self.give_up(CloseCode::IDLE, "no sign of life"),
            Verdict::Idle => self.end(CloseCode::IDLE, "no message for too long"),
            Verdict::Stalled => self.give_up(CloseCode::TOO_SLOW, "too slow"),
        }
        liveness::period(&self.config)
    }

    /// How often [`Session::tick`] wants to be called.
    pub fn tick_period(&self) -> Duration {
        liveness::period(&self.config)
    }

    /// How the connection ended, once it has.
    pub fn disconnect(&self) -> Option<&Disconnect> {
        self.ended.as_ref()
    }

    /// Where the connection stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The settings that the session runs with.
    pub fn config(&self) -> &SessionConfig {
        &self.config
    }

    /// The same, to keep.
    pub fn shared_config(&self) -> Arc<SessionConfig> {
        Arc::clone(&self.config)
    }

    /// Whether the transport failed.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Whether the peer has said its last word.
    pub fn peer_is_done(&self) -> bool {
        self.peer_is_done
    }

    /// Closes the connection: nothing is handled or sent any more. Closing a closed one changes nothing.
    pub fn end(&mut self, code: CloseCode, reason: &str) {
        if !self.is_ending() {
            self.output.close(&CloseFrame::new(code, reason));
            self.note_end(Some(code), reason.to_owned(), EndedBy::Server);
        }
    }

    /// A peer that does not listen gets a close frame, but nobody waits for its answer.
    fn give_up(&mut self, code: CloseCode, reason: &str) {
        self.end(code, reason);
        self.peer_is_done = true;
    }

    fn note_end(&mut self, code: Option<CloseCode>, reason: String, by: EndedBy) {
        self.state = State::Closing;
        self.waiting.clear();
        self.ended.get_or_insert(Disconnect { code, reason, by });
    }
}
