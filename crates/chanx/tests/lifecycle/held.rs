//! What one client can make the server hold, in allocated bytes: for each bound that `docs/limits.md` names, a client that
//! reaches it.
//!
//! Client, network and server share a thread here, so figures include what the stream in memory holds: 64 KiB each way at
//! most.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use allocation_counter::measure;
use chanx::Settings;
use chanx::testing::Communicator;
use chanx_core::frame::{Opcode, write_masked};
use serde_json::json;
use tokio::net::TcpListener;

use crate::probe::{Event, Site, settings};
use crate::transport::REQUEST;

const KIB: i64 = 1024;
/// What the stream in memory may hold, both ways, with the room that its buffers have beyond that.
const STREAM: i64 = 256 * KIB;

/// The bytes that stay allocated after a client did its worst.
fn held(settings: &Settings, worst: impl AsyncFnOnce(&Site, &mut Communicator)) -> i64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let site = Site::new(settings);
    let mut client = runtime.block_on(site.connect());
    // What is allocated once, for the first message of a thread.
    runtime.block_on(async {
        client.send_json(&json!({"action": "note", "payload": "warm"})).await;
        client.receive_all().await.unwrap();
    });
    measure(|| runtime.block_on(worst(&site, &mut client))).bytes_current
}

/// Sends until nothing is taken any more.
async fn send_all(client: &mut Communicator, wire: &[u8], times: usize) {
    for _ in 0..times {
        if tokio::time::timeout(Duration::from_millis(10), client.send_raw(wire)).await.is_err() {
            return;
        }
    }
}

fn message(action: &str, payload: &serde_json::Value) -> Vec<u8> {
    let mut wire = Vec::new();
    let text = json!({"action": action, "payload": payload}).to_string();
    write_masked(&mut wire, Opcode::Text, text.as_bytes(), [1, 2, 3, 4]);
    wire
}

async fn busy(site: &Site, client: &mut Communicator) {
    client.send_raw(&message("act", &json!("hang"))).await;
    site.journal.has("acting").await;
}

fn without_timeouts() -> Settings {
    let mut settings = settings();
    settings.handler_timeout = None;
    settings.ping_interval = None;
    settings
}

#[track_caller]
fn assert_bound(what: &str, held: i64, reached: i64, bound: i64) {
    assert!(held >= reached, "{what}: only {held} bytes are held, so the bound was not reached");
    assert!(held <= bound, "{what}: {held} bytes are held, {bound} are allowed");
}

#[test]
fn messages_that_wait_for_a_handler() {
    for size in [100, 1000, 60_000] {
        let bytes = held(&without_timeouts(), async |site, client| {
            busy(site, client).await;
            send_all(client, &message("note", &json!("x".repeat(size))), 10_000).await;
        });
        // Two messages over the limit at most, and the buffer of the message that is not read to its end.
        assert_bound(&format!("waiting messages of {size} bytes"), bytes, 5 * KIB, STREAM + 4 * 64 * KIB);
    }
}

