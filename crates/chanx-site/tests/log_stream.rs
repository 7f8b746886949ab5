//! A log that cannot be written, or that is not read, costs lines, and never an answer.
//!
//! The program is this test binary itself: it runs the test `program`.
#![cfg(unix)]

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use axum::{Router, routing::get};
use chanx::permission::{AllowAny, Permission};
use chanx::routing::{Routes, path};
use chanx::{Consumer, Context, Never, Raw};
use chanx_site::{Project, Site};
use tempfile::TempDir;

const IS_PROGRAM: &str = "PROGRAM_UNDER_TEST";
const FORMATS: [&str; 2] = ["human", "json"];

/// For what must happen soon, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// A quarter of what the pipe to the log's reader takes.
const QUEUE: usize = 16 * 1024;

/// More lines than pipe and queue take.
const MANY: usize = 1_000;

#[test]
fn program() {
    if std::env::var_os(IS_PROGRAM).is_none() {
        return;
    }
    let pages = Router::new()
        .route("/hello/", get(async || "hello"))
        .route("/panic/", get(async || if true { panic!("on purpose") } else { "" }));
    let routes = || Routes::new([path("ws/", Talkative::endpoint())]);
    let project = Project::new("program").websockets(routes).pages(move |_: &Site| pages.clone());
    let code = project.run_with(["program", "runserver", "127.0.0.1:0"]);
    std::process::exit(if code == ExitCode::SUCCESS { 0 } else { 1 });
}

/// A consumer that logs a line in a span of its own, and has spawned work log another one.
struct Talkative;

impl Consumer for Talkative {
    type Authentication = ();
    type Object = ();
    type Incoming = Raw;
    type Outgoing = Never;
    type GroupMessage = Never;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(cx: &mut Context<Self>) -> chanx::Result<Self> {
        tracing::info_span!("opening", room = 7).in_scope(|| tracing::info!(mood = "good", "hello"));
        cx.spawn(async |_| {
            tracing::info!("beside");
            Ok(())
        })?;
        Ok(Self)
    }

    async fn receive_message(&mut self, _: &mut Context<Self>, _: Raw) -> chanx::Result {
        Ok(())
    }
}

/// A server whose log goes somewhere.
struct Server {
    child: Child,
    address: SocketAddr,
    _directory: TempDir,
}

impl Server {
    fn start(format: &str, log: impl Into<Stdio>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "program", "--nocapture"])
            .env_clear()
            .env(IS_PROGRAM, "")
            .env("CHANX_SECRET_KEY", "a-key-for-tests-that-is-long-enough-0123456789-abcdefghijklmnopq")
            .env("CHANX_DATABASE_URL", database(&directory))
            .env("CHANX_LOG_FORMAT", format)
            .env("CHANX_ALLOWED_HOSTS", "127.0.0.1")
            .env("CHANX_MAX_QUEUED_LOG_BYTES", QUEUE.to_string())
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let greeting = lines.find_map(|line| line.unwrap().strip_prefix("Serving on http://").map(str::to_owned));
        let address = greeting.expect("it serves").split_once('/').unwrap().0.parse().unwrap();
        Self { child, address, _directory: directory }
    }

    /// The status of the answer to a request.
    fn get(&self, path: &str, host: &str) -> u16 {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {response:?}")).parse().unwrap()
    }

    fn answers(&self, times: usize) {
        for _ in 0..times {
            assert_eq!(self.get("/hello/", "127.0.0.1"), 200);
        }
    }

    /// Ends the server, which must not take long.
    fn stop(mut self) -> ExitStatus {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        let start = Instant::now();
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return status,
                None if start.elapsed() > PATIENCE => panic!("it does not end"),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.child.kill();
    }
}

/// The address of a database that is ready.
fn database(directory: &TempDir) -> String {
    let url = format!("sqlite://{}", directory.path().join("site.sqlite3").display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let database = chanx_site::database::Database::connect(&url, true).await.unwrap();
        database.migrate().await.unwrap();
        database.pool().close().await;
    });
    url
}

