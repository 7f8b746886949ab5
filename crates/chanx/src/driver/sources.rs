//! What a connection waits for: its socket, its mailbox and its ticks; and the buffers that it has while it runs.

use std::cell::RefCell;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};

use bytes::BufMut;
use chanx_core::layer::Event;
use chanx_core::session::{Buffers, Session};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::budget::Budget;
use super::socket::Socket;
use crate::hub::{Delivery, EventTurn, Lent, Mailbox, Reader, Turn};

thread_local! {
    /// Lent to the connection that runs on this thread.
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

/// The sources of a connection. Its session is borrowed once for each turn, and handed down.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) socket: Socket,
    pub(super) mailbox: Arc<Mailbox>,
    /// Whether the task runs, with buffers lent to it and the right to write.
    has_turn: bool,
    pub(super) budget: Budget,
    /// Whether time was counted that is still to be judged.
    is_ticked: bool,
    /// Whether bytes were given to a transport that buffers them.
    needs_flush: bool,
    /// Whether the transport ended while nothing was read from it.
    hung_up: bool,
    /// Whether the mailbox knows that the connection ends.
    is_closed: bool,
    /// Whether a handler runs.
    pub(super) is_busy: bool,
    /// The event that is the next to be handled.
    pub(super) event: Option<Arc<Event>>,
    /// Whether events came while a handler ran.
    pub(super) has_events: bool,
    /// Whether an event had the last turn.
    pub(super) was_event: bool,
    /// Whether channel layer messages may have been lost.
    pub(super) missed: bool,
}

/// What came of one round over the sources.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Whether there is something for a handler or the consumer to look at.
    pub(super) must_be_seen: bool,
    /// Whether the socket took something, so that there may be room for more.
    pub(super) wrote: bool,
}

impl Sources {
    pub(super) fn new(socket: Socket, mailbox: Arc<Mailbox>) -> Self {
        Self {
            socket,
            mailbox,
            has_turn: false,
            budget: Budget::default(),
            is_ticked: false,
            needs_flush: false,
            hung_up: false,
            is_closed: false,
            is_busy: false,
            event: None,
            has_events: false,
            was_event: false,
            missed: false,
        }
    }

    /// Whether the connection has ended, or is about to because its transport has.
    pub(super) fn is_ending(&self, session: &Session) -> bool {
        self.hung_up || session.is_ending()
    }

    /// One round over the sources. What a handler sent may stay until there is no room for more, unless `immediately`.
    pub(super) fn make_progress(&mut self, session: &mut Session, task: &mut Task<'_>, immediately: bool) -> Progress {
        self.begin_turn(session, task);
        let received = self.mailbox.is_filled() && self.read_mailbox(session, task);
        let was_full = !session.has_room();
        // A transport that is not flushed may hold a frame that had to leave, and a connection that ends waits for no handler.
        let must_leave = session.must_leave() || self.needs_flush || session.is_ending();
        let leaves = immediately || was_full || must_leave;
        let mut wrote = leaves && self.poll_write(session, task);
        let read = self.poll_read(session, task);
        let is_ticked = std::mem::take(&mut self.is_ticked);
        if is_ticked {
            // What is held back is no sign of a client that does not read.
            wrote |= self.poll_write(session, task);
            self.check_liveness(session, task);
        }
        if session.is_ending() {
            self.close_mailbox();
        }
        // Room that a write made is for a handler, a message, or what is left in the mailbox. A write that found the peer gone
        // is the end.
        let made_room = wrote && (was_full || self.is_busy || session.is_ending());
        Progress { must_be_seen: received || made_room || read || is_ticked, wrote }
    }

    fn check_liveness(&mut self, session: &mut Session, task: &mut Task<'_>) {
        session.check_liveness();
        self.hung_up |= session.is_deaf() && self.socket.is_hung_up(task);
        self.poll_write(session, task);
    }

    /// Wakes the senders that wait for room in the mailbox: it takes nothing more. Called while the outlet is here, as closing
    /// drops an outlet that is lent.
    fn close_mailbox(&mut self) {
        if !std::mem::replace(&mut self.is_closed, true) {
            self.mailbox.close();
        }
    }

    /// Takes what others sent: frames leave at once, events wait for their turn. Frames that came behind an event may
    /// overtake it while a handler runs, and only then. Returns whether there is something to look at.
    pub(super) fn read_mailbox(&mut self, session: &mut Session, task: &mut Task<'_>) -> bool {
        if session.is_ending() {
            return false;
        }
        let Self { mailbox, event, missed, is_busy, .. } = self;
        let mut intake = Intake { session, event, missed, is_busy: *is_busy, must_be_seen: false };
        let look = mailbox.read(task, &mut intake);
        let must_be_seen = intake.must_be_seen;
        self.has_events = look.has_events;
        must_be_seen
    }

