//! A stream between a client and the server that does what a network, a TLS library and a tired peer do: it hands over a
//! few bytes at a time, hesitates, keeps what is not flushed, and breaks.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::journal::{Journal, What};
use crate::plan::{Fault, StreamPlan};
use crate::random::Random;

#[derive(Debug, Default)]
struct Pipe {
    to_server: VecDeque<u8>,
    /// Sent while a frame is not whole yet.
    behind_frame: Vec<u8>,
    is_mid_frame: bool,
    /// The client sends nothing more.
    is_finished: bool,
    is_reset: bool,
    unflushed: Vec<u8>,
    to_client: VecDeque<u8>,
    /// The server sends nothing more.
    is_ended: bool,
    /// Whether the handshake is over, so that bytes are counted for the fault.
    is_armed: bool,
    is_prompt: bool,
    read: usize,
    written: usize,
    flushes: usize,
    broke: bool,
    /// Only what the server writes is lost.
    broke_for_writes: bool,
    /// Since when there is no room for what the server sends.
    full_since: Option<u64>,
    /// Whether the server was told that the stream broke.
    is_known: bool,
    /// Whether the server has read the end of the stream.
    is_read: bool,
    server_reads: Option<Waker>,
    server_writes: Option<Waker>,
    client: Option<Waker>,
    steps: u64,
}

impl Pipe {
    fn wake_all(&mut self) {
        for waker in [self.server_reads.take(), self.server_writes.take(), self.client.take()].into_iter().flatten() {
            waker.wake();
        }
    }

    fn wake_client(&mut self) {
        if let Some(client) = self.client.take() {
            client.wake();
        }
    }

    fn wake_reader(&mut self) {
        if let Some(reader) = self.server_reads.take() {
            reader.wake();
        }
    }
}

/// The client's end.
#[derive(Clone, Debug)]
pub(crate) struct ClientEnd(Arc<Mutex<Pipe>>);

/// The server's end.
#[derive(Debug)]
pub(crate) struct ServerEnd {
    pipe: Arc<Mutex<Pipe>>,
    plan: StreamPlan,
    journal: Option<Journal>,
    /// The number of the connection.
    number: usize,
    random: Random,
    reading_nap: Option<Pin<Box<Sleep>>>,
    writing_nap: Option<Pin<Box<Sleep>>>,
}

/// Both ends of the stream of a connection.
pub(crate) fn pipe(plan: &StreamPlan, seed: u64, journal: Option<&Journal>, number: usize) -> (ClientEnd, ServerEnd) {
    let pipe = Arc::new(Mutex::new(Pipe { is_prompt: true, ..Pipe::default() }));
    let server = ServerEnd {
        pipe: Arc::clone(&pipe),
        journal: journal.cloned(),
        number,
        plan: plan.clone(),
        random: Random::new(seed),
        reading_nap: None,
        writing_nap: None,
    };
    (ClientEnd(pipe), server)
}

fn locked(pipe: &Mutex<Pipe>) -> MutexGuard<'_, Pipe> {
    pipe.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ClientEnd {
    fn pipe(&self) -> MutexGuard<'_, Pipe> {
        locked(&self.0)
    }

    /// From now on the stream behaves as its plan says.
    pub(crate) fn arm(&self) {
        let mut pipe = self.pipe();
        (pipe.is_armed, pipe.is_prompt) = (true, false);
    }

    /// From now on the stream hesitates no more.
    pub(crate) fn be_prompt(&self) {
        let mut pipe = self.pipe();
        pipe.is_prompt = true;
        pipe.wake_all();
    }

    /// Sends whole frames; behind the rest of one that was begun.
    pub(crate) fn send(&self, bytes: &[u8]) {
        let mut pipe = self.pipe();
        if pipe.is_mid_frame {
            pipe.behind_frame.extend_from_slice(bytes);
        } else {
            pipe.to_server.extend(bytes);
        }
        pipe.wake_reader();
    }

    /// Sends a part of a frame.
    pub(crate) fn send_part(&self, bytes: &[u8], is_last: bool) {
        let mut pipe = self.pipe();
        pipe.to_server.extend(bytes);
        pipe.is_mid_frame = !is_last;
        if is_last {
            let behind = std::mem::take(&mut pipe.behind_frame);
            pipe.to_server.extend(behind);
        }
        pipe.wake_reader();
    }

    pub(crate) fn finish(&self) {
        let mut pipe = self.pipe();
        pipe.is_finished = true;
        pipe.wake_reader();
    }

    pub(crate) fn reset(&self) {
        let mut pipe = self.pipe();
        pipe.is_reset = true;
        pipe.wake_all();
    }

    /// Whether nothing that is sent arrives any more.
    pub(crate) fn is_over(&self) -> bool {
        let pipe = self.pipe();
        pipe.is_finished || pipe.is_reset || pipe.broke || pipe.is_ended
    }

    pub(crate) fn is_reset(&self) -> bool {
        let pipe = self.pipe();
        pipe.is_reset || pipe.broke
    }

    pub(crate) fn steps(&self) -> u64 {
        self.pipe().steps
    }

    /// Since when the server waits for room, if it still does.
    pub(crate) fn full_since(&self) -> Option<u64> {
        let pipe = self.pipe();
        pipe.full_since.filter(|_| !(pipe.is_ended || pipe.is_reset || pipe.broke || pipe.broke_for_writes))
    }

    /// Takes up to `most` bytes of what is there, and waits for the first; none at the end.
    pub(crate) async fn take(&self, most: usize) -> Vec<u8> {
        poll_fn(|task| {
            let mut pipe = self.pipe();
            let count = most.min(pipe.to_client.len());
            if count == 0 && !(pipe.is_ended || pipe.is_reset || pipe.broke) {
                pipe.client = Some(task.waker().clone());
                return Poll::Pending;
            }
            let taken = pipe.to_client.drain(..count).collect();
            pipe.full_since = None;
            if let Some(writer) = pipe.server_writes.take() {
                writer.wake();
            }
            Poll::Ready(taken)
        })
        .await
    }
}

