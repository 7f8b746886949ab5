//! Streams as they are under a connection: those that buffer, and those that end while nothing is read.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::Router;
use chanx_core::frame::{Frame, FrameReader, Opcode, Role, write_masked};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream, DuplexStream, ReadBuf, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::probe::{Site, settings};

pub(crate) const REQUEST: &str = "GET /ws/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// The client's end of a stream in memory, which reads no more than it is told to.
pub(crate) struct RawClient {
    stream: DuplexStream,
    reader: FrameReader,
}

impl Site {
    /// A client over a stream with 4 KiB of room.
    pub(crate) async fn connect_raw(&self) -> RawClient {
        let (client, server) = duplex(4096);
        serve(self.app.clone(), server);
        let mut client = RawClient { stream: client, reader: FrameReader::new(Role::Client, usize::MAX) };
        client.shake_hands().await;
        client
    }
}

fn serve<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static>(app: Router, stream: S) {
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    tokio::spawn(connection.with_upgrades());
}

impl RawClient {
    async fn shake_hands(&mut self) {
        self.stream.write_all(REQUEST.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        assert_eq!(self.receive().await["action"], "authentication");
        assert_eq!(self.receive().await["action"], "complete");
    }

    pub(crate) async fn send(&mut self, action: &str, payload: Value) {
        let text = json!({"action": action, "payload": payload}).to_string();
        let mut wire = Vec::new();
        write_masked(&mut wire, Opcode::Text, text.as_bytes(), [1, 2, 3, 4]);
        self.stream.write_all(&wire).await.unwrap();
    }

    /// Sends what the stream takes at once, and says how much that was.
    pub(crate) async fn send_some(&mut self, wire: &[u8]) -> usize {
        match tokio::time::timeout(Duration::from_millis(1), self.stream.write(wire)).await {
            Ok(written) => written.unwrap(),
            Err(_) => 0,
        }
    }

    pub(crate) async fn receive(&mut self) -> Value {
        loop {
            if let Some(Frame::Text(text)) = self.reader.next().unwrap() {
                return serde_json::from_str(text).unwrap();
            }
            assert!(self.stream.read_buf(self.reader.buffer_mut()).await.unwrap() > 0, "the stream has ended");
        }
    }

    /// Takes bytes of what is there, if it is.
    pub(crate) async fn read_some(&mut self, bytes: usize) {
        let mut taken = 0;
        while taken < bytes {
            let mut buffer = vec![0; bytes - taken];
            match tokio::time::timeout(Duration::from_millis(1), self.stream.read(&mut buffer)).await {
                Ok(Ok(read)) if read > 0 => taken += read,
                _ => return,
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_buffering_transport_was_given_is_flushed() {
    let site = Site::new(&settings());
    let (client, server) = duplex(64 * 1024);
    serve(site.app.clone(), BufStream::new(server));
    let mut client = RawClient { stream: client, reader: FrameReader::new(Role::Client, usize::MAX) };
    client.shake_hands().await;
    let start = Instant::now();
    client.send("large", json!(100)).await;
    assert_eq!(client.receive().await["action"], "text");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_buffering_transport_is_flushed_although_its_client_reads_slowly() {
    let site = Site::new(&settings());
    let (client, server) = duplex(1000);
    serve(site.app.clone(), BufStream::new(server));
    let mut client = RawClient { stream: client, reader: FrameReader::new(Role::Client, usize::MAX) };
    client.shake_hands().await;
    for size in [100, 5_000, 20_000] {
        let start = Instant::now();
        client.send("large", json!(size)).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(client.receive().await["payload"].as_str().unwrap().len(), size);
        assert_eq!(client.receive().await["action"], "complete");
        assert_eq!(start.elapsed().as_secs(), 1, "nothing waits for a tick");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flush_that_waits_for_the_client_goes_on_although_messages_are_held_back() {
    let mut settings = settings();
    settings.send_message_immediately = false;
    let site = Site::new(&settings);
    let (client, server) = duplex(64);
    serve(site.app.clone(), BufStream::new(server));
    let mut client = RawClient { stream: client, reader: FrameReader::new(Role::Client, usize::MAX) };
    client.shake_hands().await;
    client.send("act", json!("hang")).await;
    site.journal.has("acting").await;
    let mut ping = Vec::new();
    write_masked(&mut ping, Opcode::Ping, &[7; 125], [1, 2, 3, 4]);
    client.stream.write_all(&ping).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let start = Instant::now();
    let mut pong = [0; 127];
    client.stream.read_exact(&mut pong).await.unwrap();
    assert_eq!((&pong[..2], start.elapsed()), (&[0x8a, 125][..], Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn what_was_held_back_leaves_when_the_client_has_nothing_more_to_send() {
    let mut settings = settings();
    settings.send_message_immediately = false;
    let site = Site::new(&settings);
    let mut client = site.connect_raw().await;
    client.send("hold", json!(10)).await;
    site.journal.has("acting").await;
    let start = Instant::now();
    client.stream.shutdown().await.unwrap();
    assert_eq!((&client.receive().await["action"], start.elapsed()), (&json!("text"), Duration::ZERO));
}

/// A stream whose flush waits, and then fails.
struct Unflushed<S> {
    stream: S,
    flush: Arc<Mutex<Flush>>,
}

#[derive(Default)]
enum Flush {
    #[default]
    Works,
    Waits(Option<Waker>),
    Fails,
}

impl<S: AsyncRead + Unpin> AsyncRead for Unflushed<S> {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(task, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Unflushed<S> {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(task, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.flush.lock().unwrap() {
            Flush::Works => Poll::Ready(Ok(())),
            Flush::Waits(waker) => {
                *waker = Some(task.waker().clone());
                Poll::Pending
            }
            Flush::Fails => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}

#[tokio::test(start_paused = true)]
async fn a_flush_that_fails_later_is_the_end() {
    let site = Site::new(&settings());
    let (client, server) = duplex(4096);
    let flush = Arc::<Mutex<Flush>>::default();
    serve(site.app.clone(), Unflushed { stream: server, flush: Arc::clone(&flush) });
    let mut client = RawClient { stream: client, reader: FrameReader::new(Role::Client, usize::MAX) };
    client.shake_hands().await;
    *flush.lock().unwrap() = Flush::Waits(None);
    client.send("large", json!(10)).await;
    assert_eq!(client.receive().await["action"], "text");
    let start = Instant::now();
    let waits = std::mem::replace(&mut *flush.lock().unwrap(), Flush::Fails);
    let Flush::Waits(Some(waker)) = waits else { panic!("nothing was flushed") };
    waker.wake();
    site.journal.has("disconnected").await;
    assert_eq!(start.elapsed(), Duration::ZERO);
}

/// A client that goes while more messages wait for a handler than are read.
async fn hangs_up_behind_a_handler(reset: bool) {
    let mut settings = settings();
    settings.ping_interval = Some(Duration::from_millis(400));
    settings.close_timeout = Duration::from_millis(500);
    settings.handler_timeout = None;
    settings.max_waiting_messages = 4;
    let site = Site::new(&settings);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, site.app.clone()).into_future());
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(REQUEST.as_bytes()).await.unwrap();
    let mut wire = Vec::new();
    write_masked(&mut wire, Opcode::Text, br#"{"action":"act","payload":"hang"}"#, [1, 2, 3, 4]);
    client.write_all(&wire.repeat(100)).await.unwrap();
    site.journal.has("acting").await;
    if reset {
        client.set_zero_linger().unwrap();
    }
    drop(client);
    let noticed = tokio::time::timeout(Duration::from_secs(20), site.journal.has("disconnected")).await;
    assert!(noticed.is_ok(), "the end of the transport is not noticed");
}

#[tokio::test]
async fn the_end_of_a_transport_is_noticed_although_messages_wait_behind_a_handler() {
    hangs_up_behind_a_handler(false).await;
}

#[tokio::test]
async fn a_reset_is_noticed_although_messages_wait_behind_a_handler() {
    hangs_up_behind_a_handler(true).await;
}