fn stopped_well(server: Server) {
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn a_log_whose_reader_is_gone_costs_no_answer() {
    for format in FORMATS {
        let (reader, log) = io::pipe().unwrap();
        let server = Server::start(format, log);
        drop(reader);
        server.answers(20);
        assert_eq!(server.get("/health/", "127.0.0.1"), 200);
        stopped_well(server);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_on_a_full_disk_costs_no_answer() {
    for format in FORMATS {
        let server = Server::start(format, File::options().write(true).open("/dev/full").unwrap());
        server.answers(20);
        assert_eq!(server.get("/health/", "127.0.0.1"), 200);
        stopped_well(server);
    }
}

#[test]
fn a_panic_is_a_line_of_the_log_and_costs_no_other_answer() {
    for format in FORMATS {
        let (mut reader, log) = io::pipe().unwrap();
        let server = Server::start(format, log);
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(stream, "GET /panic/ HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).unwrap();
        let _ = stream.read_to_string(&mut String::new());
        server.answers(1);
        server.stop();
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        let lines = lines_of(format, &text);
        let line = lines.iter().find(|line| line.contains("on purpose")).unwrap_or_else(|| panic!("{text}"));
        assert!(line.contains("ERROR") && line.contains("log_stream.rs"), "{line}");
    }
}

#[test]
fn the_lines_of_a_connection_name_it() {
    for (format, label, own) in [
        ("human", r#"websocket{id="-0" path="/ws/"}: "#, r#" opening{room=7}: hello mood="good""#),
        ("json", r#"{"websocket":{"id":"-0","path":"/ws/"},"#, r#""spans":[{"room":7,"name":"opening"}]"#),
    ] {
        let (reader, log) = io::pipe().unwrap();
        let server = Server::start(format, log);
        let mut stream = TcpStream::connect(server.address).unwrap();
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
            Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";
        let address = server.address;
        write!(stream, "GET /ws/ HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n{upgrade}\r\n\r\n")
            .unwrap();
        let mut log = BufReader::new(reader);
        let mut text = String::new();
        while !text.contains("beside") {
            assert_ne!(log.read_line(&mut text).unwrap(), 0, "it ended: {text}");
        }
        drop(stream);
        stopped_well(server);
        log.read_to_string(&mut text).unwrap();
        let lines = lines_of(format, &text);
        let with =
            |part: &str| lines.iter().find(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}: {text}"));
        for line in ["connected", "hello", "beside", "disconnected"].map(with) {
            // The prefix of a run is random.
            assert_eq!(line.matches("websocket").count(), 1, "{line}");
            let (before, after) = label.split_once("-0").unwrap();
            assert!(line.contains(before) && line.contains(&format!("-0{after}")), "{line}");
        }
        assert!(with("hello").contains(own), "{text}");
    }
}

#[test]
fn what_clients_send_is_cut_in_the_log() {
    for format in FORMATS {
        let (mut reader, log) = io::pipe().unwrap();
        let server = Server::start(format, log);
        let long = "a".repeat(3_000);
        assert_eq!(server.get(&format!("/{long}/"), "127.0.0.1"), 404);
        assert_eq!(server.get("/hello/", &long), 400);
        stopped_well(server);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        let lines = lines_of(format, &text);
        assert!(lines.iter().all(|line| line.len() < 600), "{text}");
        assert_eq!(lines.iter().filter(|line| line.contains("aaa… (300")).count(), 2, "{text}");
    }
}

/// The lines of a log, each of which has the form that was asked for.
fn lines_of(format: &str, text: &str) -> Vec<String> {
    for line in text.lines() {
        match format {
            "json" => assert!(serde_json::from_str::<serde_json::Value>(line).unwrap().is_object(), "{line}"),
            _ => assert!(line.starts_with("20") && line.contains("Z "), "{line}"),
        }
    }
    text.lines().map(str::to_owned).collect()
}

/// How many lines the log says that it lost.
fn told_lost(lines: &[String]) -> usize {
    let notices = lines.iter().filter(|line| line.contains("lines of the log were lost"));
    notices.map(|line| line.split("lines\":").nth(1).or(line.split("lines=").nth(1)).unwrap()).map(number).sum()
}

fn number(text: &str) -> usize {
    text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[test]
fn a_log_that_is_not_read_loses_lines_and_tells_how_many() {
    for format in FORMATS {
        let (reader, log) = io::pipe().unwrap();
        let server = Server::start(format, log);
        server.answers(MANY);
        // Warnings are kept although the queue takes no other lines.
        for _ in 0..3 {
            assert_eq!(server.get("/hello/", "evil.example"), 400);
        }
        let mut log = BufReader::new(reader);
        let mut lines = Vec::new();
        let mut line = String::new();
        while told_lost(&lines) == 0 {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended without telling");
            lines.push(line.trim_end().to_owned());
        }
        server.answers(1);
        stopped_well(server);
        let mut rest = String::new();
        log.read_to_string(&mut rest).unwrap();
        lines.extend(rest.lines().map(str::to_owned));
        let lines = lines_of(format, &lines.join("\n"));

        let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
        assert_eq!(count("evil.example"), 3, "a warning was lost");
        // Each request has a line, and so have the refused ones.
        assert!(told_lost(&lines) > 0);
        assert_eq!(count("answered") + told_lost(&lines), MANY + 3 + 1);
        assert_eq!(count("shutting down"), 1);
    }
}

#[test]
fn a_log_that_nobody_reads_does_not_keep_the_process() {
    for format in FORMATS {
        let (reader, log) = io::pipe().unwrap();
        let server = Server::start(format, log);
        server.answers(MANY);
        stopped_well(server);
        drop(reader);
    }
}

#[test]
fn a_log_that_is_busy_now_and_then_loses_nothing_that_fits() {
    for format in FORMATS {
        let (mut reader, log) = UnixStream::pair().unwrap();
        log.set_nonblocking(true).unwrap();
        fill(&log);
        let server = Server::start(format, OwnedFd::from(log));
        server.answers(20);
        let text = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).unwrap();
            let log = bytes.iter().position(|byte| *byte != FILLER).unwrap();
            String::from_utf8(bytes.split_off(log)).unwrap()
        });
        stopped_well(server);
        let text = text.join().unwrap();
        let lines = lines_of(format, &text);
        assert_eq!(lines.iter().filter(|line| line.contains("answered")).count(), 20, "{text}");
        assert_eq!(told_lost(&lines), 0, "{text}");
    }
}

const FILLER: u8 = b'.';

/// Leaves no room in a socket.
fn fill(mut socket: &UnixStream) {
    while socket.write(&[FILLER; 1024]).is_ok() {}
    while socket.write(&[FILLER]).is_ok() {}
}
