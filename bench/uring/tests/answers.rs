//! Clients over real sockets: whole answers in order, whatever the pieces, and ends that reach both sides.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use bench_uring::{Peer, is_permitted, serve};

/// Tells it to stop at its gate.
const STOP: u8 = 1;
/// Sends it away.
const END: u8 = 4;

/// Says everything twice.
struct Parrot {
    gate: Gate,
}

/// Holds up a server.
#[derive(Clone)]
struct Gate {
    reached: mpsc::Sender<()>,
    way: Arc<Mutex<()>>,
}

impl Peer for Parrot {
    fn hear(&mut self, bytes: &[u8], answer: &mut Vec<u8>) -> bool {
        if bytes.contains(&STOP) {
            self.gate.reached.send(()).unwrap();
            drop(self.gate.way.lock().unwrap());
        }
        for byte in bytes {
            answer.extend([*byte, *byte]);
        }
        !bytes.contains(&END)
    }
}

/// A server in a thread that ends with the tests.
fn server() -> SocketAddr {
    gated_server().0
}

/// The same, with what holds it up, and what tells that it is.
fn gated_server() -> (SocketAddr, Arc<Mutex<()>>, mpsc::Receiver<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (reached, is_reached) = mpsc::channel();
    let gate = Gate { reached, way: Arc::default() };
    let way = Arc::clone(&gate.way);
    thread::spawn(|| serve(listener, move || Parrot { gate: gate.clone() }));
    (address, way, is_reached)
}

fn connect(address: SocketAddr) -> TcpStream {
    let client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    client
}

fn doubled(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| [*byte, *byte]).collect()
}

fn assert_answers(client: &mut TcpStream, bytes: &[u8]) {
    client.write_all(bytes).unwrap();
    let mut answer = vec![0; 2 * bytes.len()];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(answer, doubled(bytes));
}

/// Bytes that differ from their neighbors, none of which has a meaning.
fn long(length: usize) -> Vec<u8> {
    (0..length).map(|number| 5 + (number % 251) as u8).collect()
}

#[test]
fn where_there_is_no_ring_there_is_an_error() {
    if is_permitted() {
        assert_answers(&mut connect(server()), b"hello");
    } else {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (reached, _) = mpsc::channel();
        let gate = Gate { reached, way: Arc::default() };
        assert!(serve(listener, || Parrot { gate: gate.clone() }).is_err());
    }
}

#[test]
fn whoever_asks_for_permission_is_not_interrupted_afterwards() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let _ = is_permitted();
    assert_eq!(client.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn all_clients_are_answered_in_order_and_in_whole() {
    let address = server();
    let mut clients: Vec<_> = (0..200).map(|_| connect(address)).collect();
    for length in [1, 4095, 4096, 4097, 20_000] {
        for (number, client) in clients.iter_mut().enumerate() {
            assert_answers(client, &long(length + number));
        }
    }
}

#[test]
fn more_at_once_than_there_are_buffers_for() {
    let (address, way, is_reached) = gated_server();
    let bytes = long(60_000);
    let mut clients: Vec<_> = (0..150).map(|_| connect(address)).collect();
    clients.iter_mut().for_each(|client| assert_answers(client, b"here"));
    let held_up = way.lock().unwrap();
    clients[0].write_all(&[STOP]).unwrap();
    is_reached.recv().unwrap();
    clients[1..].iter_mut().for_each(|client| client.write_all(&bytes).unwrap());
    drop(held_up);
    for client in &mut clients[1..] {
        let mut answer = vec![0; 2 * bytes.len()];
        client.read_exact(&mut answer).unwrap();
        assert!(answer == doubled(&bytes));
    }
}

#[test]
fn an_end_comes_after_the_last_answer() {
    let mut client = connect(server());
    client.write_all(b"bye\x04").unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, doubled(b"bye\x04"));
}

#[test]
fn places_are_for_others_when_clients_have_gone() {
    let address = server();
    for round in 0..40 {
        let mut clients: Vec<_> = (0..50).map(|_| connect(address)).collect();
        for (number, client) in clients.iter_mut().enumerate() {
            assert_answers(client, format!("{round} {number}").as_bytes());
        }
        // Some leave by themselves, some are sent away, both at about the same time.
        clients.iter_mut().step_by(2).for_each(|client| client.write_all(b"\x04").unwrap());
    }
}

#[test]
fn a_client_that_takes_nothing_is_cut_off() {
    let address = server();
    let mut greedy = connect(address);
    greedy.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
    let bytes = long(64 * 1024);
    // More than the system's own buffers and what may wait.
    let sent: io::Result<()> = (0..4096).try_for_each(|_| greedy.write_all(&bytes));
    let kind = sent.unwrap_err().kind();
    assert!(matches!(kind, io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe), "{kind:?}");
    assert_answers(&mut connect(address), b"others are served");
}
