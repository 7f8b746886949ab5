//! Programs made with `Project`, as a shell starts them.
//!
//! The program is this test binary itself: it runs the test `program` with arguments that a
//! variable holds.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Output, Stdio};

use axum::{Router, routing::get};
use chanx::permission::{AllowAny, Permission};
use chanx::routing::{Routes, path};
use chanx::{Consumer, Context, Endpoint, Message, Never};
use chanx_site::{Project, Site};

/// Where the arguments of the program are, one to a line.
const ARGUMENTS: &str = "PROGRAM_UNDER_TEST_ARGUMENTS";

/// What clients of the program's socket may send.
#[derive(Debug, Message)]
enum Incoming {
    /// Is anybody there?
    Ping,
}

/// What they get.
#[derive(Debug, Message)]
enum Outgoing {
    /// Somebody is there.
    Pong,
    /// Somebody said something elsewhere.
    Heard(String),
}

/// What the program's consumer is told.
#[derive(Debug, Message)]
enum Event {
    /// To be passed on.
    Notice(String),
}

struct Pinger;

impl Consumer for Pinger {
    type Authentication = ();
    type Object = ();
    type Incoming = Incoming;
    type Outgoing = Outgoing;
    type GroupMessage = Never;
    type Event = Event;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> chanx::Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, Incoming::Ping: Incoming) -> chanx::Result {
        Ok(cx.send_message(Outgoing::Pong).await?)
    }

    async fn receive_event(&mut self, cx: &mut Context<Self>, Event::Notice(text): Event) -> chanx::Result {
        Ok(cx.send_message(Outgoing::Heard(text)).await?)
    }
}

fn websockets() -> Routes<Endpoint> {
    Routes::new([path("ws/ping/", Pinger::endpoint()).name("ping")])
}

#[test]
fn program() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let project = Project::new("program")
        .pages(|_: &Site| Router::new().route("/hello/", get(async || "hello")))
        .websockets(websockets)
        .link("Hello", "/hello/");
    let code = project.run_with(["program"].into_iter().chain(arguments.lines()));
    let known = [ExitCode::SUCCESS, ExitCode::FAILURE, ExitCode::from(2)];
    let number = known.iter().position(|known| *known == code).unwrap_or(99);
    std::process::exit(i32::try_from(number).unwrap());
}

fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "program", "--nocapture"])
        .env_clear()
        .env(ARGUMENTS, arguments.join("\n"))
        .current_dir(directory)
        .stdin(Stdio::null());
    command
}

fn run(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command(directory, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

/// A server that has said where it listens.
struct Server {
    child: Child,
    greeting: String,
    address: SocketAddr,
}

impl Server {
    fn start(directory: &Path, environment: &[(&str, &str)], command_name: &str, last_line: &str) -> Self {
        let mut command = command(directory, &[command_name, "127.0.0.1:0"]);
        let child = command.envs(environment.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = child.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut greeting = String::new();
        while !greeting.contains(last_line) {
            greeting += &lines.next().unwrap_or_else(|| panic!("ended after {greeting}")).unwrap();
            greeting.push('\n');
        }
        let port = greeting.split_once("http://").unwrap().1;
        let port: String = port.split_once(':').unwrap().1.chars().take_while(char::is_ascii_digit).collect();
        let address = SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()));
        Self { child, greeting, address }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    /// Opens a socket as a page at this origin would.
    fn open_socket(&self, origin: &str) -> (TcpStream, String) {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(
            stream,
            "GET /ws/ping/ HTTP/1.1\r\nHost: {}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            self.address
        )
        .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        (stream, String::from_utf8(head).unwrap())
    }

    /// Asks the server to end.
    fn ask_to_end(&self) {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// Ends the server, and says how it did.
    fn stop(mut self) -> Option<i32> {
        self.ask_to_end();
        self.child.wait().unwrap().code()
    }
}

#[test]
fn arguments_that_make_no_sense_end_with_2() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in [&["fly"][..], &["runserver", "nowhere"], &["token"], &["migrate", "--now"]] {
        let (code, _, stderr) = run(directory.path(), arguments);
        assert_eq!(code, 2, "{arguments:?}: {stderr}");
        assert!(stderr.contains("error:"), "{stderr}");
    }
    let (code, stdout, _) = run(directory.path(), &["--help"]);
    assert_eq!(code, 0);
    for name in ["runserver", "createsuperuser", "clearsessions"] {
        assert!(stdout.contains(name), "{stdout}");
    }
}

#[test]
fn failures_are_one_sentence_and_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let (code, _, stderr) = run(directory.path(), &["runserver"]);
    assert_eq!(code, 1);
    assert!(
        stderr.starts_with("error: the setting secret_key is missing\nMake one with `program secretkey`"),
        "{stderr}"
    );

    let (code, _, stderr) = run(directory.path(), &["createsuperuser"]);
    assert_eq!(code, 1);
    assert!(
        stderr.starts_with(
            "error: there is no database file data/chanx.sqlite3\nCreate the tables with: program migrate"
        ),
        "{stderr}"
    );

    fs::write(directory.path().join("chanx.toml"), "send_completoin = true\n").unwrap();
    let (code, _, stderr) = run(directory.path(), &["settings"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("chanx.toml:1") && stderr.contains("send_completion"), "{stderr}");
}

#[test]
fn a_first_user_can_be_made_without_a_terminal() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(run(directory.path(), &["migrate"]).0, 0);
    let arguments = ["createsuperuser", "--username", "root", "--email", "root@example.com", "--no-input"];
    let output =
        command(directory.path(), &arguments).env("CHANX_SUPERUSER_PASSWORD", "brass-otter-lamp").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let (code, stdout, _) = run(directory.path(), &["token", "root"]);
    assert_eq!(code, 0);
    assert!(stdout.lines().any(|line| line.len() == 40), "{stdout}");
}

#[cfg(unix)]
#[test]
fn without_a_command_everything_is_set_up_once() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path(), &[], "develop", "Stop with Ctrl-C.");
    assert!(server.greeting.contains("user name  admin"), "{}", server.greeting);
    assert!(server.greeting.contains(&format!("http://localhost:{}/hello/", server.address.port())));
    assert!(server.get("/admin/login/").starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(server.get("/hello/").ends_with("\r\n\r\nhello"));
    for page in ["/playground/websocket/", "/asyncapi/"] {
        assert!(server.greeting.contains(page), "{}", server.greeting);
        assert!(server.get(page).starts_with("HTTP/1.1 200 OK\r\n"));
    }
    assert_eq!(server.stop(), Some(0));

    let key = directory.path().join("data/secret_key");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let first = fs::read(&key).unwrap();

    let again = Server::start(directory.path(), &[], "develop", "Stop with Ctrl-C.");
    assert!(!again.greeting.contains("password"), "{}", again.greeting);
    assert_eq!(again.stop(), Some(0));
    assert_eq!(fs::read(&key).unwrap(), first);
}

