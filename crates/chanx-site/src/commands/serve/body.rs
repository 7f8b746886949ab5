//! The body of a request that must come in time, and the body of an answer that ends the server's turn.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes};
use chanx::HttpTurn;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// So many bytes of a body give it a second more.
const BYTES_A_SECOND: u64 = 1000;

/// Whether a body came too late.
#[derive(Clone, Default)]
pub(super) struct Late(Arc<AtomicBool>);

impl Late {
    pub(super) fn is_late(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request's body, which fails where the client keeps the server waiting for it for too long. The time in which
/// nothing asks for it does not count.
pub(super) struct TimedBody<B> {
    body: B,
    /// How long the server may still wait.
    left: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    late: Late,
}

impl<B> TimedBody<B> {
    pub(super) fn new(body: B, limit: Duration, late: Late) -> Self {
        Self { body, left: limit, waiting: None, late }
    }

    /// Ready when the time is over.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let left = self.left;
        let (_, time) = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(sleep(left))));
        time.as_mut().poll(cx)
    }

    fn received(&mut self, bytes: usize) {
        if let Some((since, _)) = self.waiting.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.left = self.left.saturating_add(Duration::from_millis(bytes.saturating_mul(1000 / BYTES_A_SECOND)));
    }
}

impl<B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Unpin> HttpBody for TimedBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let timed = self.get_mut();
        let Poll::Ready(frame) = Pin::new(&mut timed.body).poll_frame(cx) else {
            return timed.poll_late(cx).map(|()| {
                timed.late.0.store(true, Ordering::Relaxed);
                Some(Err(io::Error::from(io::ErrorKind::TimedOut).into()))
            });
        };
        let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref);
        timed.received(data.map_or(0, Bytes::len));
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer. It is the client's turn when it is dropped.
pub(super) struct AnswerBody {
    pub(super) body: Body,
    pub(super) _turn: HttpTurn,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::sync::mpsc;

    use super::*;

    /// A body that comes as it is sent.
    struct Sent(mpsc::UnboundedReceiver<Bytes>);

    impl HttpBody for Sent {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            self.0.poll_recv(cx).map(|data| data.map(|data| Ok(Frame::data(data))))
        }
    }

    const LIMIT: Duration = Duration::from_secs(30);

    fn body() -> (mpsc::UnboundedSender<Bytes>, TimedBody<Sent>, Late) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let late = Late::default();
        (sender, TimedBody::new(Sent(receiver), LIMIT, late.clone()), late)
    }

    /// Whether the next part of the body comes in time, and after how many seconds that is known.
    async fn next(body: &mut TimedBody<Sent>) -> (bool, u64) {
        let began = Instant::now();
        let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
        (frame.is_some_and(|frame| frame.is_ok()), began.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_fails() {
        let (_sender, mut body, late) = body();
        assert_eq!(next(&mut body).await, (false, 30));
        assert!(late.is_late());
    }

    #[tokio::test(start_paused = true)]
    async fn single_bytes_do_not_help() {
        let (sender, mut body, late) = body();
        tokio::spawn(async move {
            loop {
                sleep(Duration::from_secs(5)).await;
                let _ = sender.send(Bytes::from_static(b"x"));
            }
        });
        let began = Instant::now();
        while next(&mut body).await.0 {}
        assert!(late.is_late() && began.elapsed().as_secs() == 30, "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_body_has_more_time_and_a_slow_reader_costs_none() {
        let (sender, mut body, late) = body();
        sender.send(Bytes::from(vec![0; 20_000])).unwrap();
        assert_eq!(next(&mut body).await, (true, 0));
        sleep(LIMIT * 2).await;
        assert_eq!(next(&mut body).await, (false, 50));
        assert!(late.is_late());
    }
}
