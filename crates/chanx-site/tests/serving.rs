//! What `runserver` does with clients that are slow, silent or many, with handlers that block their threads, and with signals.
//!
//! The program is this test binary itself: it runs the test `program` with an argument that a variable holds.
#![cfg(unix)]

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::routing::{get, post};
use axum::{Json, Router};
use chanx::permission::{AllowAny, Permission};
use chanx::routing::{Routes, path};
use chanx::{Consumer, Context, GroupName, Message, Never};
use chanx_site::{Project, Site};

/// Where the command of the program is.
const COMMAND: &str = "SERVING_PROGRAM_COMMAND";

/// No answer takes that long where a machine is not broken. Blocks end later, or not at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// A key for tests.
const KEY: &str = "only-for-tests-0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ";

#[derive(Debug, Message)]
enum Incoming {
    Echo(String),
    /// Blocks the thread from the moment on in which this file exists until it is removed.
    Block(String),
    /// Says something to everybody.
    Say(String),
}

#[derive(Debug, Message)]
enum Outgoing {
    Echo(String),
}

#[derive(Debug, Message)]
enum GroupMessage {
    Said(String),
}

struct Blocker;

impl Consumer for Blocker {
    type Authentication = ();
    type Object = ();
    type Incoming = Incoming;
    type Outgoing = Outgoing;
    type GroupMessage = GroupMessage;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> chanx::Result<Self> {
        Ok(Self)
    }

    async fn build_groups(&mut self, _: &mut Context<Self>) -> chanx::Result<Vec<GroupName>> {
        Ok(vec![GroupName::new("everybody")?])
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Incoming) -> chanx::Result {
        match message {
            Incoming::Echo(text) => cx.send_message(Outgoing::Echo(text)).await?,
            Incoming::Say(text) => drop(cx.send_group_message(GroupMessage::Said(text)).await?),
            Incoming::Block(file) => block(Path::new(&file))?,
        }
        Ok(())
    }
}

fn block(file: &Path) -> io::Result<()> {
    File::create(file)?;
    while file.exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

#[test]
fn program() {
    let Ok(command) = std::env::var(COMMAND) else { return };
    let pages = |_: &Site| {
        let big = "x".repeat(1024 * 1024);
        Router::new().route("/big/", get(async || big)).route("/upload/", post(async |body: Bytes| Json(body.len())))
    };
    let code = Project::new("serving")
        .pages(pages)
        .websockets(|| Routes::new([path("ws/block/", Blocker::endpoint())]))
        .run_with(["serving"].into_iter().chain(command.split(' ')));
    let codes = [0, 1, 2, 130, 143];
    let number = codes.into_iter().find(|number| ExitCode::from(*number) == code);
    std::process::exit(number.map_or(99, i32::from));
}

fn command(directory: &Path, arguments: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "program", "--nocapture"])
        .env_clear()
        .env(COMMAND, arguments)
        .env("CHANX_SECRET_KEY", KEY)
        .env("CHANX_LOG_FORMAT", "json")
        .env("TOKIO_WORKER_THREADS", "2")
        .current_dir(directory)
        .stdin(Stdio::null());
    command
}

/// A server with two workers, its files and its log.
struct Server {
    child: Child,
    address: SocketAddr,
    directory: tempfile::TempDir,
}

