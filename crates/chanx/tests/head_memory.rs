//! What a connection holds of its request after admission, measured as memory of this process. The only test of its program,
//! so that no other allocates meanwhile.

use std::net::SocketAddr;

use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::testing::{Communicator, Connector};
use chanx::{Consumer, Context, Message, Never, Result, Settings, Websockets};

const CONNECTIONS: usize = 400;
/// Nearly as much as a request may have.
const HEADER: usize = 15_000;

#[derive(Message)]
enum Words {
    Hello,
}

struct Quiet;

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
async fn connect(address: SocketAddr, count: usize) -> Vec<Communicator> {
    let mut clients = Vec::new();
    for _ in 0..count {
        let path = format!("/ws/?{}", "q".repeat(800));
        let connector = Connector::tcp(address, &path).header("X-Long", "x".repeat(HEADER));
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

#[tokio::test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
async fn a_connection_holds_nothing_of_its_request_after_admission() {
    let mut settings = Settings::default();
    settings.allow_missing_origin = true;
    let app = Websockets::new([path("ws/", Quiet::endpoint())], &settings).unwrap().into_router();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });

    // What is allocated once, and what the allocator keeps for later, is there after these.
    let first = connect(address, 100).await;
    let before = resident();
    let others = connect(address, CONNECTIONS).await;
    let held = resident().saturating_sub(before) / CONNECTIONS;
    println!("a connection and its client hold {held} bytes");
    assert!(held < HEADER / 2, "a connection and its client hold {held} bytes");
    drop((first, others));
}
