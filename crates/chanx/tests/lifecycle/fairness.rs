//! Clients that always have something to say, beside one that has little.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use chanx::Audience;
use chanx::testing::Connector;
use chanx_core::frame::{Opcode, write_masked};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use crate::probe::{Event, Site, settings};
use crate::transport::REQUEST;

/// Nothing takes so long, unless it never comes.
const DEADLINE: Duration = Duration::from_secs(20);
const ECHOES: usize = 10;

#[tokio::test]
async fn a_client_with_many_messages_does_not_keep_a_worker_for_itself() {
    let site = Site::new(&settings());
    let (mut flood, mut quiet) = (site.connect().await, site.connect().await);
    let mut wire = Vec::new();
    for _ in 0..1000 {
        write_masked(&mut wire, Opcode::Text, br#"{"action":"read","payload":"flood"}"#, [1, 2, 3, 4]);
    }
    flood.send_raw(&wire).await;
    quiet.send_json(&json!({"action": "read", "payload": "quiet"})).await;
    site.journal.has("quiet").await;
    let before = site.journal.entries().iter().take_while(|entry| *entry != "quiet").count();
    assert!(before < 400, "{before} messages of one client came before one of another");
}

#[tokio::test]
async fn a_handler_that_sends_on_and_on_does_not_keep_a_worker_for_itself() {
    let site = Site::new(&settings());
    let (mut flood, mut quiet) = (site.connect().await, site.connect().await);
    flood.send_json(&json!({"action": "flood", "payload": 10})).await;
    // Its client takes everything, so that the handler never has to wait for it.
    let reading = tokio::spawn(async move { while flood.receive_text().await.is_ok() {} });
    for _ in 0..20 {
        quiet.send_json(&json!({"action": "read", "payload": "quiet"})).await;
        quiet.receive_all().await.unwrap();
    }
    assert_eq!(site.journal.count("quiet"), 20);
    reading.abort();
}

/// A server over TCP on a thread of its own, which all connections share.
fn serve(site: &Site) -> (Runtime, SocketAddr) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let app = site.app.clone();
    runtime.spawn(async move { axum::serve(listener, app).await });
    (runtime, address)
}

/// A client that makes its handler send messages of this size for ever, and reads as fast as it can, until the server ends.
/// Returns once they come.
fn flood(address: SocketAddr, size: usize) -> JoinHandle<()> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut wire = REQUEST.as_bytes().to_vec();
    let text = json!({"action": "flood", "payload": size}).to_string();
    write_masked(&mut wire, Opcode::Text, text.as_bytes(), [1, 2, 3, 4]);
    stream.write_all(&wire).unwrap();
    let mut bytes = vec![0; 1 << 20];
    let mut total = 0;
    while total < size {
        total += stream.read(&mut bytes).unwrap();
    }
    std::thread::spawn(move || while stream.read(&mut bytes).is_ok_and(|read| read > 0) {})
}

#[test]
fn handlers_that_send_for_ever_over_sockets_leave_a_quiet_client_its_turns() {
    // Little waits for a client, so that the socket takes each message at once.
    let mut settings = settings();
    settings.max_outgoing_bytes = 65_536;
    let site = Site::new(&settings);
    let (runtime, address) = serve(&site);
    let floods = [(); 3].map(|()| flood(address, 100_000));
    let echoes = async {
        let mut quiet = Connector::tcp(address, "/ws/").connect().await.unwrap().patience(DEADLINE);
        quiet.assert_authenticated_status_ok().await;
        assert!(quiet.receive_all().await.unwrap().is_empty());
        for _ in 0..ECHOES {
            quiet.send_json(&json!({"action": "read", "payload": "quiet"})).await;
            quiet.receive_all().await.unwrap();
        }
    };
    let client = Builder::new_current_thread().enable_all().build().unwrap();
    let echoed = client.block_on(async { timeout(DEADLINE, echoes).await });
    runtime.shutdown_timeout(Duration::from_secs(1));
    for flood in floods {
        flood.join().unwrap();
    }
    assert!(echoed.is_ok(), "{} of {ECHOES} messages were answered", site.journal.count("quiet"));
}

#[tokio::test(start_paused = true)]
async fn events_and_messages_take_turns_although_each_fills_the_output() {
    let mut settings = settings();
    // Less than a completion takes, and more than an event.
    settings.max_outgoing_bytes = 35;
    settings.ping_interval = None;
    let site = Site::new(&settings);
    let mut client = site.connect().await;
    let mut wire = Vec::new();
    for (action, payload) in [("act", "hang"), ("note", "a"), ("note", "b")] {
        let text = json!({"action": action, "payload": payload}).to_string();
        write_masked(&mut wire, Opcode::Text, text.as_bytes(), [1, 2, 3, 4]);
    }
    client.send_raw(&wire).await;
    site.journal.has("acting").await;
    for _ in 0..2 {
        site.channels.send_event(Audience::Everyone, &Event::Act("ok".to_owned())).await.unwrap();
    }
    site.journal.has("b").await;
    assert_eq!(site.journal.entries(), ["connect", "acting", "event", "a", "event", "b"]);
}
