//! One HTTP connection on the application's runtime, until it ends or becomes a WebSocket.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::middleware::AddExtension;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use chanx::{HttpSocket, HttpTurns};
use http::header::{CONNECTION, HeaderValue};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;
use tower::{Layer, ServiceExt};

use super::Limits;
use super::body::{AnswerBody, Late, TimedBody};
use super::door::Guest;

/// How long, and how much, is read from a client whose request was refused unread. Closed at once, its system might drop the
/// answer.
const LINGER: (Duration, u64) = (Duration::from_secs(2), 1024 * 1024);

/// Answers the requests of one connection.
pub(super) async fn answer(guest: Guest, answering: Answering, limits: Limits, mut stopping: watch::Receiver<bool>) {
    let Guest { stream, peer, place: _place } = guest;
    let stream = match TcpStream::from_std(stream) {
        Ok(stream) => stream,
        Err(error) => return tracing::error!(%error, "a connection cannot be watched"),
    };
    // Small frames must not wait for the acknowledgment of earlier ones.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot turn TCP_NODELAY on");
    }
    let socket = HttpSocket::new(stream, limits.timeouts, answering.turns.clone());
    let mut connection = limits.http().serve_connection(TokioIo::new(socket), answering).with_upgrades();
    let told_to_stop = async {
        // The sender outlives every request, so that waiting ends by the word alone.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        () = told_to_stop => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let Err(error) = ended else { return };
    if report(&error, peer, limits)
        && let Some(parts) = connection.into_parts()
    {
        linger(parts.io.into_inner().into_stream()).await;
    }
}

/// Logs how a connection broke. hyper has answered by then, and has one error and one answer for a head that is too large and
/// for a `Content-Length` beyond all bodies, which would better be answered with 400. Says whether a request was refused because it cannot be read.
fn report(error: &hyper::Error, peer: SocketAddr, limits: Limits) -> bool {
    if error.is_parse_too_large() {
        tracing::warn!(
            %peer,
            status = 431,
            "request refused: its head has more than {} bytes (max_handshake_size) or 100 header lines, or its Content-Length \
             is close to 2^64",
            limits.head_bytes
        );
    } else if error.is_parse() {
        tracing::warn!(%peer, status = 400, "request refused: {error}");
    } else {
        tracing::debug!(%peer, %error, "a connection broke");
    }
    error.is_parse()
}

async fn linger(mut stream: TcpStream) {
    let (time, bytes) = LINGER;
    let mut rest = (&mut stream).take(bytes);
    // Whether it ends, fails or goes on, the connection is over.
    let _ = timeout(time, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
}

/// The application as hyper calls it.
pub(super) struct Answering {
    app: AddExtension<Router, ConnectInfo<SocketAddr>>,
    body_limit: Duration,
    turns: HttpTurns,
}

impl Answering {
    pub(super) fn new(app: Router, peer: SocketAddr, body_limit: Duration) -> Self {
        let app = Extension(ConnectInfo(peer)).layer(app);
        Self { app, body_limit, turns: HttpTurns::default() }
    }
}

impl Service<Request<Incoming>> for Answering {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let turn = self.turns.begin();
        let late = Late::default();
        let request = request.map(|body| Body::new(TimedBody::new(body, self.body_limit, late.clone())));
        let response = self.app.clone().oneshot(request);
        Box::pin(async move {
            let response = response.await?;
            let response = if late.is_late() { too_late() } else { response };
            Ok(response.map(|body| AnswerBody { body, _turn: turn }))
        })
    }
}

/// The answer in the place of that which a handler made of a broken body.
fn too_late() -> Response {
    tracing::warn!(status = 408, "request refused: its body did not come within http_body_timeout");
    let close = [(CONNECTION, HeaderValue::from_static("close"))];
    (StatusCode::REQUEST_TIMEOUT, close, "the body of the request did not come in time\n").into_response()
}
