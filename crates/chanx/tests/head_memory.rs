//! What a connection holds of its request after admission, measured as memory of this process. The only test of its program,
//! so that no other allocates meanwhile.

use std::net::SocketAddr;

use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::testing::{Communicator, Connector};
use chanx::{Consumer, Context, Message, Never, Overrides, Result, Settings, Websockets};

const CONNECTIONS: usize = 400;
/// Nearly as much as a request may have.
const HEADER: usize = 15_000;

#[derive(Message)]
enum Words {
    Hello,
}

struct Quiet<const KEEPS: bool>;

impl<const KEEPS: bool> Consumer for Quiet<KEEPS> {
    type Authentication = ();
    type Object = ();
    type Incoming = Words;
    type Outgoing = Words;
    type GroupMessage = Never;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    fn overrides() -> Overrides {
        Overrides::new().keep_handshake(KEEPS)
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        cx.send_message(Words::Hello).await?;
        Ok(())
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, _: Words) -> Result {
        cx.send_message(Words::Hello).await?;
        Ok(())
    }
}

/// Connections with a long header and a long path, each of which has been answered.
async fn connect(address: SocketAddr, path: &str, count: usize) -> Vec<Communicator> {
    let mut clients = Vec::new();
    for _ in 0..count {
        let connector =
            Connector::tcp(address, &format!("{path}?{}", "q".repeat(800))).header("X-Long", "x".repeat(HEADER));
        let mut client = connector.connect().await.unwrap();
        client.assert_authenticated_status_ok().await;
        for _ in 0..2 {
            assert!(matches!(client.receive_message::<Words>().await.unwrap(), Words::Hello));
            client.send_message(&Words::Hello).await;
        }
        clients.push(client);
    }
    clients
}

/// The memory of this process that is in use, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// What each of many connections holds, and its client.
async fn held_by_each(address: SocketAddr, path: &str) -> usize {
    // What is allocated once, and what the allocator keeps for later, is there after these.
    let first = connect(address, path, 100).await;
    let before = resident();
    let others = connect(address, path, CONNECTIONS).await;
    let held = resident().saturating_sub(before) / CONNECTIONS;
    println!("a connection to {path} and its client hold {held} bytes");
    drop((first, others));
    held
}

#[tokio::test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
async fn a_connection_holds_nothing_of_its_request_after_admission_unless_its_consumer_keeps_it() {
    let mut settings = Settings::default();
    settings.allow_missing_origin = true;
    let routes = [path("ws/", Quiet::<false>::endpoint()), path("keeping/", Quiet::<true>::endpoint())];
    let websockets = Websockets::new(routes, &settings).unwrap();
    let connections = websockets.connections();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = websockets.into_router();
    tokio::spawn(async move { axum::serve(listener, app).await });

    let dropped = held_by_each(address, "/ws/").await;
    assert!(dropped < HEADER / 2, "{dropped} bytes");
    connections.drained().await;
    let kept = held_by_each(address, "/keeping/").await;
    assert!(kept < settings.max_handshake_size + HEADER / 2, "{kept} bytes");
}
