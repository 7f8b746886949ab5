//! Talking over a connection.

use std::time::Duration;

use chanx_core::close::{CloseCode, CloseFrame};
use chanx_core::decode::decode;
use chanx_core::encode::encode;
use chanx_core::frame::{Frame, FrameReader, Opcode, Role, write_masked};
use chanx_core::message::{IncomingMessage, OutgoingMessage};
use chanx_core::wire::{Envelope, WireFormat};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::connector::Stream;
use super::error::ReceiveError;

/// What tests receive may be larger than what servers accept.
const LARGEST_MESSAGE: usize = 64 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(2);
/// Masks hide nothing in a test.
const MASK: [u8; 4] = [0x11, 0x22, 0x33, 0x44];

/// A client of a WebSocket endpoint.
pub struct Communicator {
    stream: Box<dyn Stream>,
    reader: FrameReader,
    subprotocol: Option<String>,
    wire: WireFormat,
    patience: Duration,
    has_closed: bool,
}

/// What the server said about this client's identity and rights.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// An HTTP status: 200, or that of the refusal.
    pub status_code: u64,
    /// The words to the status.
    pub status_text: String,
    /// The body.
    pub data: Value,
}

#[derive(Debug)]
enum Received {
    Text(String),
    Binary(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<CloseFrame>),
}

impl Communicator {
    pub(super) fn new(stream: Box<dyn Stream>, early: &[u8], subprotocol: Option<String>) -> Self {
        let mut reader = FrameReader::new(Role::Client, LARGEST_MESSAGE);
        reader.buffer_mut().extend_from_slice(early);
        Self { stream, reader, subprotocol, wire: WireFormat::default(), patience: PATIENCE, has_closed: false }
    }

    /// The subprotocol that the server chose.
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// Waits this long for what is expected; 2 seconds unless told otherwise.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The key of the discriminator, if the server uses another.
    #[must_use]
    pub fn action_key(mut self, key: &str) -> Self {
        key.clone_into(&mut self.wire.action_key);
        self
    }
}

/// Sending. What the server does not take any more is dropped, as by a socket.
impl Communicator {
    /// Sends a message of the consumer's incoming set.
    ///
    /// # Panics
    /// On a message without a JSON form.
    pub async fn send_message<M: OutgoingMessage>(&mut self, message: &M) {
        let mut text = Vec::new();
        if let Err(error) = encode(message, &Envelope::default(), &self.wire, &mut text) {
            panic!("{error}");
        }
        self.send_frame(Opcode::Text, &text).await;
    }

    /// Sends any JSON.
    pub async fn send_json(&mut self, value: &Value) {
        self.send_text(&value.to_string()).await;
    }

    /// Sends any text.
    pub async fn send_text(&mut self, text: &str) {
        self.send_frame(Opcode::Text, text.as_bytes()).await;
    }

    /// Sends a binary frame.
    pub async fn send_binary(&mut self, bytes: &[u8]) {
        self.send_frame(Opcode::Binary, bytes).await;
    }

    /// Sends a frame of any kind.
    pub async fn send_frame(&mut self, opcode: Opcode, payload: &[u8]) {
        let mut frame = Vec::new();
        write_masked(&mut frame, opcode, payload, MASK);
        self.send_raw(&frame).await;
    }

    /// Sends bytes as they are, frame or not.
    pub async fn send_raw(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }
}

/// Receiving.
impl Communicator {
    /// The next message.
    ///
    /// # Errors
    /// Nothing comes in time, the connection closes, or something that is no JSON text comes.
    pub async fn receive_json(&mut self) -> Result<Value, ReceiveError> {
        let text = self.receive_text().await?;
        serde_json::from_str(&text).map_err(|_| ReceiveError::Unexpected(text))
    }

    /// The next text frame.
    ///
    /// # Errors
    /// Nothing comes in time, the connection closes, or something else comes.
    pub async fn receive_text(&mut self) -> Result<String, ReceiveError> {
        match self.receive().await? {
            Received::Text(text) => Ok(text),
            Received::Close(close) => Err(ReceiveError::Closed(close)),
            other => Err(ReceiveError::Unexpected(format!("{other:?}"))),
        }
    }

    /// The next binary frame.
    ///
    /// # Errors
    /// Nothing comes in time, the connection closes, or something else comes.
    pub async fn receive_binary(&mut self) -> Result<Vec<u8>, ReceiveError> {
        match self.receive().await? {
            Received::Binary(bytes) => Ok(bytes),
            Received::Close(close) => Err(ReceiveError::Closed(close)),
            other => Err(ReceiveError::Unexpected(format!("{other:?}"))),
        }
    }

    /// The payload of the next pong.
    ///
    /// # Errors
    /// Nothing comes in time, the connection closes, or something else comes.
    pub async fn receive_pong(&mut self) -> Result<Vec<u8>, ReceiveError> {
        match self.receive().await? {
            Received::Pong(payload) => Ok(payload),
            Received::Close(close) => Err(ReceiveError::Closed(close)),
            other => Err(ReceiveError::Unexpected(format!("{other:?}"))),
        }
    }

