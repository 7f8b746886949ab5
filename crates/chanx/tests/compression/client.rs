//! A client that sees which frames are compressed, and decides which of its own are.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chanx_core::deflate::{Agreement, Compression, Deflater, Parameters};
use chanx_core::frame::{Frame, FrameReader, Opcode, Role, write_masked};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Chromium's and Firefox's offer.
pub(crate) const BROWSER: &str = "permessage-deflate; client_max_window_bits";

const PATIENCE: Duration = Duration::from_secs(10);
const COMPRESSED: u8 = 0x40;
const FIN: u8 = 0x80;

/// An open connection.
pub(crate) struct Client {
    stream: TcpStream,
    /// What the server agreed to.
    pub(crate) extensions: Option<String>,
    reader: FrameReader,
    deflater: Deflater,
}

/// A message or close frame as it came.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) json: Value,
    /// Whether it was compressed.
    pub(crate) is_compressed: bool,
    /// The size of its frame.
    pub(crate) size: usize,
}

impl Client {
    /// Connects with a header for each offer, and reads what every client is told first.
    pub(crate) async fn connect(address: SocketAddr, path: &str, offers: &[&str]) -> Self {
        let (stream, head) = shake_hands(address, path, offers).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let extensions = header(&head, "sec-websocket-extensions");
        let keeps_context =
            extensions.as_ref().is_some_and(|extensions| !extensions.contains("client_no_context_takeover"));
        let deflater = zlib(if keeps_context { 2 } else { 0 }).deflater;
        // Whoever keeps more than is needed can read everything.
        let reader = FrameReader::new(Role::Client, usize::MAX).inflating(zlib(1).inflater);
        let mut client = Self { stream, extensions, reader, deflater };
        assert_eq!(client.receive().await.json["action"], "authentication");
        client
    }

    /// Sends a message, compressed if the text gets smaller.
    pub(crate) async fn send(&mut self, action: &str, text: &str) {
        let message = json!({"action": action, "payload": text}).to_string();
        match self.deflater.deflate(message.as_bytes()) {
            Some(payload) => self.send_bytes(&compressed(&payload)).await,
            None => self.send_bytes(&frame(Opcode::Text, message.as_bytes())).await,
        }
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next message. A close frame comes as its code and reason.
    pub(crate) async fn receive(&mut self) -> Received {
        let wire = timeout(PATIENCE, read_frame(&mut self.stream)).await.expect("the server says something").unwrap();
        self.reader.buffer_mut().extend_from_slice(&wire);
        let json = match self.reader.next().expect("the server keeps to the protocol") {
            Some(Frame::Text(text)) => serde_json::from_str(text).unwrap(),
            Some(Frame::Close(Some(close))) => json!([close.code.map(u16::from), close.reason]),
            other => panic!("a message was expected, not {other:?}"),
        };
        Received { json, is_compressed: wire[0] & COMPRESSED != 0, size: wire.len() }
    }

    /// The payload of the next message, and whether it was compressed.
    pub(crate) async fn text(&mut self) -> (String, bool) {
        let received = self.receive().await;
        (received.json["payload"].as_str().unwrap().to_owned(), received.is_compressed)
    }
}

/// The answer to a handshake, and the socket behind it.
pub(crate) async fn shake_hands(address: SocketAddr, path: &str, offers: &[&str]) -> (TcpStream, String) {
    let offers: String = offers.iter().map(|offer| format!("Sec-WebSocket-Extensions: {offer}\r\n")).collect();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: Y2hhbngtdGVzdC1jbGllbg==\r\n{offers}\r\n"
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(PATIENCE, stream.read_u8()).await.expect("the server answers").unwrap());
    }
    (stream, String::from_utf8(head).unwrap())
}

fn header(head: &str, name: &str) -> Option<String> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let values: Vec<_> = lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect();
    assert!(values.len() <= 1, "{head}");
    values.first().map(|value| (*value).to_owned())
}

/// Both sides of a peer that may keep as many contexts.
fn zlib(max_contexts: usize) -> Agreement {
    let parameters = Parameters::negotiate(["permessage-deflate"]).unwrap().unwrap();
    Arc::new(Compression::new(max_contexts)).agree(parameters, 0)
}

/// The bytes of one frame of a server.
async fn read_frame(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut frame = vec![0; 2];
    stream.read_exact(&mut frame).await?;
    let more = match frame[1] {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    frame.resize(2 + more, 0);
    stream.read_exact(&mut frame[2..]).await?;
    let length = match more {
        0 => frame[1].into(),
        _ => frame[2..].iter().fold(0, |length: usize, byte| length << 8 | usize::from(*byte)),
    };
    let header = frame.len();
    frame.resize(header + length, 0);
    stream.read_exact(&mut frame[header..]).await?;
    Ok(frame)
}

pub(crate) fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    write_masked(&mut wire, opcode, payload, [0x37, 0xfa, 0x21, 0x3d]);
    wire
}

/// A text that is compressed already.
pub(crate) fn compressed(payload: &[u8]) -> Vec<u8> {
    let mut wire = frame(Opcode::Text, payload);
    wire[0] |= COMPRESSED;
    wire
}

/// The same in three frames, with a pong between the second and the third.
pub(crate) fn compressed_in_pieces(payload: &[u8]) -> Vec<u8> {
    let (first, rest) = payload.split_at(payload.len() / 3);
    let (second, third) = rest.split_at(rest.len() / 2);
    let mut frames = [
        compressed(first),
        frame(Opcode::Continuation, second),
        frame(Opcode::Pong, b"!"),
        frame(Opcode::Continuation, third),
    ];
    frames[0][0] &= !FIN;
    frames[1][0] &= !FIN;
    frames.concat()
}

/// A text as zlib compresses it by itself.
pub(crate) fn deflate(text: &str) -> Vec<u8> {
    zlib(0).deflater.deflate(text.as_bytes()).expect("it gets smaller")
}
