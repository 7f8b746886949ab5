//! The serving loop: until somebody asks it to end, and then politely. Knows no command line.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use chanx::Connections;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::error::CommandError;

/// How long requests and connections may take to end.
const GRACE: Duration = Duration::from_secs(10);

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
) -> io::Result<()> {
    // Small frames must not wait for the acknowledgment of earlier ones.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot turn TCP_NODELAY on");
        }
    });
    let (stopping, mut stopped) = watch::channel(false);
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let graceful = axum::serve(listener, service).with_graceful_shutdown(async move {
        // The sender outlives the server, so that waiting ends by the signal alone.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    });
    let mut server = pin!(graceful.into_future());
    tokio::select! {
        ended = &mut server => return ended,
        () = stop => {}
    }
    tracing::info!("shutting down");
    stopping.send_replace(true);
    let end = async { tokio::join!(server, connections.drain()).0 };
    tokio::time::timeout(GRACE, end).await.unwrap_or_else(|_| {
        tracing::warn!(connections = connections.len(), "cut what did not end in time");
        Ok(())
    })
}

/// Ready at Ctrl-C or SIGTERM.
pub(crate) async fn interrupted() {
    tokio::select! {
        () = control_c() => {}
        () = terminated() => {}
    }
}

async fn control_c() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "cannot wait for Ctrl-C");
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(error) => {
            tracing::warn!(%error, "cannot wait for SIGTERM");
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending::<()>().await;
}
