//! Clients on their way in, one after the other: for measurements that begin when all are in.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use thiserror::Error;

use super::door::{Arrival, Door, Refused};
use super::incoming::Incoming;

/// How many connect at the same time. Servers have a queue for those whom they have not accepted yet.
const AT_ONCE: usize = 64;
/// How long a server may take to let somebody in.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a client is not in.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum ConnectError {
    #[error("client {client} cannot connect")]
    Connect { client: usize, source: io::Error },
    #[error("client {client} is not let in")]
    Refused { client: usize, source: Refused },
}

/// Connects clients, in turns to each of the addresses.
pub(super) fn connect_all(
    addresses: &[SocketAddr],
    clients: usize,
    door: &Door<'_>,
) -> Result<Vec<(TcpStream, Incoming)>, ConnectError> {
    let mut connected = Vec::with_capacity(clients);
    let all: Vec<_> = addresses.iter().copied().cycle().take(clients).enumerate().collect();
    for some in all.chunks(AT_ONCE) {
        let asked: Vec<_> = some.iter().map(|(client, address)| ask(*client, *address, door)).collect();
        for (stream, (client, _)) in asked.into_iter().zip(some) {
            connected.push(enter(*client, stream?, door)?);
        }
    }
    Ok(connected)
}

/// Connects, and asks to be let in.
pub(super) fn ask(client: usize, address: SocketAddr, door: &Door<'_>) -> Result<TcpStream, ConnectError> {
    let ask = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(door.request(address, client).as_bytes())?;
        Ok(stream)
    };
    ask().map_err(|source| ConnectError::Connect { client, source })
}

/// Reads what the server answers until the client is in.
fn enter(client: usize, mut stream: TcpStream, door: &Door<'_>) -> Result<(TcpStream, Incoming), ConnectError> {
    let failed = |source| ConnectError::Connect { client, source };
    let refused = |source| ConnectError::Refused { client, source };
    let (mut arrival, mut outgoing) = (Arrival::default(), Vec::new());
    let mut bytes = [0; 512];
    loop {
        let read = stream.read(&mut bytes).map_err(failed)?;
        let is_in = arrival.take(&bytes[..read], door, &mut outgoing).map_err(refused)?;
        stream.write_all(&outgoing).map_err(failed)?;
        outgoing.clear();
        if is_in {
            stream.set_nonblocking(true).map_err(failed)?;
            return Ok((stream, Incoming::after(arrival.into_rest())));
        }
        if read == 0 {
            return Err(refused(arrival.refused()));
        }
    }
}