impl Server {
    fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_with(settings, |command| command)
    }

    fn start_with(settings: &[(&str, &str)], adjust: impl FnOnce(Command) -> Command) -> Self {
        let directory = tempfile::tempdir().unwrap();
        assert!(command(directory.path(), "migrate").stdout(Stdio::null()).status().unwrap().success());
        let mut serve = adjust(command(directory.path(), "runserver 127.0.0.1:0"));
        let log = File::create(directory.path().join("log")).unwrap();
        let output = File::create(directory.path().join("output")).unwrap();
        let child = serve.envs(settings.iter().copied()).stdout(output).stderr(log).spawn().unwrap();
        let greeting = read_when(&directory.path().join("output"), "until Ctrl-C.");
        let address = greeting.split_once("http://").unwrap().1.split_once('/').unwrap().0.parse().unwrap();
        Self { child, address, directory }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// The answer to a request on a connection of its own.
    fn get(&self, path: &str, host: &str) -> String {
        let mut stream = self.connect();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        read_all(&mut stream)
    }

    fn open_socket(&self) -> Socket {
        let mut stream = self.connect();
        write!(
            stream,
            "GET /ws/block/ HTTP/1.1\r\nHost: {0}\r\nOrigin: http://localhost:{1}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            self.address,
            self.address.port()
        )
        .unwrap();
        let head = read_head(&mut stream);
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let mut socket = Socket(stream);
        assert!(socket.receive().contains(r#""action":"authentication""#));
        socket
    }

    /// Has a handler block its thread until the file that is yielded is removed, or for ever.
    fn block(&self, name: &str) -> (Socket, PathBuf) {
        let file = self.directory.path().join(name);
        let mut socket = self.open_socket();
        socket.send(&format!(r#"{{"action":"block","payload":"{}"}}"#, file.display()));
        wait_until(|| file.exists().then_some(()));
        (socket, file)
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    fn exit_code(&mut self) -> Option<i32> {
        wait_until(|| self.child.try_wait().unwrap()).code()
    }

    fn wait_for_log(&self, text: &str) -> String {
        read_when(&self.directory.path().join("log"), text)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", fs::read_to_string(self.directory.path().join("log")).unwrap_or_default());
        }
    }
}

struct Socket(TcpStream);

impl Socket {
    /// Sends a text, masked with zeros.
    fn send(&mut self, text: &str) {
        let length = u8::try_from(text.len()).unwrap();
        let length = if length < 126 { vec![0x80 | length] } else { vec![0xfe, 0, length] };
        self.0.write_all(&[&[0x81][..], &length, &[0; 4], text.as_bytes()].concat()).unwrap();
    }

    fn receive(&mut self) -> String {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        assert_eq!(head[0], 0x81);
        let mut length = usize::from(head[1]);
        if length == 126 {
            let mut long = [0; 2];
            self.0.read_exact(&mut long).unwrap();
            length = u16::from_be_bytes(long).into();
        }
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).unwrap();
        String::from_utf8(payload).unwrap()
    }
}

/// Sends a whole head at once, as clients do.
fn send_head(stream: &mut TcpStream, head: &str) {
    stream.write_all(format!("{head}\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

fn read_all(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// Whether the server has ended the connection.
fn has_ended(stream: &mut TcpStream) -> bool {
    stream.read(&mut [0]).is_ok_and(|read| read == 0)
}

#[track_caller]
fn wait_until<T>(mut condition: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(began.elapsed() < PATIENCE, "this does not come to pass");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[track_caller]
fn read_when(file: &Path, text: &str) -> String {
    wait_until(|| fs::read_to_string(file).ok().filter(|content| content.contains(text)))
}

fn assert_alive(server: &Server) {
    let answer = server.get("/health/live/", "anything.example");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(r#"{"status":"ok"}"#), "{answer}");
}

#[test]
fn a_handler_that_blocks_one_of_two_workers_stops_nothing_else() {
    let mut server = Server::start(&[("CHANX_SHUTDOWN_TIMEOUT", "2")]);
    let (mut echoing, mut listening) = (server.open_socket(), server.open_socket());
    let (_blocked, _file) = server.block("block");
    let timed = |what, work: &mut dyn FnMut()| {
        let began = Instant::now();
        work();
        println!("{what}: {:?}", began.elapsed());
    };
    timed("live", &mut || assert_alive(&server));
    timed("echo", &mut || {
        echoing.send(r#"{"action":"echo","payload":"hello"}"#);
        assert_eq!(echoing.receive(), r#"{"action":"echo","payload":"hello"}"#);
    });
    timed("health", &mut || assert!(server.get("/health/", "localhost").starts_with("HTTP/1.1 200 OK\r\n")));
    let mut late = None;
    timed("handshake", &mut || late = Some(server.open_socket()));
    timed("group", &mut || {
        late.as_mut().unwrap().send(r#"{"action":"say","payload":"tea"}"#);
        assert!(listening.receive().starts_with(r#"{"action":"said","payload":"tea""#));
    });
    timed("end", &mut || {
        server.signal("TERM");
        assert_eq!(server.exit_code(), Some(0));
    });
    server.wait_for_log("cut what did not end in time");
}

#[test]
fn where_all_workers_are_blocked_the_process_still_shows_that_it_lives_and_ends() {
    let mut server = Server::start(&[("CHANX_SHUTDOWN_TIMEOUT", "1")]);
    let (_first, _) = server.block("first");
    let (_second, _) = server.block("second");
    assert_alive(&server);
    server.signal("TERM");
    assert_eq!(server.exit_code(), Some(0));
}

#[test]
fn a_handler_that_blocks_is_logged_with_its_action() {
    let server = Server::start(&[]);
    let (_blocked, file) = server.block("block");
    server.wait_for_log("a worker thread is blocked");
    fs::remove_file(file).unwrap();
    let log = server.wait_for_log("a handler has blocked its thread");
    let line = log.lines().find(|line| line.contains("a handler has blocked its thread")).unwrap();
    assert!(line.contains(r#""handler":"block""#) && line.contains("/ws/block/"), "{line}");
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let mut server = Server::start(&[("CHANX_SHUTDOWN_TIMEOUT", "3600")]);
        let (_blocked, _) = server.block("block");
        server.signal(name);
        server.wait_for_log("shutting down");
        server.signal(name);
        assert_eq!(server.exit_code(), Some(code));
    }
}

#[test]
fn the_liveness_report_is_given_for_every_host_and_on_kept_connections() {
    let server = Server::start(&[("CHANX_ALLOWED_HOSTS", "example.com")]);
    assert_alive(&server);
    let mut in_pieces = server.connect();
    for piece in ["GE", "T /health", "/live/ HTTP/1.1\r\nHost: x\r\n\r\n"] {
        in_pieces.write_all(piece.as_bytes()).unwrap();
    }
    assert!(read_head(&mut in_pieces).starts_with("HTTP/1.1 200 OK\r\n"));
    let mut stream = server.connect();
    send_head(&mut stream, "GET /health/ HTTP/1.1");
    assert!(read_head(&mut stream).starts_with("HTTP/1.1 200 OK\r\n"));
    send_head(&mut stream, "HEAD /health/live/ HTTP/1.1\r\nConnection: close");
    assert!(read_all(&mut stream).contains("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn an_idle_connection_is_kept_for_as_long_as_the_setting_says() {
    let server = Server::start(&[("CHANX_HTTP_KEEP_ALIVE_TIMEOUT", "1"), ("CHANX_HTTP_HEAD_TIMEOUT", "3600")]);
    let mut stream = server.connect();
    send_head(&mut stream, "HEAD /health/ HTTP/1.1");
    read_head(&mut stream);
    assert!(has_ended(&mut stream));
}

#[test]
fn a_request_head_must_come_in_time() {
    let server = Server::start(&[("CHANX_HTTP_KEEP_ALIVE_TIMEOUT", "3600"), ("CHANX_HTTP_HEAD_TIMEOUT", "1")]);
    let mut silent = server.connect();
    let mut slow = server.connect();
    write!(slow, "GET /health/ HT").unwrap();
    let mut second = server.connect();
    send_head(&mut second, "HEAD /health/ HTTP/1.1");
    read_head(&mut second);
    write!(second, "GET /health/ HT").unwrap();
    for stream in [&mut silent, &mut slow, &mut second] {
        assert!(has_ended(stream));
    }
}

#[test]
fn a_request_body_must_come_in_time() {
    let server = Server::start(&[("CHANX_HTTP_BODY_TIMEOUT", "1")]);
    for head in ["Content-Length: 1000", "Transfer-Encoding: chunked"] {
        let mut stream = server.connect();
        write!(stream, "POST /upload/ HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n").unwrap();
        let answer = read_all(&mut stream);
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    }
    let mut stream = server.connect();
    write!(stream, "POST /upload/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello").unwrap();
    assert!(read_all(&mut stream).ends_with("\r\n\r\n5"));
}

#[test]
fn an_answer_that_is_not_read_is_cut() {
    let server = Server::start(&[("CHANX_HTTP_SEND_TIMEOUT", "1"), ("CHANX_HTTP_KEEP_ALIVE_TIMEOUT", "3600")]);
    let mut stream = server.connect();
    stream.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    // A connection that was cut takes no more requests.
    wait_until(|| match stream.write_all(b"GET /big/ HTTP/1.1\r\nHost: x\r\n\r\n") {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        written => written.err(),
    });
}

#[test]
fn a_request_head_that_is_too_large_is_answered_and_logged() {
    let server = Server::start(&[]);
    let long = format!("X-Long: {}\r\n", "a".repeat(400_000));
    for (headers, status) in [(long, 431), ("X-Line: 1\r\n".repeat(101), 431), ("X-Odd: \u{7f}\r\n".to_owned(), 400)] {
        let mut stream = server.connect();
        // The server need not read it all.
        let _ = write!(stream, "GET /ws/block/ HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        let head = read_head(&mut stream);
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    }
    let log = wait_until(|| {
        let log = server.wait_for_log("request refused");
        (log.matches("request refused").count() == 3).then_some(log)
    });
    assert_eq!((log.matches("\"status\":431").count(), log.matches("\"status\":400").count()), (2, 1), "{log}");
    assert!(log.contains("max_handshake_size") && log.lines().all(|line| line.len() < 500), "{log}");
}

#[test]
fn http_connections_are_limited_in_number() {
    let server = Server::start(&[("CHANX_MAX_HTTP_CONNECTIONS", "2"), ("CHANX_HTTP_HEAD_TIMEOUT", "3600")]);
    // Sockets do not count.
    let _sockets: Vec<_> = (0..3).map(|_| server.open_socket()).collect();
    let first = server.connect();
    let _second = server.connect();
    let mut third = server.connect();
    send_head(&mut third, "GET /health/ HTTP/1.1\r\nConnection: close");
    server.wait_for_log("max_http_connections");
    drop(first);
    assert!(read_all(&mut third).starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn a_lack_of_file_descriptors_is_logged_seldom_and_passes() {
    let with_few_files = |command: Command| {
        let mut limited = Command::new("sh");
        limited.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
        limited.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(directory) = command.get_current_dir() {
            limited.current_dir(directory);
        }
        limited.stdin(Stdio::null());
        limited
    };
    let server = Server::start_with(&[("CHANX_HTTP_HEAD_TIMEOUT", "3600")], with_few_files);
    let many: Vec<_> = (0..80).map(|_| server.connect()).collect();
    let log = || server.wait_for_log("cannot accept a connection");
    let lines = |log: String| log.lines().filter(|line| line.contains("cannot accept")).count();
    // The second line says how often it has happened since the first.
    let log = wait_until(|| Some(log()).filter(|log| lines(log.clone()) > 1));
    let second = log.lines().filter(|line| line.contains("cannot accept")).nth(1).unwrap();
    assert!(!second.contains(r#""times":1,"#) && second.contains(r#""times":"#), "{second}");
    drop(many);
    assert!(server.get("/health/", "x").starts_with("HTTP/1.1 200 OK\r\n"));
}