fn hesitate(
    nap: &mut Option<Pin<Box<Sleep>>>,
    plan: &StreamPlan,
    is_prompt: bool,
    random: &mut Random,
    task: &mut Context<'_>,
) -> Poll<()> {
    if let Some(sleeping) = nap {
        if !is_prompt {
            ready!(sleeping.as_mut().poll(task));
        }
        *nap = None;
        return Poll::Ready(());
    }
    if is_prompt || !random.chance(plan.hesitates) {
        return Poll::Ready(());
    }
    if plan.delay == 0 || random.chance(50) {
        task.waker().wake_by_ref();
        return Poll::Pending;
    }
    let delay = random.between(1, plan.delay) as u64;
    let mut sleeping = Box::pin(sleep(Duration::from_millis(delay)));
    if sleeping.as_mut().poll(task).is_ready() {
        return Poll::Ready(());
    }
    *nap = Some(sleeping);
    Poll::Pending
}

impl ServerEnd {
    /// Whether reading fails, at the latest from now on if `is_due`.
    fn fails_to_read(&self, pipe: &mut Pipe, is_due: bool) -> bool {
        if pipe.is_armed && is_due {
            pipe.broke = true;
            pipe.wake_all();
        }
        let fails = pipe.is_reset || pipe.broke;
        self.tell(pipe, fails);
        fails
    }

    /// Whether writing fails, at the latest from now on if `is_due`; what the client sends may arrive all the same.
    fn fails_to_write(&self, pipe: &mut Pipe, is_due: bool) -> bool {
        pipe.broke_for_writes |= pipe.is_armed && is_due;
        let fails = pipe.is_reset || pipe.broke || pipe.broke_for_writes;
        self.tell(pipe, fails);
        fails
    }

    fn note(&self, what: What) {
        if let Some(journal) = &self.journal {
            journal.note(self.number, what);
        }
    }

    fn tell(&self, pipe: &mut Pipe, fails: bool) {
        if fails && !std::mem::replace(&mut pipe.is_known, true) {
            self.note(What::Broke);
        }
    }
}

impl ServerEnd {
    /// How a write fails: by an error, or by taking nothing.
    fn failure(&self, pipe: &Pipe) -> Poll<io::Result<usize>> {
        match self.plan.fault {
            Fault::WriteNothing(_) if !pipe.is_reset => Poll::Ready(Ok(0)),
            _ => reset(),
        }
    }
}

fn reset<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
}