    /// Takes what a connection has while it runs: buffers, and the right to write.
    pub(super) fn begin_turn(&mut self, session: &mut Session, task: &Task<'_>) {
        if std::mem::replace(&mut self.has_turn, true) {
            return;
        }
        self.budget = Budget::default();
        BUFFERS.with_borrow_mut(|buffers| session.lend(buffers));
        let Turn { lent, ticks } = self.mailbox.begin_turn(task);
        if ticks > 0 {
            session.elapse(ticks);
            self.is_ticked = true;
        }
        self.take_back(session, lent);
    }

    fn take_back(&mut self, session: &mut Session, lent: Option<Lent>) {
        let Some(Lent { outlet, rest }) = lent else { return };
        if !rest.is_empty() {
            session.resume_output(rest);
        }
        self.socket.put_outlet(outlet);
    }

    /// Gives them up. Others write while there is nothing to write here; while the connection runs they do not, so that what
    /// a handler sends to its own client leaves before what comes back to it through a group.
    pub(super) fn end_turn(&mut self, session: &mut Session) {
        if !std::mem::take(&mut self.has_turn) {
            return;
        }
        BUFFERS.with_borrow_mut(|buffers| session.reclaim(buffers));
        let writes_alone = session.is_ending() || !session.output().is_empty() || session.keeps_context();
        let outlet = if writes_alone { None } else { self.socket.take_outlet() };
        self.mailbox.end_turn(outlet, session.ticks_to_check());
    }

    /// Returns whether the socket took something, or was found broken.
    pub(super) fn poll_write(&mut self, session: &mut Session, task: &mut Task<'_>) -> bool {
        let mut moved = false;
        while !session.output().is_empty() && !session.is_broken() {
            match Pin::new(&mut self.socket).poll_write(task, session.output()) {
                Poll::Ready(Ok(written)) if written > 0 => {
                    session.advance_output(written);
                    self.budget.spend_output(written);
                    self.needs_flush = self.socket.is_buffered();
                }
                Poll::Ready(_) => session.break_transport(),
                Poll::Pending => break,
            }
            moved = true;
        }
        // A pending flush wakes the task when it can go on.
        if self.needs_flush && session.output().is_empty() && !session.is_broken() {
            match Pin::new(&mut self.socket).poll_flush(task) {
                Poll::Ready(Ok(())) => self.needs_flush = false,
                Poll::Ready(Err(_)) => {
                    session.break_transport();
                    moved = true;
                }
                Poll::Pending => {}
            }
        }
        moved
    }

    fn poll_read(&mut self, session: &mut Session, task: &mut Task<'_>) -> bool {
        if !session.wants_input() {
            return false;
        }
        // The buffer may have much more room, as it grows with messages that are long.
        let mut input = session.input().limit(self.budget.room_to_read());
        match pin!(self.socket.read_buf(&mut input)).poll(task) {
            Poll::Ready(Ok(0)) => session.end_of_input(),
            Poll::Ready(Ok(bytes)) => {
                session.heard();
                self.budget.spend_read(bytes);
            }
            Poll::Ready(Err(_)) => session.break_transport(),
            Poll::Pending => return false,
        }
        true
    }

    /// Writes all that is left.
    pub(super) fn poll_flush(&mut self, session: &mut Session, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        self.poll_write(session, task);
        if session.output().is_empty() || session.is_broken() {
            return Pin::new(&mut self.socket).poll_flush(task);
        }
        Poll::Pending
    }

    /// Reads on until the peer's close frame, or its end.
    pub(super) fn poll_last_word(&mut self, session: &mut Session, task: &mut Task<'_>) -> Poll<io::Result<()>> {
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

    /// Prepares the goodbye: the outlet comes back for good.
    pub(super) fn begin_goodbye(&mut self, session: &mut Session) {
        self.end_turn(session);
        let lent = self.mailbox.take_back();
        self.take_back(session, lent);
        self.close_mailbox();
    }
}

/// Where deliveries go.
struct Intake<'a> {
    session: &'a mut Session,
    event: &'a mut Option<Arc<Event>>,
    missed: &'a mut bool,
    is_busy: bool,
    must_be_seen: bool,
}

impl Reader for Intake<'_> {
    fn has_room(&self) -> bool {
        self.session.has_room() && !self.session.is_ending()
    }

    fn event_turn(&self) -> EventTurn {
        match (self.is_busy, &self.event) {
            (true, _) => EventTurn::Later,
            (false, None) => EventTurn::Now,
            (false, Some(_)) => EventTurn::None,
        }
    }

    fn take(&mut self, delivery: Delivery) {
        match delivery {
            // Cannot fail: the session is not ending.
            Delivery::Frames(frames) => return drop(self.session.send_frames(frames)),
            // Cannot fail: the size was checked where the message was made.
            Delivery::Message(opcode, payload) => return drop(self.session.send_encoded(opcode, &payload)),
            Delivery::Event(event) => *self.event = Some(event),
            Delivery::Missed => *self.missed = true,
            Delivery::Close(code, reason) => self.session.end(code, reason),
        }
        self.must_be_seen = true;
    }
}
