//! The serving loop: until somebody asks it to end, and then politely. Knows no command line.
//!
//! It runs on the main thread, on a runtime of its own, which accepts connections, takes signals and answers
//! [`LIVENESS_PATH`](crate::web::LIVENESS_PATH). Everything else runs on the application's runtime, so that handlers that block all of its
//! workers can neither keep the process from ending nor make it look dead.

mod answer;
mod body;
mod door;
mod signals;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use chanx::settings::Settings;
use chanx::{Connections, HttpTimeouts};
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::error::CommandError;
use super::terminal::Terminal;
use crate::project::App;
use answer::{Answering, answer};
use door::Door;
use signals::{Signal, Signals};

/// Less would not do for hyper.
const LEAST_BUFFER: usize = 8192;

/// Takes the address; `command` is who asks for it.
pub(crate) fn listen(address: SocketAddr, command: &'static str) -> Result<std::net::TcpListener, CommandError> {
    let listen = || {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    listen().map_err(|source| CommandError::Listen { command, address, source })
}

/// An application that is ready to be served.
pub(crate) struct Ready {
    pub(crate) listener: std::net::TcpListener,
    pub(crate) app: App,
    pub(crate) settings: Settings,
    pub(crate) greeting: Vec<Line>,
}

/// A line for the terminal.
pub(crate) enum Line {
    Say(String),
    Warn(String),
}

/// How long HTTP clients may take, and how much they may send.
#[derive(Clone, Copy)]
struct Limits {
    timeouts: HttpTimeouts,
    body: Duration,
    head_bytes: usize,
}

impl Limits {
    fn new(settings: &Settings) -> Self {
        let timeouts = HttpTimeouts {
            head: settings.http_head_timeout,
            keep_alive: settings.http_keep_alive_timeout,
            send: settings.http_send_timeout,
        };
        Self { timeouts, body: settings.http_body_timeout, head_bytes: settings.max_handshake_size }
    }

    /// A server of one connection. Its timeouts are those of the socket.
    fn http(self) -> http1::Builder {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_header_size(self.head_bytes)
            .max_buf_size(self.head_bytes.max(LEAST_BUFFER));
        http
    }
}

/// Greets, and serves until a signal comes. Then no connection is accepted any more, sockets are closed with 1001, and
/// what is not done within the setting `shutdown_timeout` is cut, blocked threads too. A second signal cuts at once.
pub(crate) fn run(runtime: Runtime, ready: Ready, terminal: &mut dyn Terminal) -> Result<(), CommandError> {
    let front = Builder::new_current_thread().enable_all().build().map_err(CommandError::Runtime)?;
    let ended = front.block_on(async {
        // From here on, so that nobody who reads the greeting is too early with a signal.
        let mut signals = Signals::new();
        let listener = TcpListener::from_std(ready.listener).map_err(CommandError::Serve)?;
        greet(&ready.greeting, terminal)?;
        let ended = serve(listener, ready.app, &ready.settings, &mut signals, runtime.handle()).await;
        end(runtime, ended, &mut signals).await
    });
    // Nothing of it is waited for.
    front.shutdown_background();
    ended
}

fn greet(greeting: &[Line], terminal: &mut dyn Terminal) -> io::Result<()> {
    greeting.iter().try_for_each(|line| match line {
        Line::Say(line) => terminal.say(line),
        Line::Warn(line) => terminal.warn(line),
    })
}

/// How serving ended: by the deadline for the rest, or because of a second signal.
type Ended = Result<Instant, Signal>;

async fn serve(listener: TcpListener, app: App, settings: &Settings, signals: &mut Signals, workers: &Handle) -> Ended {
    let limits = Limits::new(settings);
    let (stopping, stopped) = watch::channel(false);
    let mut door = Door::new(listener, limits, settings.max_http_connections);
    let mut requests = JoinSet::new();
    loop {
        tokio::select! {
            guest = door.next() => {
                let answering = Answering::new(app.router.clone(), guest.peer, limits.body);
                requests.spawn_on(answer(guest, answering, limits, stopped.clone()), workers);
            }
            Some(_) = requests.join_next() => {}
            _ = signals.next() => break,
        }
    }
    drop(door);
    tracing::info!("shutting down");
    let deadline = Instant::now() + settings.shutdown_timeout;
    stopping.send_replace(true);
    let connections = app.connections.clone();
    let drained = workers.spawn(async move { connections.drain().await });
    tokio::select! {
        _ = async { tokio::join!(requests.join_all(), drained) } => Ok(deadline),
        () = tokio::time::sleep_until(deadline) => {
            report_cut(&app.connections);
            Ok(deadline)
        }
        signal = signals.next() => Err(signal),
    }
}

fn report_cut(connections: &Connections) {
    tracing::warn!(connections = connections.len(), "cut what did not end in time");
}

/// Ends the application's runtime. Its threads have the time that is left; those that are blocked end with the process.
async fn end(runtime: Runtime, ended: Ended, signals: &mut Signals) -> Result<(), CommandError> {
    let deadline = match ended {
        Ok(deadline) => deadline,
        Err(signal) => {
            runtime.shutdown_background();
            return Err(signal.at_once());
        }
    };
    let left = deadline.saturating_duration_since(Instant::now());
    let shut_down = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(left));
    tokio::select! {
        _ = shut_down => Ok(()),
        signal = signals.next() => Err(signal.at_once()),
    }
}
