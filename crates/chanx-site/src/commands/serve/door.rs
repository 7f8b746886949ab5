//! Where connections come in: their number is limited, those that ask for the liveness report are answered here, and the others are
//! handed on with the first bytes of their request still unread.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chanx::{HttpSocket, HttpTurns};
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::Limits;
use crate::web::{LIVENESS_PATH, liveness};

/// How long nothing is accepted after an error, which usually means that file descriptors are short; they come back as
/// connections end.
const PAUSE: Duration = Duration::from_millis(100);
/// Longer than any request line that asks for the liveness report, up to the end of its path.
const FIRST_BYTES: usize = 64;
/// How often the door looks at a request line that may become one for the liveness report, and at what intervals. What is not
/// known then is for the application.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// A connection that has begun to send something.
pub(super) struct Guest {
    pub(super) stream: std::net::TcpStream,
    pub(super) peer: SocketAddr,
    /// Its place among the HTTP connections.
    pub(super) place: OwnedSemaphorePermit,
}

pub(super) struct Door {
    listener: TcpListener,
    limits: Limits,
    places: Arc<Semaphore>,
    /// Connections that have not sent anything yet, and those that are answered here.
    inside: JoinSet<Option<Guest>>,
    full: Seldom,
    failed: Seldom,
}

impl Door {
    pub(super) fn new(listener: TcpListener, limits: Limits, places: usize) -> Self {
        let places = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self { listener, limits, places, inside: JoinSet::new(), full: Seldom::default(), failed: Seldom::default() }
    }

    /// The next connection for the application.
    pub(super) async fn next(&mut self) -> Guest {
        loop {
            tokio::select! {
                (stream, peer, place) = accept(&self.listener, &self.places, &mut self.full, &mut self.failed) => {
                    self.inside.spawn(receive(stream, peer, place, self.limits));
                }
                Some(received) = self.inside.join_next() => {
                    if let Ok(Some(guest)) = received {
                        return guest;
                    }
                }
            }
        }
    }
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    full: &mut Seldom,
    failed: &mut Seldom,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let place = place(places, full).await;
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) => {
                if let Some(times) = failed.now() {
                    tracing::error!(%error, times, "cannot accept a connection");
                }
                sleep(PAUSE).await;
            }
        }
    }
}

async fn place(places: &Arc<Semaphore>, full: &mut Seldom) -> OwnedSemaphorePermit {
    if let Ok(place) = Arc::clone(places).try_acquire_owned() {
        return place;
    }
    if let Some(times) = full.now() {
        tracing::warn!(times, "as many HTTP connections are open as max_http_connections allows; further ones wait");
    }
    match Arc::clone(places).acquire_owned().await {
        Ok(place) => place,
        // Nothing closes the semaphore.
        Err(_) => std::future::pending().await,
    }
}

/// Waits for the first bytes of a connection. One that sends none in time is closed.
async fn receive(stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit, limits: Limits) -> Option<Guest> {
    if timeout(limits.timeouts.head, is_probe(&stream)).await.ok()?.ok()?? {
        if let Err(error) = tell_liveness(stream, limits).await {
            tracing::debug!(%error, "the liveness report was not taken");
        }
        return None;
    }
    let stream = stream.into_std().inspect_err(cannot_hand_on).ok()?;
    Some(Guest { stream, peer, place })
}

fn cannot_hand_on(error: &io::Error) {
    tracing::error!(%error, "a connection cannot be handed to the application's runtime");
}

/// Whether the first request of a connection is one for the liveness report; `None` if the client has ended the connection.
async fn is_probe(stream: &TcpStream) -> io::Result<Option<bool>> {
    let mut bytes = [0; FIRST_BYTES];
    // A client may write its request line in pieces.
    for _ in 0..LOOKS {
        let length = stream.peek(&mut bytes).await?;
        if length == 0 {
            return Ok(None);
        }
        if let Some(asks) = asks_for_liveness(&bytes[..length]) {
            return Ok(Some(asks));
        }
        sleep(BETWEEN_LOOKS).await;
    }
    Ok(Some(false))
}

/// Whether a request asks for the liveness report, if its first bytes tell.
fn asks_for_liveness(request: &[u8]) -> Option<bool> {
    let methods: [&[u8]; 2] = [b"GET ", b"HEAD "];
    let Some(path) = methods.iter().find_map(|method| request.strip_prefix(*method)) else {
        let is_open = methods.iter().any(|method| method.starts_with(request));
        return if is_open { None } else { Some(false) };
    };
    match path.strip_prefix(LIVENESS_PATH.as_bytes()) {
        Some(rest) => rest.first().map(|byte| matches!(byte, b' ' | b'?')),
        None if LIVENESS_PATH.as_bytes().starts_with(path) => None,
        None => Some(false),
    }
}

/// Answers one request. The connection ends then: the next request may be for the application.
async fn tell_liveness(stream: TcpStream, limits: Limits) -> Result<(), hyper::Error> {
    let turns = HttpTurns::default();
    let socket = HttpSocket::new(stream, limits.timeouts, turns.clone());
    let service = service_fn(move |_: Request<Incoming>| {
        let turn = turns.begin();
        async move {
            let answer = liveness();
            drop(turn);
            Ok::<_, Infallible>(answer)
        }
    });
    limits.http().keep_alive(false).serve_connection(TokioIo::new(socket), service).await
}

/// Something that happens often and is logged once a second at most.
#[derive(Default)]
struct Seldom {
    logged: Option<Instant>,
    times: u64,
}

impl Seldom {
    /// How often it has happened since it was logged last, if it is to be logged now.
    fn now(&mut self) -> Option<u64> {
        self.times += 1;
        let now = Instant::now();
        if self.logged.is_some_and(|logged| now.duration_since(logged) < Duration::from_secs(1)) {
            return None;
        }
        self.logged = Some(now);
        Some(std::mem::take(&mut self.times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_liveness_report_is_answered_at_the_door() {
        for (request, asks) in [
            ("GET /health/live/ HTTP/1.1\r\n", Some(true)),
            ("HEAD /health/live/ HTTP/1.0", Some(true)),
            ("GET /health/live/?probe=1 ", Some(true)),
            ("GE", None),
            ("HEAD ", None),
            ("GET /health", None),
            ("GET /health/live/", None),
            ("GET /health/ HTTP/1.1", Some(false)),
            ("GET /health/live/x ", Some(false)),
            ("POST /health/live/ ", Some(false)),
            ("GET / ", Some(false)),
        ] {
            assert_eq!(asks_for_liveness(request.as_bytes()), asks, "{request}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_happens_often_is_logged_once_a_second_with_its_number() {
        let mut seldom = Seldom::default();
        assert_eq!([seldom.now(), seldom.now(), seldom.now()], [Some(1), None, None]);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!([seldom.now(), seldom.now()], [Some(3), None]);
    }
}
