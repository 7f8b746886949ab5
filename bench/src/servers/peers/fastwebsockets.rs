//! fastwebsockets behind hyper. Messages go back as they came.

use fastwebsockets::upgrade::{UpgradeFut, upgrade};
use fastwebsockets::{FragmentCollector, OpCode, WebSocketError};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::super::ServeError;
use super::listening;

/// Serves until standard input ends.
///
/// # Errors
/// The server cannot listen, or cannot go on.
pub(super) fn serve() -> Result<(), ServeError> {
    listening::serve(connection)
}

/// Connections that break are those whose clients have left.
async fn connection(stream: TcpStream) {
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(enter)).with_upgrades().await;
}

async fn enter(mut request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, upgraded) = upgrade(&mut request)?;
    tokio::spawn(send_back(upgraded));
    Ok(response)
}

async fn send_back(upgraded: UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = FragmentCollector::new(upgraded.await?);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}
