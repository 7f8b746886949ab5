//! The one place that waits for a connection's sources: its socket, its mailbox, its clock and its running handler.

use std::any::Any;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};

use atomic_refcell::AtomicRefMut;
use chanx_core::layer::Event;
use chanx_core::message::IncomingMessage;
use chanx_core::session::{Input, Session};
use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tracing::Span;

use super::events::Events;
use crate::hub::{Delivery, Limits, Mailbox, Reader};
use crate::shared::SharedSession;
use crate::transport::{Stream, Transport};

/// How much a read takes at most.
const READ_SIZE: usize = 8 * 1024;

/// A connection's sources, and the session that they feed.
pub(super) struct Connection {
    stream: Stream,
    session: SharedSession,
    mailbox: Arc<Mailbox>,
    /// Whether a handler runs.
    is_busy: bool,
    /// Events that came while a handler ran.
    events: Events,
    /// Whether channel layer messages may have been lost while a handler ran.
    missed: bool,
    /// Whether an event had the last turn.
    was_event: bool,
    /// Names the connection in the log. A connection waits outside of it, since to enter it costs something.
    span: Span,
    clock: Pin<Box<Sleep>>,
    last_tick: Instant,
}

/// What the consumer is to do next.
pub(super) enum Next<M> {
    Message(M),
    Event(Arc<Event>),
    /// Group messages and events may have been lost.
    Missed,
}

/// What became of a handler.
pub(super) enum Ran<T> {
    Finished(T),
    /// The text of the panic, for the log.
    Panicked(String),
    /// It went on for too long after its connection had ended.
    Abandoned,
}

impl Connection {
    pub(super) fn new(
        transport: Transport,
        session: SharedSession,
        (mailbox, limits): (Arc<Mailbox>, Limits),
        span: Span,
    ) -> Self {
        let period = {
            let mut session = session.borrow_mut();
            session.input().extend_from_slice(&transport.early);
            session.tick_period()
        };
        let clock = Box::pin(sleep(period));
        Self {
            stream: transport.stream,
            session,
            mailbox,
            is_busy: false,
            events: Events::new(limits),
            missed: false,
            was_event: false,
            span,
            clock,
            last_tick: Instant::now(),
        }
    }