#[test]
fn a_frame_that_never_ends() {
    let mut settings = without_timeouts();
    settings.max_message_size = 1024 * 1024;
    let bytes = held(&settings, async |_, client| {
        let frame = message("note", &json!("x".repeat(1024 * 1024 - 100)));
        for piece in frame[..frame.len() - 1].chunks(10_000) {
            client.send_raw(piece).await;
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    });
    assert_bound("a partial frame", bytes, 1000 * KIB, STREAM + 2 * 1024 * KIB);
}

#[test]
fn fragments_that_never_end() {
    let mut settings = without_timeouts();
    settings.max_message_size = 1024 * 1024;
    let bytes = held(&settings, async |_, client| {
        // First fragments and continuations, none of them the last: the bit FIN is taken out.
        let mut first = Vec::new();
        write_masked(&mut first, Opcode::Text, &[b'x'; 1000], [1, 2, 3, 4]);
        first[0] &= 0x7f;
        let mut next = Vec::new();
        write_masked(&mut next, Opcode::Continuation, &[b'x'; 1000], [1, 2, 3, 4]);
        next[0] &= 0x7f;
        client.send_raw(&first).await;
        for _ in 0..1000 {
            client.send_raw(&next).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    });
    assert_bound("fragments", bytes, 1000 * KIB, STREAM + 2 * 1024 * KIB);
}

#[test]
fn output_that_a_client_does_not_read() {
    let mut settings = without_timeouts();
    (settings.send_timeout, settings.max_outgoing_bytes) = (Duration::from_secs(100_000), 1024 * 1024);
    for size in [100, 10_000, 60_000] {
        let bytes = held(&settings, async |_, client| {
            client.send_raw(&message("flood", &json!(size))).await;
            // A client that takes a little now and then, ten times as much as may wait.
            tokio::time::sleep(Duration::from_secs(1)).await;
            let mut taken = 0;
            while taken < 10 * 1024 * 1024 {
                taken += client.receive_text().await.unwrap().len();
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        });
        assert_bound(&format!("output of {size} bytes each"), bytes, 1024 * KIB, STREAM + 2 * 1124 * KIB);
    }
}

#[test]
fn messages_of_a_handle_that_a_client_does_not_read() {
    let mut settings = without_timeouts();
    settings.send_timeout = Duration::from_secs(100_000);
    let bytes = held(&settings, async |_, client| {
        client.send_raw(&message("stream", &json!(10_000))).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    });
    // The output, and half of the mailbox.
    assert_bound("output and mailbox", bytes, 1400 * KIB, STREAM + (2 * 1034 + 600) * KIB);
}

#[test]
fn events_that_wait_for_a_handler() {
    for size in [10, 1000, 100_000] {
        let bytes = held(&without_timeouts(), async |site, client| {
            busy(site, client).await;
            // As many as fit, in number or in bytes.
            for _ in 0..(900 * 1024 / (size + 50)).min(1000) {
                let event = Event::Act("x".repeat(size));
                site.channels.send_event(chanx::Audience::Everyone, &event).await.unwrap();
                tokio::task::yield_now().await;
            }
            assert!(site.journal.count("disconnected") == 0);
        });
        let reached = (size as i64 * 900).min(700 * KIB);
        assert_bound(&format!("events of {size} bytes"), bytes, reached, STREAM + 2 * 1200 * KIB);
    }
}

#[test]
fn work_beside_handlers() {
    let settings = without_timeouts();
    let bytes = held(&settings, async |_, client| {
        client.send_raw(&message("spawn", &json!(settings.max_spawned_tasks))).await;
        for _ in 0..100 {
            client.send_raw(&message("spawn", &json!(1))).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    });
    assert_bound("spawned tasks", bytes, 32 * 200, STREAM + 32 * 2 * KIB);
}

#[test]
fn a_message_that_is_as_long_as_one_may_be() {
    let mut settings = without_timeouts();
    settings.send_timeout = Duration::from_secs(100_000);
    let limit = settings.max_outgoing_message_size as i64;
    let bytes = held(&settings, async |_, client| {
        for size in [limit - 100, 2 * limit] {
            client.send_raw(&message("large", &json!(size))).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    });
    assert_bound("a long message", bytes, limit - STREAM, STREAM + 2 * limit);
}

/// A client that sends as fast as it can, and reads a little all the time.
#[test]
fn input_of_a_client_that_reads_less_than_it_asks_for() {
    let mut settings = without_timeouts();
    (settings.max_outgoing_bytes, settings.min_send_rate) = (64 * 1024, 0);
    let mut ping = Vec::new();
    write_masked(&mut ping, Opcode::Ping, &[b'x'; 125], [1, 2, 3, 4]);
    for wire in [ping, message("large", &json!(10_000))] {
        let wire = wire.repeat(100);
        let bytes = held(&settings, async |site, _| {
            let mut client = site.connect_raw().await;
            let mut at = 0;
            for _ in 0..5_000 {
                at = (at + client.send_some(&wire[at..]).await) % wire.len();
                client.read_some(1000).await;
            }
            std::mem::forget(client);
        });
        assert_bound("input and output", bytes, 64 * KIB, STREAM + 3 * 64 * KIB);
    }
}

const REFUSED: usize = 40;

/// Sends messages of 60,000 bytes and half of one more without a pause, over a socket, and tells when all are answered.
fn send_without_a_pause(address: SocketAddr, proceed: &mpsc::Receiver<()>, sent: &mpsc::Sender<()>) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(REQUEST.as_bytes()).unwrap();
    proceed.recv().unwrap();
    let refused = message("unknown", &json!("x".repeat(60_000)));
    let wire = [refused.repeat(REFUSED), refused[..30_000].to_vec()].concat();
    stream.set_nonblocking(true).unwrap();
    // As much as the system takes while the server stands still.
    let taken = stream.write(&wire).unwrap();
    assert!(taken > 1024 * 1024, "a single read could not bring much: {taken} bytes");
    sent.send(()).unwrap();
    stream.set_nonblocking(false).unwrap();
    stream.write_all(&wire[taken..]).unwrap();
    let (mut answers, mut bytes) = (Vec::new(), [0; 4096]);
    // The greeting is completed, too.
    while answers.windows(8).filter(|word| word == b"complete").count() <= REFUSED {
        let read = stream.read(&mut bytes).unwrap();
        answers.extend_from_slice(&bytes[..read]);
    }
    stream
}

#[test]
fn input_that_waits_in_the_socket() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let site = Site::new(&without_timeouts());
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let app = site.app.clone();
    runtime.spawn(async move { axum::serve(listener, app).await });
    let ((go_on, proceed), (sent, is_sent)) = (mpsc::channel(), mpsc::channel());
    let (answered, is_answered) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || answered.send(send_without_a_pause(address, &proceed, &sent)));
    runtime.block_on(site.journal.has("connect"));
    go_on.send(()).unwrap();
    is_sent.recv().unwrap();
    // The client's thread does not count.
    let held = measure(|| {
        runtime.block_on(async {
            let client = is_answered.await.unwrap();
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            drop(client);
        });
    });
    // Twice the longest message, and what the thread lends to those that run: 64 KiB for input and for output.
    assert_bound("input", held.bytes_current, 30_000, (2 + 1 + 1) * 64 * KIB);
}
