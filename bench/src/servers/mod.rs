//! The servers under test. All of them speak the same JSON: `say` makes `said` for every member, and `ready` tells a new
//! member that it is one.

mod axum_broadcast;
mod chanx_group;
mod floor;

mod words;

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::serve::ListenerExt;
use chanx::StartError;
use clap::ValueEnum;
use thiserror::Error;
use tokio::net::TcpListener;
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt;

use crate::cli::ServeOptions;

/// The servers by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Kind {
    /// chanx, with one group
    Chanx,
    /// axum's WebSockets with `tokio::sync::broadcast`
    AxumBroadcast,
    /// The least that a server can do: one thread, one epoll, one send for each delivery
    Floor,
}

/// Why a server ended.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum ServeError {
    #[error("the server cannot listen")]
    Listen(#[source] io::Error),
    #[error("the server cannot go on")]
    Serve(#[source] io::Error),
    #[error(transparent)]
    Chanx(#[from] StartError),
    #[error("the address of Redis cannot be read")]
    Url(#[from] chanx_redis::UrlError),
    #[error("Redis cannot be used")]
    Redis(#[from] redis::RedisError),
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chanx => "chanx",
            Self::AxumBroadcast => "axum-broadcast",
            Self::Floor => "floor",
        }
    }

    /// Whether it can be more than one process.
    pub(crate) fn spans_processes(self) -> bool {
        self != Self::Floor
    }

    /// Whether members are told which messages are their own. The others send all members the same bytes.
    pub(crate) fn knows_the_sender(self) -> bool {
        self == Self::Chanx
    }
}

/// Serves until standard input ends. The address goes to standard output.
///
/// # Errors
/// The server cannot listen, or was set up wrongly.
pub(crate) fn serve(options: &ServeOptions) -> Result<(), ServeError> {
    crate::cores::allow_many_sockets();
    std::thread::spawn(end_with_input);
    let layer = options.layer.as_deref();
    match options.kind {
        Kind::Chanx => serve_app(async { chanx_group::app(layer) }),
        Kind::AxumBroadcast => serve_app(axum_broadcast::app(layer)),
        Kind::Floor => floor::serve().map_err(ServeError::Serve),
    }
}

/// Whoever started the server holds its standard input open, so that none is left behind however that one ends.
fn end_with_input() {
    // An input that fails is one that has ended.
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    std::process::exit(0);
}

fn serve_app(app: impl Future<Output = Result<Router, ServeError>>) -> Result<(), ServeError> {
    install_log();
    let runtime = tokio::runtime::Runtime::new().map_err(ServeError::Serve)?;
    runtime.block_on(async {
        let app = app.await?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(ServeError::Listen)?;
        announce(listener.local_addr().map_err(ServeError::Listen)?);
        let listener = listener.tap_io(|stream| {
            // Without it the figures are those of another protocol, and show it.
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, app).await.map_err(ServeError::Serve)
    })
}

fn announce(address: SocketAddr) {
    println!("{address}");
}

/// A log as applications have it, because spans cost time where somebody listens. Only warnings are shown.
fn install_log() {
    let writer = io::stderr.with_max_level(Level::WARN).or_else(io::sink);
    tracing_subscriber::fmt().with_env_filter(EnvFilter::new("info")).with_writer(writer).init();
}