    /// Names the connection in the log.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Waits for the next message or event, or the end. Everything that waits to be sent leaves first, in one write.
    pub(super) async fn next<M: IncomingMessage>(&mut self) -> Option<Next<M>> {
        poll_fn(|task| {
            loop {
                if let Some(next) = self.take_next() {
                    return Poll::Ready(Some(next));
                }
                if self.session.borrow().is_ending() {
                    return Poll::Ready(None);
                }
                if !self.make_progress(task, true) {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    /// Events and messages take turns where both wait.
    fn take_next<M: IncomingMessage>(&mut self) -> Option<Next<M>> {
        let was_event = std::mem::take(&mut self.was_event);
        if was_event {
            self.take_input().or_else(|| self.take_event())
        } else {
            self.take_event().or_else(|| self.take_input())
        }
    }

    fn take_input<M: IncomingMessage>(&self) -> Option<Next<M>> {
        let mut session = self.session.borrow_mut();
        if !session.has_input() {
            return None;
        }
        let _span = self.span.enter();
        match session.next_input()? {
            Input::Message(message) => Some(Next::Message(message)),
            Input::Ended => None,
        }
    }

    fn take_event<M>(&mut self) -> Option<Next<M>> {
        let session = self.session.borrow();
        if session.is_ending() || !session.has_room() {
            return None;
        }
        if std::mem::take(&mut self.missed) {
            return Some(Next::Missed);
        }
        let event = self.events.pop()?;
        self.was_event = true;
        Some(Next::Event(event))
    }

    /// Runs a handler, while the socket still flushes, answers pings and notices that the peer leaves.
    ///
    /// Once the connection has ended, the handler has the time of a closing handshake to come to its end.
    pub(super) async fn run<F: Future>(&mut self, handler: F) -> Ran<F::Output> {
        self.is_busy = true;
        let ran = self.run_beside(handler).await;
        self.is_busy = false;
        ran
    }

    async fn run_beside<F: Future>(&mut self, handler: F) -> Ran<F::Output> {
        let mut handler = pin!(AssertUnwindSafe(handler).catch_unwind());
        let mut grace = None;
        let immediately = self.session.borrow().config().send_immediately;
        poll_fn(|task| {
            loop {
                if let Poll::Ready(outcome) = handler.as_mut().poll(task) {
                    return Poll::Ready(outcome.map_or_else(|panic| Ran::Panicked(panic_text(&*panic)), Ran::Finished));
                }
                self.session.borrow_mut().absorb();
                if self.make_progress(task, immediately) {
                    continue;
                }
                let session = self.session.borrow();
                if session.is_ending() {
                    let grace = grace.get_or_insert_with(|| Box::pin(sleep(session.config().close_timeout)));
                    ready!(grace.as_mut().poll(task));
                    tracing::warn!("a handler was given up after the end of its connection");
                    return Poll::Ready(Ran::Abandoned);
                }
                return Poll::Pending;
            }
        })
        .await
    }

    /// Sends what is left, waits for the peer's side of the closing handshake, and ends the stream; all of it within
    /// the time for it.
    pub(super) async fn finish(mut self) {
        self.mailbox.close();
        let limit = self.session.borrow().config().close_timeout;
        // Whether the peer keeps to it or not, the connection is over.
        let _ = timeout(limit, self.close()).await;
    }

    async fn close(&mut self) -> io::Result<()> {
        poll_fn(|task| self.poll_flush(task)).await?;
        poll_fn(|task| self.poll_last_word(task)).await?;
        self.stream.shutdown().await?;
        // Bytes that nobody has read would make the system reset the connection, and the peer might never see the
        // close frame.
        let mut ignored = [0; 512];
        while self.stream.read(&mut ignored).await? > 0 {}
        Ok(())
    }

    /// One round over the sources; whether there is something to do about it now. Output may stay until there is no room
    /// for more, or until the next tick.
    fn make_progress(&mut self, task: &mut Task<'_>, immediately: bool) -> bool {
        let must_be_seen = self.read_mailbox(task);
        let was_full = !self.session.borrow().has_room();
        let wrote = (immediately || was_full) && self.poll_write(task);
        let read = self.poll_read(task);
        let ticked = self.poll_clock(task);
        if ticked {
            // No client is to be taken for slow or silent because of what is kept from it.
            self.poll_write(task);
        }
        // Room that a write made is for whoever waited for it: a handler, a message, or what is left in the mailbox. A write
        // that found the peer gone is the end.
        let made_room = wrote && (was_full || self.is_busy || self.session.borrow().is_ending());
        must_be_seen || made_room || read || ticked
    }

    /// Takes what others sent: frames leave at once, events wait for their turn. Frames that came behind an event may
    /// overtake it while a handler runs, and only then. Says whether there is something for others to look at.
    fn read_mailbox(&mut self, task: &mut Task<'_>) -> bool {
        let session = self.session.borrow_mut();
        if session.is_ending() {
            return false;
        }
        let Self { events, missed, is_busy, span, .. } = self;
        let _span = session.config().log.sent.then(|| span.enter());
        let mut intake = Intake { session, events, missed, is_busy: *is_busy, must_be_seen: false };
        self.mailbox.read(task, &mut intake);
        intake.must_be_seen
    }

    fn poll_write(&mut self, task: &mut Task<'_>) -> bool {
        let mut session = self.session.borrow_mut();
        let mut moved = false;
        while !session.output().is_empty() && !session.is_broken() {
            match Pin::new(&mut self.stream).poll_write(task, session.output()) {
                Poll::Ready(Ok(written)) if written > 0 => session.advance_output(written),
                Poll::Ready(_) => session.break_transport(),
                Poll::Pending => break,
            }
            moved = true;
        }
        if moved {
            self.session.made_room();
        }
        moved
    }

    fn poll_read(&mut self, task: &mut Task<'_>) -> bool {
        let mut session = self.session.borrow_mut();
        if !session.wants_input() {
            return false;
        }
        // Bytes come through the stack, so that an idle connection holds no buffer.
        let mut space = [MaybeUninit::uninit(); READ_SIZE];
        let mut buffer = ReadBuf::uninit(&mut space);
        match Pin::new(&mut self.stream).poll_read(task, &mut buffer) {
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => session.end_of_input(),
            Poll::Ready(Ok(())) => {
                session.input().extend_from_slice(buffer.filled());
                session.heard();
            }
            Poll::Ready(Err(_)) => session.break_transport(),
            Poll::Pending => return false,
        }
        true
    }

    fn poll_clock(&mut self, task: &mut Task<'_>) -> bool {
        if self.clock.as_mut().poll(task).is_pending() {
            return false;
        }
        let now = Instant::now();
        let next = self.session.borrow_mut().tick(now - self.last_tick);
        self.last_tick = now;
        self.clock.as_mut().reset(now + next);
        true
    }

    fn poll_flush(&mut self, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        self.poll_write(task);
        let session = self.session.borrow();
        if session.output().is_empty() || session.is_broken() {
            return Pin::new(&mut self.stream).poll_flush(task);
        }
        Poll::Pending
    }

    /// Reads on until the peer's close frame, or its end.
    fn poll_last_word(&mut self, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        let mut session = self.session.borrow_mut();
        loop {
            session.discard();
            if session.peer_is_done() {
                return Poll::Ready(Ok(()));
            }
            let mut bytes = [0; 512];
            let mut buffer = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.stream).poll_read(task, &mut buffer))?;
            match buffer.filled() {
                [] => session.end_of_input(),
                read => session.input().extend_from_slice(read),
            }
        }
    }
}

/// Where deliveries go.
struct Intake<'a> {
    session: AtomicRefMut<'a, Session>,
    events: &'a mut Events,
    missed: &'a mut bool,
    is_busy: bool,
    must_be_seen: bool,
}

impl Reader for Intake<'_> {
    fn has_room(&self) -> bool {
        let for_events = if self.is_busy { self.events.has_room() } else { self.events.is_empty() };
        for_events && self.session.has_room() && !self.session.is_ending()
    }

    fn take(&mut self, delivery: Delivery) {
        match delivery {
            // Cannot fail: the session is not ending.
            Delivery::Frames(frames, action) => return drop(self.session.send_frames(frames, action)),
            Delivery::Event(event) => self.events.push(event),
            Delivery::Missed => *self.missed = true,
            Delivery::Close(code, reason) => self.session.end(code, reason),
        }
        self.must_be_seen = true;
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().copied();
    let text = literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("no text"))
}
