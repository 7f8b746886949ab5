//! The one place that waits for a connection's sources: its socket, its mailbox, its clock and its running handler.

use std::any::Any;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};

use atomic_refcell::AtomicRefMut;
use chanx_core::layer::Event;
use chanx_core::message::IncomingMessage;
use chanx_core::session::{Buffers, Input, Session, State};
use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{sleep, timeout};

use super::events::Events;
use super::socket::Socket;
use crate::hub::{Delivery, Lent, Limits, Mailbox, Reader};
use crate::runtime::measured;
use crate::shared::SharedSession;
use crate::transport::Transport;

thread_local! {
    /// Lent to the connection that runs on this thread.
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

/// A connection's sources, and the session that they feed.
pub(super) struct Connection {
    socket: Socket,
    session: SharedSession,
    mailbox: Arc<Mailbox>,
    /// Whether the task runs, with buffers lent to it and the right to write.
    has_turn: bool,
    /// Whether a handler runs.
    is_busy: bool,
    /// Events that came while a handler ran.
    events: Events,
    /// Whether channel layer messages may have been lost while a handler ran.
    missed: bool,
    /// Whether an event had the last turn.
    was_event: bool,
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
    pub(super) fn new(transport: Transport, session: SharedSession, mailbox: Arc<Mailbox>) -> Self {
        session.borrow_mut().input().extend_from_slice(&transport.early);
        Self {
            socket: Socket::new(transport.stream),
            session,
            mailbox,
            has_turn: false,
            is_busy: false,
            events: Events::default(),
            missed: false,
            was_event: false,
        }
    }

    pub(super) fn session(&self) -> &SharedSession {
        &self.session
    }

    /// Waits for the next message or event, or the end. Everything that waits to be sent leaves first, in one write. A
    /// consumer that did not come as far as handling messages gets none.
    pub(super) fn next<M: IncomingMessage>(&mut self) -> impl Future<Output = Option<Next<M>>> {
        poll_fn(|task| {
            loop {
                if let Some(next) = self.take_next() {
                    return Poll::Ready(Some(next));
                }
                if self.session.borrow().state() != State::Open {
                    return Poll::Ready(None);
                }
                if !self.make_progress(task, true) {
                    self.end_turn();
                    return Poll::Pending;
                }
            }
        })
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
        match session.next_input()? {
            Input::Message(message) => Some(Next::Message(message)),
            Input::Ended => None,
        }
    }

    fn take_event<M>(&mut self) -> Option<Next<M>> {
        let session = self.session.borrow();
        if session.state() != State::Open || !session.has_room() {
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
    /// Once the connection has ended, the handler has the time of a closing handshake to come to its end. `name` is what the log
    /// calls the handler if it blocks its thread.
    pub(super) async fn run<F: Future>(&mut self, name: &str, handler: F) -> Ran<F::Output> {
        self.is_busy = true;
        let ran = self.run_beside(name, handler).await;
        self.is_busy = false;
        ran
    }

    async fn run_beside<F: Future>(&mut self, name: &str, handler: F) -> Ran<F::Output> {
        let mut handler = pin!(AssertUnwindSafe(handler).catch_unwind());
        let mut grace = None;
        let immediately = self.session.borrow().config().send_immediately;
        poll_fn(|task| {
            self.begin_turn();
            loop {
                let polled = measured(name, || handler.as_mut().poll(task));
                if let Poll::Ready(outcome) = polled {
                    return Poll::Ready(outcome.map_or_else(|panic| Ran::Panicked(panic_text(&*panic)), Ran::Finished));
                }
                self.session.borrow_mut().absorb();
                if self.make_progress(task, immediately) {
                    continue;
                }
                self.end_turn();
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
    pub(super) async fn finish(&mut self) {
        self.end_turn();
        self.regain_outlet();
        self.mailbox.close();
        let limit = self.session.borrow().config().close_timeout;
        // Whether the peer keeps to it or not, the connection is over.
        let _ = timeout(limit, self.close()).await;
    }

    async fn close(&mut self) -> io::Result<()> {
        poll_fn(|task| self.poll_flush(task)).await?;
        poll_fn(|task| self.poll_last_word(task)).await?;
        self.socket.shutdown().await?;
        // Bytes that nobody has read would make the system reset the connection, and the peer might never see the
        // close frame.
        let mut ignored = [0; 512];
        while self.socket.read(&mut ignored).await? > 0 {}
        Ok(())
    }

    /// One round over the sources; whether there is something to do about it now. Output may stay until there is no room
    /// for more, or until the next tick.
    fn make_progress(&mut self, task: &mut Task<'_>, immediately: bool) -> bool {
        self.begin_turn();
        let received = self.read_mailbox(task);
        let was_full = !self.session.borrow().has_room();
        let wrote = (immediately || was_full) && self.poll_write(task);
        let read = self.poll_read(task);
        if received.is_tick {
            self.tick();
            // No client is to be taken for slow or silent because of what is kept from it.
            self.poll_write(task);
        }
        // Room that a write made is for whoever waited for it: a handler, a message, or what is left in the mailbox. A write
        // that found the peer gone is the end.
        let made_room = wrote && (was_full || self.is_busy || self.session.borrow().is_ending());
        received.must_be_seen || made_room || read || received.is_tick
    }

    fn tick(&self) {
        let mut session = self.session.borrow_mut();
        let period = session.config().tick_period();
        session.tick(period);
    }

    /// Takes what others sent: frames leave at once, events wait for their turn. Frames that came behind an event may
    /// overtake it while a handler runs, and only then.
    fn read_mailbox(&mut self, task: &mut Task<'_>) -> Received {
        let session = self.session.borrow_mut();
        if session.is_ending() {
            return Received::default();
        }
        let Self { events, missed, is_busy, .. } = self;
        let limits = self.mailbox.limits();
        let mut intake = Intake { session, events, limits, missed, is_busy: *is_busy, must_be_seen: false };
        let is_tick = self.mailbox.read(task, &mut intake);
        Received { must_be_seen: intake.must_be_seen, is_tick }
    }

    /// Takes what a connection has while it runs: buffers, and the right to write.
    fn begin_turn(&mut self) {
        if !std::mem::replace(&mut self.has_turn, true) {
            BUFFERS.with_borrow_mut(|buffers| self.session.borrow_mut().lend(buffers));
            self.regain_outlet();
        }
    }

    /// Gives them up. Others write while there is nothing to write here; while the connection runs they do not, so that what
    /// a handler sends to its own client leaves before what comes back to it through a group.
    fn end_turn(&mut self) {
        self.has_turn = false;
        let mut session = self.session.borrow_mut();
        BUFFERS.with_borrow_mut(|buffers| session.reclaim(buffers));
        let writes_alone = session.config().log.sent || session.keeps_context();
        if session.is_ending() || !session.output().is_empty() || writes_alone {
            return;
        }
        if let Some(outlet) = self.socket.take_outlet() {
            self.mailbox.lend_outlet(outlet);
        }
    }

    fn regain_outlet(&mut self) {
        if self.socket.has_outlet() {
            return;
        }
        if let Some(Lent { outlet, rest }) = self.mailbox.take_outlet() {
            if !rest.is_empty() {
                self.session.borrow_mut().resume_output(rest);
            }
            self.socket.put_outlet(outlet);
        }
    }

    fn poll_write(&mut self, task: &mut Task<'_>) -> bool {
        let mut session = self.session.borrow_mut();
        let mut moved = false;
        while !session.output().is_empty() && !session.is_broken() {
            match Pin::new(&mut self.socket).poll_write(task, session.output()) {
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
        match pin!(self.socket.read_buf(session.input())).poll(task) {
            Poll::Ready(Ok(0)) => session.end_of_input(),
            Poll::Ready(Ok(_)) => session.heard(),
            Poll::Ready(Err(_)) => session.break_transport(),
            Poll::Pending => return false,
        }
        true
    }

    fn poll_flush(&mut self, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        self.poll_write(task);
        let session = self.session.borrow();
        if session.output().is_empty() || session.is_broken() {
            return Pin::new(&mut self.socket).poll_flush(task);
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
            ready!(Pin::new(&mut self.socket).poll_read(task, &mut buffer))?;
            match buffer.filled() {
                [] => session.end_of_input(),
                read => session.input().extend_from_slice(read),
            }
        }
    }
}

/// What came of a look into the mailbox.
#[derive(Default)]
struct Received {
    /// Whether there is something for others to look at.
    must_be_seen: bool,
    is_tick: bool,
}

/// Where deliveries go.
struct Intake<'a> {
    session: AtomicRefMut<'a, Session>,
    events: &'a mut Events,
    limits: Limits,
    missed: &'a mut bool,
    is_busy: bool,
    must_be_seen: bool,
}

impl Reader for Intake<'_> {
    fn has_room(&self) -> bool {
        let for_events = if self.is_busy { self.events.has_room(self.limits) } else { self.events.is_empty() };
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
