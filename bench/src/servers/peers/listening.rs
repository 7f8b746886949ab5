//! Connections for peers that bring no server of their own.

use tokio::net::TcpStream;

use super::super::{ServeError, listen};

/// Serves each connection in a task of its own.
///
/// # Errors
/// The server cannot listen, or cannot go on.
pub(super) fn serve<F>(connection: impl Fn(TcpStream) -> F) -> Result<(), ServeError>
where
    F: Future<Output = ()> + Send + 'static,
{
    let runtime = tokio::runtime::Runtime::new().map_err(ServeError::Serve)?;
    runtime.block_on(async {
        let listener = listen().await?;
        loop {
            let (stream, _) = listener.accept().await.map_err(ServeError::Serve)?;
            stream.set_nodelay(true).map_err(ServeError::Serve)?;
            tokio::spawn(connection(stream));
        }
    })
}
