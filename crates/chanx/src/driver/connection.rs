//! The one place that waits for all sources of a connection: its socket, its mailbox, its ticks and its running handler.

use std::any::Any;
use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use chanx_core::layer::Event;
use chanx_core::message::IncomingMessage;
use chanx_core::session::{Input, Session, State};
use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Sleep, timeout_at};

use super::budget::Budget;
use super::grace::Grace;
use super::socket::Socket;
use super::sources::Sources;
use crate::hub::Mailbox;
use crate::runtime::measured;
use crate::shared::SharedSession;
use crate::transport::Transport;

/// A connection's sources, and the session that they feed.
pub(super) struct Connection {
    session: SharedSession,
    sources: Sources,
    /// Set once the connection ends.
    grace: Option<Box<Grace>>,
}

/// What the consumer is to do next.
pub(super) enum Next<M> {
    Message(M),
    Event(Arc<Event>),
    /// Group messages and events may have been lost.
    Missed,
    /// Reading a message panicked. The text is for the log.
    Unreadable(String),
}

/// What became of a handler.
pub(super) enum Ran<T> {
    Finished(T),
    /// The text of the panic, for the log.
    Panicked(String),
    /// It took longer than it may.
    TimedOut,
    /// It went on for too long after its connection had ended.
    Abandoned,
}

/// How long a handler may take.
pub(super) type Limit<'a> = Option<Pin<&'a mut Sleep>>;

impl Connection {
    pub(super) fn new(transport: Transport, session: SharedSession, mailbox: Arc<Mailbox>) -> Self {
        session.borrow_mut().input().extend_from_slice(&transport.early);
        let sources = Sources::new(Socket::new(transport.stream), mailbox);
        Self { session, sources, grace: None }
    }

    pub(super) fn session(&self) -> &SharedSession {
        &self.session
    }

    /// Waits for the next message or event, or the end. Everything that waits to be sent leaves first, in one write. A
    /// consumer that did not come as far as handling messages gets none.
    pub(super) fn next<M: IncomingMessage>(&mut self) -> impl Future<Output = Option<Next<M>>> {
        poll_fn(|task| self.poll_next(task))
    }

