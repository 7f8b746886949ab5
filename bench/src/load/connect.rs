//! Members on their way in: connected, upgraded, and told that they are members.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use thiserror::Error;

/// How many connect at the same time. Servers have a queue for those whom they have not accepted yet.
const AT_ONCE: usize = 64;
/// How long a server may take to let somebody in.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a member is not let in.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum ConnectError {
    #[error("member {member} cannot connect")]
    Connect { member: usize, source: io::Error },
    #[error("member {member} is not let in: {answer}")]
    Refused { member: usize, answer: String },
}

/// Connects members, in turns to each of the addresses.
pub(super) fn connect_all(addresses: &[SocketAddr], members: usize) -> Result<Vec<TcpStream>, ConnectError> {
    let mut connected = Vec::with_capacity(members);
    let all: Vec<_> = addresses.iter().copied().cycle().take(members).collect();
    for some in all.chunks(AT_ONCE) {
        let first = connected.len();
        for address in some {
            let member = connected.len();
            connected.push(ask(*address).map_err(|source| ConnectError::Connect { member, source })?);
        }
        for (member, stream) in connected.iter_mut().enumerate().skip(first) {
            enter(member, stream)?;
        }
    }
    Ok(connected)
}

fn ask(address: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!(
        "GET /room/ HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YmVuY2ggYmVuY2ggYmVuYw==\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    Ok(stream)
}

/// Reads the answer to the handshake, and the message that makes the client a member.
fn enter(member: usize, stream: &mut TcpStream) -> Result<(), ConnectError> {
    let failed = |source| ConnectError::Connect { member, source };
    let mut answer = Vec::new();
    let mut bytes = [0; 512];
    while !is_ready(&answer) {
        let read = stream.read(&mut bytes).map_err(failed)?;
        answer.extend_from_slice(&bytes[..read]);
        let is_refused = !b"HTTP/1.1 101".starts_with(&answer[..answer.len().min(12)]);
        if read == 0 || is_refused {
            return Err(ConnectError::Refused { member, answer: String::from_utf8_lossy(&answer).into_owned() });
        }
    }
    stream.set_nonblocking(true).map_err(failed)
}

/// Whether the head of the response has been followed by one short text.
fn is_ready(answer: &[u8]) -> bool {
    let frame = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|end| &answer[end + 4..]);
    matches!(frame, Some([0x81, length @ 0..126, text @ ..]) if text.len() == usize::from(*length))
}
