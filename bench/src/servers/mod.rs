//! The servers under test. All of them that speak JSON speak the same, on these paths:
//!
//! - [`ECHO`]: `{"action":"echo","payload":"…"}` is answered by the same text. Raw servers send back whatever comes.
//! - [`COMPLETED`]: the same, followed by `{"action":"complete","payload":null}`.
//! - [`ROOM`]: `ready` tells who comes that it is a member; `say` makes `said` for every member; `echo` is answered as
//!   above; of chanx alone, `rejoin` lets the member leave the group and join it again, and is answered by `rejoined`.
//! - [`SESSION`]: the same as the room for those who are logged in, with a cookie `sessionid`.

mod axum_broadcast;
mod chanx_server;
mod floor;

#[cfg(feature = "peers")]
mod bare;
mod peers;

mod kind;
mod words;

pub(crate) use kind::{Circumstances, Kind};
pub(crate) use peers::foreign;

pub(crate) const ECHO: &str = "/echo/";
pub(crate) const COMPLETED: &str = "/completed/";
pub(crate) const ROOM: &str = "/room/";
pub(crate) const SESSION: &str = "/session/";

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::serve::ListenerExt;
use chanx::StartError;
use chanx_site::SiteError;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt;

use crate::cli::ServeOptions;

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
    #[error("the site cannot be opened")]
    Site(#[from] SiteError),
    #[error("the address of Redis cannot be read")]
    Url(#[from] chanx_redis::UrlError),
    #[error("Redis cannot be used")]
    Redis(#[from] redis::RedisError),
    #[error("this program does not bring {0}")]
    Unknown(&'static str),
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
        Kind::Chanx => serve_app(chanx::runtime(), chanx_server::app(options)),
        Kind::AxumBroadcast => serve_app(Runtime::new(), axum_broadcast::app(layer)),
        Kind::Floor | Kind::FloorJoined => floor::serve(options.kind == Kind::FloorJoined).map_err(ServeError::Serve),
        #[cfg(feature = "peers")]
        Kind::ChanxEpoll | Kind::ChanxUring => bare::serve(options.kind).map(drop).map_err(ServeError::Serve),
        peer => peers::serve(peer),
    }
}

/// Whoever started the server holds its standard input open, so that none is left behind however that one ends.
fn end_with_input() {
    // An input that fails is one that has ended.
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    std::process::exit(0);
}

fn serve_app(
    runtime: io::Result<Runtime>,
    app: impl Future<Output = Result<Router, ServeError>>,
) -> Result<(), ServeError> {
    install_log();
    let runtime = runtime.map_err(ServeError::Serve)?;
    runtime.block_on(async {
        let app = app.await?;
        let listener = listen().await?.tap_io(|stream| {
            // Without it the figures are those of another protocol, and show it.
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, app.into_make_service()).await.map_err(ServeError::Serve)
    })
}

/// Listens on a port that the system chooses, and says on which.
async fn listen() -> Result<TcpListener, ServeError> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(ServeError::Listen)?;
    announce(listener.local_addr().map_err(ServeError::Listen)?);
    Ok(listener)
}

fn announce(address: SocketAddr) {
    println!("{address}");
}

/// A log as chanx-site has it, which declines the spans of connections, because a subscriber's lines and spans cost time. Only
/// warnings are shown.
fn install_log() {
    let writer = io::stderr.with_max_level(Level::WARN).or_else(io::sink);
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("info,chanx::connection=off"))
        .with_ansi(false)
        .with_writer(writer)
        .init();
}