    /// The next message, as one of the consumer's outgoing set.
    ///
    /// # Errors
    /// Nothing comes in time, the connection closes, or the message is not one of the set.
    pub async fn receive_message<M: IncomingMessage>(&mut self) -> Result<M, ReceiveError> {
        let text = self.receive_text().await?;
        decode(&text, &self.wire)
            .map(|decoded| decoded.message)
            .map_err(|_| ReceiveError::Undeclared(serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// All messages up to the next `complete`, without it. Needs `send_completion`.
    ///
    /// # Errors
    /// No `complete` comes in time, or the connection closes before.
    pub async fn receive_all(&mut self) -> Result<Vec<Value>, ReceiveError> {
        let mut messages = Vec::new();
        loop {
            let message = self.receive_json().await?;
            if message[&self.wire.action_key] == "complete" {
                return Ok(messages);
            }
            messages.push(message);
        }
    }

    /// Waits for the outcome of authentication, which must be the next message.
    ///
    /// # Errors
    /// Nothing comes in time, the connection closes, or another message comes first.
    pub async fn wait_for_auth(&mut self) -> Result<Outcome, ReceiveError> {
        let message = self.receive_json().await?;
        let payload = &message["payload"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        match (message[&self.wire.action_key].as_str(), payload["status_code"].as_u64(), text(&payload["status_text"]))
        {
            (Some("authentication"), Some(status_code), Some(status_text)) => {
                Ok(Outcome { status_code, status_text, data: payload["data"].clone() })
            }
            _ => Err(ReceiveError::Unexpected(message.to_string())),
        }
    }

    async fn receive(&mut self) -> Result<Received, ReceiveError> {
        match timeout(self.patience, self.next()).await {
            Ok(received) => Ok(received),
            Err(_) => Err(ReceiveError::TimedOut),
        }
    }

    /// The next frame that is not a ping, which are answered. The end of the stream counts as a close without a frame.
    async fn next(&mut self) -> Received {
        loop {
            let pong = match self.reader.next() {
                Ok(Some(Frame::Text(text))) => return Received::Text(text.to_owned()),
                Ok(Some(Frame::Binary(bytes))) => return Received::Binary(bytes.to_owned()),
                Ok(Some(Frame::Pong(payload))) => return Received::Pong(payload.to_owned()),
                Ok(Some(Frame::Close(close))) => {
                    self.answer_close(close.as_ref()).await;
                    return Received::Close(close);
                }
                Ok(Some(Frame::Ping(payload))) => Some(payload.to_owned()),
                Ok(None) => None,
                Err(violation) => return Received::Text(format!("the server broke the protocol: {violation}")),
            };
            if let Some(payload) = pong {
                self.send_frame(Opcode::Pong, &payload).await;
                continue;
            }
            if self.stream.read_buf(self.reader.buffer_mut()).await.unwrap_or(0) == 0 {
                return Received::Close(None);
            }
        }
    }

    async fn answer_close(&mut self, close: Option<&CloseFrame>) {
        if !std::mem::replace(&mut self.has_closed, true) {
            let payload = close.map(|close| CloseFrame { code: close.code, reason: String::new() }.to_payload());
            self.send_frame(Opcode::Close, &payload.unwrap_or_default()).await;
        }
    }
}

/// Endings, and claims about the connection.
impl Communicator {
    /// Waits for the server to close, passing over what it sends before.
    ///
    /// # Errors
    /// The connection stays open.
    pub async fn receive_close(&mut self) -> Result<Option<CloseFrame>, ReceiveError> {
        loop {
            if let Received::Close(close) = self.receive().await? {
                return Ok(close);
            }
        }
    }

    /// Closes with 1000 and waits for the server's answer.
    ///
    /// # Errors
    /// The closing handshake is not answered.
    pub async fn disconnect(mut self) -> Result<(), ReceiveError> {
        self.has_closed = true;
        let close = CloseFrame::new(CloseCode::NORMAL, "");
        self.send_frame(Opcode::Close, &close.to_payload()).await;
        self.receive_close().await.map(drop)
    }

    /// Claims that the client is let in. Takes the `authentication` message.
    ///
    /// # Panics
    /// If it is not.
    pub async fn assert_authenticated_status_ok(&mut self) {
        match self.wait_for_auth().await {
            Ok(Outcome { status_code: 200, .. }) => {}
            Ok(outcome) => panic!("the client is refused: {outcome:?}"),
            Err(error) => panic!("no outcome of authentication: {error}"),
        }
    }

    /// Claims that the server closes with this code next.
    ///
    /// # Panics
    /// If it does something else.
    pub async fn assert_closed(&mut self, code: u16) {
        match self.receive().await {
            Ok(Received::Close(Some(CloseFrame { code: Some(actual), .. }))) if actual.as_u16() == code => {}
            other => panic!("expected a close with {code}, got {other:?}"),
        }
    }

    /// Claims that nothing comes for this long.
    ///
    /// # Panics
    /// If something does.
    pub async fn assert_silent(&mut self, duration: Duration) {
        if let Ok(received) = timeout(duration, self.next()).await {
            panic!("expected silence, got {received:?}");
        }
    }
}

impl std::fmt::Debug for Communicator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Communicator").field("has_closed", &self.has_closed).finish_non_exhaustive()
    }
}
