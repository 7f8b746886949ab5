//! tokio-websockets on a bare socket. Messages go back as they came.

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_websockets::ServerBuilder;

use super::super::ServeError;
use super::listening;

/// Serves until standard input ends.
///
/// # Errors
/// The server cannot listen, or cannot go on.
pub(super) fn serve() -> Result<(), ServeError> {
    listening::serve(send_back)
}

async fn send_back(stream: TcpStream) {
    let Ok((_, mut socket)) = ServerBuilder::new().accept(stream).await else { return };
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            return;
        }
    }
}