#[cfg(unix)]
#[test]
fn runserver_serves_what_is_set_up() {
    let directory = tempfile::tempdir().unwrap();
    let (_, stdout, _) = run(directory.path(), &["secretkey"]);
    let key = stdout.lines().find(|line| line.len() == 50).unwrap();
    assert_eq!(run(directory.path(), &["migrate"]).0, 0);
    let server = Server::start(directory.path(), &[("CHANX_SECRET_KEY", key)], "runserver", "until Ctrl-C.");
    assert!(server.get("/hello/").ends_with("\r\n\r\nhello"));
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn routes_are_listed() {
    let directory = tempfile::tempdir().unwrap();
    let (code, stdout, _) = run(directory.path(), &["routes"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("/ws/ping/  Pinger  ping\n    clients send "), "{stdout}");
}

#[cfg(unix)]
#[test]
fn both_names_of_this_machine_may_open_sockets_and_no_other_page() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(directory.path(), &[], "develop", "Stop with Ctrl-C.");
    for host in ["localhost", "127.0.0.1"] {
        let (_, head) = server.open_socket(&format!("http://{host}:{}", server.address.port()));
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    }
    let (_, head) = server.open_socket("http://evil.example");
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    assert_eq!(server.stop(), Some(0));
}

#[cfg(unix)]
#[test]
fn sockets_are_closed_with_1001_when_the_server_ends() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(directory.path(), &[], "develop", "Stop with Ctrl-C.");
    let (mut socket, _) = server.open_socket(&format!("http://localhost:{}", server.address.port()));
    let authentication = read_frame(&mut socket);
    assert!(authentication.1.starts_with(br#"{"action":"authentication""#));
    server.ask_to_end();
    let (opcode, payload) = read_frame(&mut socket);
    assert_eq!((opcode, &payload[..2]), (0x8, &1001_u16.to_be_bytes()[..]));
    socket.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9]).unwrap();
    assert_eq!(socket.read_to_end(&mut Vec::new()).unwrap(), 0);
    drop(socket);
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn an_event_of_the_command_line_reaches_a_running_server() {
    let directory = tempfile::tempdir().unwrap();
    let redis = Redis::start(directory.path());
    let layer = [("CHANX_CHANNEL_LAYER", redis.url.as_str())];
    let server = Server::start(directory.path(), &layer, "develop", "Stop with Ctrl-C.");
    let (mut socket, _) = server.open_socket(&format!("http://localhost:{}", server.address.port()));
    read_frame(&mut socket);

    let send = |arguments: &[&str]| {
        let output = command(directory.path(), arguments).envs(layer).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = send(&["send-event", "notice", "\"tea is ready\"", "--everyone"]);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(read_frame(&mut socket).1, br#"{"action":"heard","payload":"tea is ready"}"#);

    let (code, text) = send(&["send-event", "notic", "--everyone"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("no consumer takes the event \"notic\"; known are: notice"), "{text}");
    let (code, text) = send(&["send-event", "notice", "7", "--everyone"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("Input should be a valid string"), "{text}");
    let (code, text) = send(&["send-event", "notice", "tea", "--everyone"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("a text needs its own quotes"), "{text}");
    assert_eq!(server.stop(), Some(0));
}

/// A Redis server on a socket in the file system, so that no port is needed.
#[cfg(unix)]
struct Redis {
    child: Child,
    url: String,
}

#[cfg(unix)]
impl Redis {
    fn start(directory: &Path) -> Self {
        let socket = directory.join("redis.sock");
        let arguments = ["--port", "0", "--save", "", "--unixsocket"];
        let child = Command::new("redis-server").args(arguments).arg(&socket).stdout(Stdio::piped()).spawn();
        let mut child = child.expect("redis-server is needed: `cargo xtask test --only tools` installs it");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("ready to accept connections")), "Redis does not start");
        // What it goes on to say must find a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { url: format!("redis+unix://{}", socket.display()), child }
    }
}

#[cfg(unix)]
impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The opcode and the payload of a short frame.
fn read_frame(socket: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    socket.read_exact(&mut head).unwrap();
    let length = match head[1] {
        126 => {
            let mut length = [0; 2];
            socket.read_exact(&mut length).unwrap();
            u16::from_be_bytes(length)
        }
        length => length.into(),
    };
    let mut payload = vec![0; length.into()];
    socket.read_exact(&mut payload).unwrap();
    (head[0] & 0xf, payload)
}
