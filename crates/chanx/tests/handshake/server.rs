//! A server, and what it answers to a request that a test writes.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use chanx::permission::{AllowAny, Permission};
use chanx::routing::{Routes, path};
use chanx::{Consumer, Context, Endpoint, Message, Never, Result, Settings, Websockets};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

pub(crate) const ORIGIN: &str = "http://localhost:8000";

/// What a client must say to be upgraded.
pub(crate) const UPGRADE: &str = "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                                  Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: Y2hhbngtdGVzdC1jbGllbg==\r\n";

const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Message)]
pub(crate) enum Words {
    Hello,
}

/// Lets everybody in, and says nothing.
pub(crate) struct Quiet;

impl Consumer for Quiet {
    type Authentication = ();
    type Object = ();
    type Incoming = Words;
    type Outgoing = Words;
    type GroupMessage = Never;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, _: Words) -> Result {
        Ok(())
    }
}

/// The answer to one request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    /// What came of the body with the head.
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let values: Vec<_> =
            lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect();
        assert!(values.len() <= 1, "{}", self.head);
        values.first().copied()
    }
}

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.allowed_origins = vec![ORIGIN.to_owned()];
    settings.allow_missing_origin = true;
    settings
}

pub(crate) fn routes() -> Routes<Endpoint> {
    Routes::new([path("ws/echo/", Quiet::endpoint())])
}

pub(crate) async fn serve(routes: Routes<Endpoint>, settings: &Settings) -> SocketAddr {
    serve_app(Websockets::new(routes, settings).unwrap().into_router()).await
}

pub(crate) async fn serve_app(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// The answer to a request, whose lines end with CR and LF.
pub(crate) async fn ask(address: SocketAddr, request: impl AsRef<[u8]>) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_ref()).await.unwrap();
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        let read = timeout(PATIENCE, stream.read_buf(&mut bytes)).await.expect("the server answers").unwrap();
        assert_ne!(read, 0, "the server answers before it closes: {}", String::from_utf8_lossy(&bytes));
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut body = bytes.split_off(end);
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let length = length.filter(|_| !request.as_ref().starts_with(b"HEAD ")).unwrap_or(0);
    while body.len() < length && timeout(PATIENCE, stream.read_buf(&mut body)).await.unwrap().unwrap() > 0 {}
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: String::from_utf8_lossy(&body).into_owned() }
}

/// The answer to a handshake with further header lines, each of which ends with CR and LF.
pub(crate) async fn shake_hands(address: SocketAddr, path: &str, more: &str) -> Answer {
    ask(address, format!("GET {path} HTTP/1.1\r\n{UPGRADE}{more}\r\n")).await
}
