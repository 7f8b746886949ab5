//! What a quiet connection holds, in bytes that the server's thread has allocated for it. The figure counts what was asked of the
//! allocator, so that it is the same on every run.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use allocation_counter::measure;
use chanx::auth::{Authentication, AuthenticationError, User};
use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::{Connections, Consumer, Context, GroupName, Handshake, Message, Never, Result, Settings, Websockets};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// What one connection may hold: a member of a group, whose user is known, and who was answered once. Where a figure rises, something
/// was added to each connection: find out what it is, and whether it is needed while nothing happens.
const ALLOWED: i64 = 1_640;
/// Less is no measurement: the socket's registration and the session alone take more.
const LEAST: i64 = 1_000;

/// What is allocated once, for the first connections, and what grows now and then, is not counted.
const FORERUNNERS: usize = 300;
const CONNECTIONS: usize = 400;

/// Everybody is a user.
struct Known;

impl Authentication for Known {
    type User = User;

    async fn authenticate(_: &Handshake) -> std::result::Result<Option<User>, AuthenticationError> {
        Ok(Some(User::new(7, "ann")))
    }

    fn anonymous() -> Option<User> {
        None
    }
}

#[derive(Message)]
enum Words {
    Hello,
}

struct Member;

impl Consumer for Member {
    type Authentication = Known;
    type Object = ();
    type Incoming = Words;
    type Outgoing = Words;
    type GroupMessage = Words;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn build_groups(&mut self, _: &mut Context<Self>) -> Result<Vec<GroupName>> {
        Ok(vec![GroupName::new("room")?])
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, _: Words) -> Result {
        cx.send_message(Words::Hello).await?;
        Ok(())
    }
}

/// A client that was let in and answered, on a thread that is not measured.
fn client(address: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_nodelay(true).unwrap();
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";
    write!(socket, "GET /ws/ HTTP/1.1\r\nHost: localhost\r\n{upgrade}\r\n\r\n").unwrap();
    let mut frames = Vec::new();
    // A masked text, with a mask that changes nothing.
    let hello = br#"{"action":"hello"}"#;
    socket.write_all(&[0x81, 0x80 | hello.len() as u8, 0, 0, 0, 0]).unwrap();
    socket.write_all(hello).unwrap();
    while !frames.ends_with(hello) && !frames.ends_with(br#"{"action":"hello","payload":null}"#) {
        let mut bytes = [0; 1024];
        let read = socket.read(&mut bytes).unwrap();
        assert_ne!(read, 0, "it was closed: {}", String::from_utf8_lossy(&frames));
        frames.extend_from_slice(&bytes[..read]);
    }
    socket
}

/// Serves so many more clients, and returns when they are quiet.
async fn more(count: usize, address: SocketAddr, clients: &mut Vec<TcpStream>) {
    let (done, are_done) = oneshot::channel();
    thread::spawn(move || done.send((0..count).map(|_| client(address)).collect::<Vec<_>>()));
    clients.extend(are_done.await.unwrap());
    // What is left of the last turns.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

async fn serve() -> (SocketAddr, Connections) {
    let mut settings = Settings::default();
    settings.allow_missing_origin = true;
    settings.max_connections_per_user = None;
    // All stand at the same place of the clock's face, whose tables grow alike on every run.
    (settings.ping_interval, settings.send_timeout) = (None, Duration::from_secs(1_000_000));
    let websockets = Websockets::new([path("ws/", Member::endpoint())], &settings).unwrap();
    let connections = websockets.connections();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = websockets.into_router().into_make_service();
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, connections)
}

#[test]
fn a_quiet_connection_holds_no_more_than_it_is_known_to() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut clients = Vec::with_capacity(FORERUNNERS + CONNECTIONS);
    let (address, connections) = runtime.block_on(serve());
    runtime.block_on(more(FORERUNNERS, address, &mut clients));
    let held = measure(|| runtime.block_on(more(CONNECTIONS, address, &mut clients))).bytes_current;
    assert_eq!(connections.len(), FORERUNNERS + CONNECTIONS);
    let held = held / CONNECTIONS as i64;
    assert!((LEAST..=ALLOWED).contains(&held), "a quiet connection holds {held} bytes, {ALLOWED} are allowed");
}