    fn poll_next<M: IncomingMessage>(&mut self, task: &mut Task<'_>) -> Poll<Option<Next<M>>> {
        let Self { session, sources, .. } = self;
        let mut session = session.borrow_mut();
        sources.begin_turn(&mut session, task);
        loop {
            if sources.budget.is_spent() {
                sources.poll_write(&mut session, task);
                sources.read_mailbox(&mut session, task);
                sources.end_turn(&mut session);
                task.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let Some(next) = take_next(&mut session, sources, task) {
                return Poll::Ready(Some(next));
            }
            if sources.budget.is_spent() {
                continue;
            }
            if !matches!(session.state(), State::Open | State::Draining) {
                return Poll::Ready(None);
            }
            if !sources.make_progress(&mut session, task, true).must_be_seen {
                sources.end_turn(&mut session);
                return Poll::Pending;
            }
        }
    }

    /// Runs a handler, while the socket still flushes, answers pings and notices that the peer leaves.
    /// `name` is what the log calls the handler if it blocks its thread.
    pub(super) async fn run<F: Future>(&mut self, name: &str, handler: F, limit: Limit<'_>) -> Ran<F::Output> {
        self.sources.is_busy = true;
        let ran = self.run_beside(name, handler, limit).await;
        self.sources.is_busy = false;
        ran
    }

    /// The same for `disconnected`, which has all the time that is left.
    pub(super) async fn run_last<F: Future>(&mut self, handler: F) -> Ran<F::Output> {
        self.grace().extend();
        self.run("disconnected", handler, None).await
    }

    async fn run_beside<F: Future>(&mut self, name: &str, handler: F, mut limit: Limit<'_>) -> Ran<F::Output> {
        let mut handler = pin!(AssertUnwindSafe(handler).catch_unwind());
        let immediately = self.session.borrow().config().send_immediately;
        poll_fn(|task| {
            self.sources.begin_turn(&mut self.session.borrow_mut(), task);
            loop {
                let polled = measured(name, || handler.as_mut().poll(task));
                if let Poll::Ready(outcome) = polled {
                    return Poll::Ready(outcome.map_or_else(|panic| Ran::Panicked(panic_text(&*panic)), Ran::Finished));
                }
                if !self.attend(task, immediately) {
                    break;
                }
            }
            if let Some(limit) = &mut limit
                && limit.as_mut().poll(task).is_ready()
            {
                return Poll::Ready(Ran::TimedOut);
            }
            self.poll_grace(task).map(|()| Ran::Abandoned)
        })
        .await
    }

    /// Looks after the sources while a handler waits. Returns whether the handler is to be polled again now.
    fn attend(&mut self, task: &mut Task<'_>, immediately: bool) -> bool {
        let mut session = self.session.borrow_mut();
        session.absorb();
        let progress = self.sources.make_progress(&mut session, task, immediately);
        let is_spent = self.sources.budget.is_spent();
        if progress.must_be_seen && is_spent {
            task.waker().wake_by_ref();
        }
        let goes_on = progress.must_be_seen && !is_spent;
        if !goes_on {
            self.sources.end_turn(&mut session);
        }
        let is_ending = session.is_ending();
        drop(session);
        if progress.wrote || is_ending {
            self.session.made_room();
        }
        goes_on
    }

    /// Ends once the time of handlers is over, which runs from the end of the connection on.
    fn poll_grace(&mut self, task: &mut Task<'_>) -> Poll<()> {
        if !self.sources.is_ending(&self.session.borrow()) {
            return Poll::Pending;
        }
        if self.grace().handlers().poll(task).is_pending() {
            return Poll::Pending;
        }
        let mut session = self.session.borrow_mut();
        session.end_of_input();
        session.abandon();
        Poll::Ready(())
    }

    /// The time that is left, which begins to run when it is first asked for.
    fn grace(&mut self) -> &mut Grace {
        let limit = || Box::new(Grace::new(self.session.borrow().config().close_timeout));
        self.grace.get_or_insert_with(limit)
    }

    /// Sends what is left, waits for the peer's side of the closing handshake, and ends the stream; all of it within
    /// the time that is left.
    pub(super) async fn finish(&mut self) {
        self.sources.begin_goodbye(&mut self.session.borrow_mut());
        let until = self.grace().until();
        // Whether the peer keeps to it or not, the connection is over.
        let _ = timeout_at(until, self.close()).await;
    }

    async fn close(&mut self) -> io::Result<()> {
        let Self { session, sources, .. } = self;
        poll_fn(|task| sources.poll_flush(&mut session.borrow_mut(), task)).await?;
        poll_fn(|task| sources.poll_last_word(&mut session.borrow_mut(), task)).await?;
        sources.socket.shutdown().await?;
        // Bytes that are not read would make the system reset the connection, and the peer might never see the close frame.
        let mut ignored = [0; 512];
        while sources.socket.read(&mut ignored).await? > 0 {}
        Ok(())
    }
}

/// Events and messages take turns where both wait.
fn take_next<M: IncomingMessage>(session: &mut Session, sources: &mut Sources, task: &mut Task<'_>) -> Option<Next<M>> {
    // Without room nothing can be taken, and a turn that cannot be taken is not lost.
    if session.state() == State::Open && !session.has_room() {
        return None;
    }
    if std::mem::take(&mut sources.was_event) {
        return take_input(session, &mut sources.budget).or_else(|| take_event(session, sources, task));
    }
    take_event(session, sources, task).or_else(|| take_input(session, &mut sources.budget))
}

fn take_input<M: IncomingMessage>(session: &mut Session, budget: &mut Budget) -> Option<Next<M>> {
    while session.has_input() && !budget.is_spent() {
        // Reading runs code of the application: its types and rules.
        let taken = catch_unwind(AssertUnwindSafe(|| session.next_input()));
        if !matches!(taken, Ok(Some(Input::Ended) | None)) {
            budget.spend_message(session.message_size());
        }
        match taken {
            Ok(Some(Input::Message(message))) => return Some(Next::Message(message)),
            Ok(Some(Input::Answered)) => {}
            Ok(Some(Input::Ended) | None) => return None,
            Err(panic) => {
                session.begin_unreadable();
                return Some(Next::Unreadable(panic_text(&*panic)));
            }
        }
    }
    None
}

fn take_event<M>(session: &mut Session, sources: &mut Sources, task: &mut Task<'_>) -> Option<Next<M>> {
    if session.state() != State::Open || !session.has_room() {
        return None;
    }
    if std::mem::take(&mut sources.missed) {
        sources.budget.spend_message(0);
        return Some(Next::Missed);
    }
    if sources.event.is_none() && std::mem::take(&mut sources.has_events) {
        sources.read_mailbox(session, task);
    }
    let event = sources.event.take()?;
    sources.was_event = true;
    sources.budget.spend_message(0);
    Some(Next::Event(event))
}

/// What a panic said, for the log.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().copied();
    let text = literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("no text"))
}