impl AsyncRead for ServerEnd {
    fn poll_read(self: Pin<&mut Self>, task: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shared = Arc::clone(&this.pipe);
        let mut pipe = locked(&shared);
        pipe.steps += 1;
        // Whoever does not have to wait is not woken.
        pipe.server_reads = None;
        if this.fails_to_read(&mut pipe, false) {
            return reset();
        }
        if hesitate(&mut this.reading_nap, &this.plan, pipe.is_prompt, &mut this.random, task).is_pending() {
            pipe.server_reads = Some(task.waker().clone());
            return Poll::Pending;
        }
        let is_due = matches!(this.plan.fault, Fault::ReadError(after) if pipe.read >= after);
        if this.fails_to_read(&mut pipe, is_due) {
            return reset();
        }
        let mut most = buffer.remaining();
        if pipe.is_armed {
            if let Fault::ReadError(after) | Fault::ReadEnd(after) = this.plan.fault {
                most = most.min(after.saturating_sub(pipe.read));
            }
            most = most.min(this.random.between(1, this.plan.piece));
        }
        let is_cut = pipe.is_armed && matches!(this.plan.fault, Fault::ReadEnd(after) if pipe.read >= after);
        let count = if is_cut { 0 } else { most.min(pipe.to_server.len()) };
        if count == 0 && !is_cut && !pipe.is_finished {
            pipe.server_reads = Some(task.waker().clone());
            return Poll::Pending;
        }
        if count == 0 && !std::mem::replace(&mut pipe.is_read, true) {
            this.note(What::ReadEnd);
        }
        let bytes: Vec<u8> = pipe.to_server.drain(..count).collect();
        buffer.put_slice(&bytes);
        if pipe.is_armed {
            pipe.read += count;
        }
        Poll::Ready(Ok(()))
    }
}

/// Moves what is not flushed to the client, as far as there is room.
fn move_on(pipe: &mut Pipe, plan: &StreamPlan) {
    let room = plan.capacity.saturating_sub(pipe.to_client.len());
    let count = room.min(pipe.unflushed.len());
    if count > 0 {
        let moved: Vec<u8> = pipe.unflushed.drain(..count).collect();
        pipe.to_client.extend(moved);
        pipe.wake_client();
    }
}

impl AsyncWrite for ServerEnd {
    fn poll_write(self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let shared = Arc::clone(&this.pipe);
        let mut pipe = locked(&shared);
        pipe.steps += 1;
        pipe.server_writes = None;
        if this.fails_to_write(&mut pipe, false) {
            return this.failure(&pipe);
        }
        if hesitate(&mut this.writing_nap, &this.plan, pipe.is_prompt, &mut this.random, task).is_pending() {
            pipe.server_writes = Some(task.waker().clone());
            return Poll::Pending;
        }
        let is_due = match this.plan.fault {
            Fault::WriteError(after) | Fault::WriteNothing(after) => pipe.written >= after,
            _ => false,
        };
        if this.fails_to_write(&mut pipe, is_due) {
            return this.failure(&pipe);
        }
        let mut most = bytes.len();
        if pipe.is_armed {
            if let Fault::WriteError(after) | Fault::WriteNothing(after) = this.plan.fault {
                most = most.min(after.saturating_sub(pipe.written));
            }
            most = most.min(this.random.between(1, this.plan.piece));
        }
        // A buffering stream is a buffer before a network: it passes on by itself what it has no room for.
        if pipe.unflushed.len() >= this.plan.buffer.max(1) {
            move_on(&mut pipe, &this.plan);
        }
        let room = match this.plan.buffer {
            0 => this.plan.capacity.saturating_sub(pipe.to_client.len()),
            buffer => buffer.saturating_sub(pipe.unflushed.len()),
        };
        let count = most.min(room);
        if count == 0 {
            if let Some(journal) = &this.journal {
                pipe.full_since.get_or_insert(journal.now());
            }
            pipe.server_writes = Some(task.waker().clone());
            return Poll::Pending;
        }
        if this.plan.buffer == 0 {
            pipe.to_client.extend(&bytes[..count]);
            pipe.wake_client();
        } else {
            pipe.unflushed.extend_from_slice(&bytes[..count]);
        }
        if pipe.is_armed {
            pipe.written += count;
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let shared = Arc::clone(&this.pipe);
        let mut pipe = locked(&shared);
        pipe.steps += 1;
        pipe.server_writes = None;
        if this.fails_to_write(&mut pipe, false) {
            return reset();
        }
        if hesitate(&mut this.writing_nap, &this.plan, pipe.is_prompt, &mut this.random, task).is_pending() {
            pipe.server_writes = Some(task.waker().clone());
            return Poll::Pending;
        }
        pipe.flushes += usize::from(pipe.is_armed);
        let is_due = matches!(this.plan.fault, Fault::FlushError(after) if pipe.flushes > after);
        if this.fails_to_write(&mut pipe, is_due) {
            return reset();
        }
        move_on(&mut pipe, &this.plan);
        if pipe.unflushed.is_empty() {
            return Poll::Ready(Ok(()));
        }
        pipe.server_writes = Some(task.waker().clone());
        Poll::Pending
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(task))?;
        let mut pipe = locked(&self.pipe);
        pipe.is_ended = true;
        pipe.wake_client();
        Poll::Ready(Ok(()))
    }
}

impl Drop for ServerEnd {
    fn drop(&mut self) {
        let mut pipe = locked(&self.pipe);
        pipe.is_ended = true;
        pipe.wake_client();
    }
}
