//! The serving loop: until somebody asks it to end, and then politely. Knows no command line.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::{Extension, Router};
use chanx::Connections;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower::Layer;

use super::error::CommandError;

/// How long requests and connections may take to end.
const GRACE: Duration = Duration::from_secs(10);
/// How long a client may take for the head of a request, or stay without one.
const HEADER_TIME: Duration = Duration::from_secs(15);

/// Takes the address; `command` is who asks for it.
pub(crate) async fn listen(address: SocketAddr, command: &'static str) -> Result<TcpListener, CommandError> {
    TcpListener::bind(address).await.map_err(|source| CommandError::Listen { command, address, source })
}

/// Serves until `stop` is ready. Then no connection is accepted any more, sockets are closed with
/// 1001, and what is not done in ten seconds is cut.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    connections: Connections,
    stop: impl Future<Output = ()>,
) {
    let (stopping, _) = watch::channel(false);
    let mut requests = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => drop(requests.spawn(answer(stream, peer, app.clone(), stopping.subscribe()))),
                Err(error) => pause(&error).await,
            },
            Some(_) = requests.join_next() => {}
            () = &mut stop => break,
        }
    }
    drop(listener);
    tracing::info!("shutting down");
    stopping.send_replace(true);
    let end = async { tokio::join!(requests.join_all(), connections.drain()) };
    if tokio::time::timeout(GRACE, end).await.is_err() {
        tracing::warn!(connections = connections.len(), "cut what did not end in time");
    }
}

/// Answers the requests of one connection. A client that is slow to say what it wants is cut off.
async fn answer(stream: TcpStream, peer: SocketAddr, app: Router, mut stopping: watch::Receiver<bool>) {
    // Small frames must not wait for the acknowledgment of earlier ones.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot turn TCP_NODELAY on");
    }
    let service = TowerToHyperService::new(Extension(ConnectInfo(peer)).layer(app));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIME);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let told_to_stop = async {
        // The sender outlives every request, so that waiting ends by the word alone.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = told_to_stop => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

/// A listener that fails usually lacks file descriptors; they come back as connections end.
async fn pause(error: &io::Error) {
    tracing::error!(%error, "cannot accept a connection");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Ready at Ctrl-C or SIGTERM. Signals count from the call on, before the future is first polled: who announces the
/// server after it can be sure that nobody who reads the announcement is too early.
#[cfg(unix)]
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    let (control_c, terminate) = (heed(SignalKind::interrupt()), heed(SignalKind::terminate()));
    async {
        tokio::select! {
            () = received(control_c) => {}
            () = received(terminate) => {}
        }
    }
}

#[cfg(unix)]
fn heed(kind: SignalKind) -> Option<Signal> {
    signal(kind).inspect_err(|error| tracing::warn!(%error, "cannot wait for a signal")).ok()
}

#[cfg(unix)]
async fn received(signal: Option<Signal>) {
    match signal {
        Some(mut signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}

/// Ready at Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn interrupted() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "cannot wait for Ctrl-C");
        std::future::pending::<()>().await;
    }
}
