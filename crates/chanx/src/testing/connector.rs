//! Making a connection.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Layer;

use super::communicator::Communicator;
use super::error::ConnectError;

/// The bytes that may be under way in process, in each direction.
const IN_FLIGHT: usize = 64 * 1024;
/// A handshake that is not answered by then never will be.
const PATIENCE: Duration = Duration::from_secs(10);
/// The key of every test's handshake; servers only check its form.
const KEY: &str = "Y2hhbngtdGVzdC1jbGllbg==";

/// A connection to be made, with its headers.
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `connect`"]
pub struct Connector {
    server: Server,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
}

#[derive(Clone, Debug)]
enum Server {
    InProcess(Router),
    Tcp(SocketAddr),
}

/// Both directions of a byte stream.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Connector {
    /// A connection to a path of an application in this process.
    pub fn new(app: Router, path: &str) -> Self {
        Self { server: Server::InProcess(app), path: path.to_owned(), headers: Vec::new() }
    }

    /// A connection to a path of a server.
    pub fn tcp(address: SocketAddr, path: &str) -> Self {
        Self { server: Server::Tcp(address), path: path.to_owned(), headers: Vec::new() }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Adds headers.
    pub fn headers<N: AsRef<str>, V: AsRef<[u8]>>(self, headers: impl IntoIterator<Item = (N, V)>) -> Self {
        headers.into_iter().fold(self, |connector, (name, value)| connector.header(name.as_ref(), value))
    }

    /// Says which page opens the socket.
    pub fn origin(self, origin: &str) -> Self {
        self.header("Origin", origin)
    }

    /// Adds a cookie.
    pub fn cookie(self, name: &str, value: &str) -> Self {
        self.header("Cookie", format!("{name}={value}"))
    }

    /// Offers a subprotocol, beside those that were offered before.
    pub fn subprotocol(self, name: &str) -> Self {
        self.header("Sec-WebSocket-Protocol", name)
    }

    /// Connects.
    ///
    /// # Errors
    /// A handshake that is refused or not answered.
    pub async fn connect(self) -> Result<Communicator, ConnectError> {
        let mut stream = self.open().await?;
        stream.write_all(&self.request()).await?;
        let answer = timeout(PATIENCE, read_head(&mut stream)).await.map_err(|_| ConnectError::TimedOut)??;
        match answer.status {
            101 => Ok(Communicator::new(stream, &answer.rest, answer.subprotocol)),
            status => Err(ConnectError::Refused { status, body: read_body(stream, answer.rest).await }),
        }
    }

    async fn open(&self) -> std::io::Result<Box<dyn Stream>> {
        match &self.server {
            Server::Tcp(address) => Ok(Box::new(TcpStream::connect(address).await?)),
            Server::InProcess(app) => {
                let (client, server) = tokio::io::duplex(IN_FLIGHT);
                serve(app.clone(), server);
                Ok(Box::new(client))
            }
        }
    }

    fn request(&self) -> Vec<u8> {
        let mut request = format!(
            "GET {} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n",
            self.path
        )
        .into_bytes();
        for (name, value) in &self.headers {
            request.extend_from_slice(name.as_bytes());
            request.extend_from_slice(b": ");
            request.extend_from_slice(value);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        request
    }
}

/// Serves one in-process connection as an HTTP server would.
fn serve(app: Router, stream: tokio::io::DuplexStream) {
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let service = TowerToHyperService::new(Extension(ConnectInfo(peer)).layer(app));
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::spawn(connection.with_upgrades());
}

struct Head {
    status: u16,
    subprotocol: Option<String>,
    /// What came after the head.
    rest: Vec<u8>,
}

async fn read_head(stream: &mut Box<dyn Stream>) -> Result<Head, ConnectError> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            let head = String::from_utf8_lossy(&bytes);
            let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(ConnectError::NotHttp)?;
            return Ok(Head { status, subprotocol: header(&head, "sec-websocket-protocol"), rest });
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(ConnectError::NotHttp);
        }
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}

/// What is there of a body at once; it only helps to understand a failed test.
async fn read_body(mut stream: Box<dyn Stream>, mut body: Vec<u8>) -> String {
    if body.is_empty() {
        let _ = timeout(Duration::from_secs(1), stream.read_buf(&mut body)).await;
    }
    String::from_utf8_lossy(&body).trim().to_owned()
}
