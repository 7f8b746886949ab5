//! Lines on their way to the log: a queue with a bound in bytes, which no caller ever waits for. Knows no file.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// The memory that lines share, so that one write takes many of them.
const CHUNK: usize = 32 * 1024;

/// The queue has room for at least this many chunks, so that a small one is not full of half-empty chunks.
const CHUNKS: usize = 32;

/// Warnings and errors may use the whole queue, other lines all but a quarter of it.
const SHARE_FOR_WARNINGS: usize = 4;

#[derive(Debug)]
pub(super) struct Queue {
    limit: usize,
    state: Mutex<State>,
    /// The writer has something to do.
    filled: Condvar,
    /// The writer is done with everything.
    emptied: Condvar,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Vec<u8>>,
    /// The capacity of all chunks, that of the one which is being written included.
    held: usize,
    /// How many lines found no room since the writer asked.
    lost: u64,
    /// Somebody waits for everything to be written.
    is_flushing: bool,
    writer: Writer,
}

#[derive(Debug, Default, PartialEq)]
enum Writer {
    /// It has something to write, or looks for it soon.
    #[default]
    Busy,
    /// It waits to be told.
    Waiting,
}

/// What the writer writes next.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) lines: Vec<u8>,
    /// How many lines found no room since the last time.
    pub(super) lost: u64,
    /// The process may end after this.
    pub(super) is_last: bool,
}

impl Queue {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default(), filled: Condvar::new(), emptied: Condvar::new() }
    }

    /// Takes a line, or counts it as lost.
    fn push(&self, line: &[u8], is_warning: bool) {
        let mut state = self.lock();
        let room = if is_warning { self.limit } else { self.limit - self.limit / SHARE_FOR_WARNINGS };
        if !state.take(line, room, self.chunk()) {
            state.lost += 1;
        }
        self.wake_writer(&mut state);
    }

    /// Gives the memory of written lines back, and takes what is to be written, if there is something.
    pub(super) fn take(&self, written: Vec<u8>) -> Option<Work> {
        let mut state = self.lock();
        state.reuse(written, self.chunk());
        state.work()
    }

    /// Waits for something to write; `None` if there was nothing for so long.
    pub(super) fn wait(&self, patience: Option<Duration>) -> Option<Work> {
        let deadline = patience.map(|patience| Instant::now() + patience);
        let mut state = self.lock();
        loop {
            if let Some(work) = state.work() {
                return Some(work);
            }
            state.writer = Writer::Waiting;
            self.emptied.notify_all();
            state = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                Some(Duration::ZERO) => return None,
                Some(left) => self.filled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.filled.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Waits until all lines were written or given up, but no longer than this.
    pub(super) fn flush(&self, patience: Duration) {
        let mut state = self.lock();
        state.is_flushing = true;
        self.wake_writer(&mut state);
        drop(self.emptied.wait_timeout_while(state, patience, |state| state.writer == Writer::Busy));
    }

    fn wake_writer(&self, state: &mut State) {
        if mem::take(&mut state.writer) == Writer::Waiting {
            self.filled.notify_one();
        }
    }

    fn chunk(&self) -> usize {
        CHUNK.min(self.limit / CHUNKS)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn work(&mut self) -> Option<Work> {
        let lines = self.chunks.pop_front_if(|chunk| !chunk.is_empty());
        if lines.is_none() && self.lost == 0 && !self.is_flushing {
            return None;
        }
        let is_last = self.is_flushing && self.chunks.iter().all(Vec::is_empty);
        self.is_flushing &= !is_last;
        Some(Work { lines: lines.unwrap_or_default(), lost: mem::take(&mut self.lost), is_last })
    }

    /// Whether there was room.
    fn take(&mut self, line: &[u8], room: usize, chunk: usize) -> bool {
        if let Some(last) = self.chunks.back_mut()
            && self.held <= room
            && last.capacity() - last.len() >= line.len()
        {
            last.extend_from_slice(line);
            return true;
        }
        let size = line.len().max(chunk);
        if self.held + size > room {
            return false;
        }
        let mut fresh = Vec::new();
        fresh.reserve_exact(size);
        fresh.extend_from_slice(line);
        self.held += fresh.capacity();
        self.chunks.push_back(fresh);
        true
    }

    /// Keeps the memory of a chunk that was written if it is of the usual size and there is no other.
    fn reuse(&mut self, mut written: Vec<u8>, chunk: usize) {
        if self.chunks.is_empty() && written.capacity() == chunk && chunk > 0 {
            written.clear();
            self.chunks.push_back(written);
        } else {
            self.held -= written.capacity();
        }
    }
}

/// Puts the lines of a subscriber into a queue.
#[derive(Debug, Clone)]
pub(super) struct ToQueue(pub(super) Arc<Queue>);

/// The way into the queue for one line.
#[derive(Debug)]
pub(super) struct Line<'a> {
    queue: &'a Queue,
    is_warning: bool,
}

impl<'a> MakeWriter<'a> for ToQueue {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { queue: &self.0, is_warning: false }
    }

    fn make_writer_for(&'a self, event: &Metadata<'_>) -> Line<'a> {
        Line { queue: &self.0, is_warning: *event.level() <= Level::WARN }
    }
}

impl io::Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.queue.push(line, self.is_warning);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOT_LONG: Option<Duration> = Some(Duration::ZERO);

    fn text(work: &Work) -> &str {
        str::from_utf8(&work.lines).unwrap()
    }

    #[test]
    fn lines_come_out_in_order_and_together() {
        let queue = Queue::new(1 << 20);
        for line in ["one\n", "two\n", "three\n"] {
            queue.push(line.as_bytes(), false);
        }
        let work = queue.wait(NOT_LONG).unwrap();
        assert_eq!((text(&work), work.lost), ("one\ntwo\nthree\n", 0));
        assert!(queue.take(work.lines).is_none() && queue.wait(NOT_LONG).is_none());
    }

    #[test]
    fn what_is_held_never_exceeds_the_limit_however_long_lines_are() {
        for limit in [0, 1, 100, 5_000, 1 << 20] {
            let queue = Queue::new(limit);
            let mut work = Work::default();
            for round in 0..2_000 {
                queue.push(&vec![b'x'; round * 37 % 3_000], round % 3 == 0);
                if round % 400 == 399 {
                    work = queue.take(work.lines).unwrap_or_default();
                }
                let state = queue.lock();
                let chunks: usize = state.chunks.iter().map(Vec::capacity).sum();
                assert_eq!(state.held, chunks + work.lines.capacity());
                assert!(state.held <= limit, "{} of {limit}", state.held);
            }
        }
    }

    #[test]
    fn lines_without_room_are_counted_and_warnings_have_more_of_it() {
        let queue = Queue::new(1 << 20);
        let line = [b'x'; 1000];
        let push = |is_warning| {
            let mut taken = 0;
            while queue.lock().lost == 0 {
                queue.push(&line, is_warning);
                taken += 1;
            }
            queue.lock().lost = 0;
            taken - 1
        };
        let (lines, warnings) = (push(false), push(true));
        assert!((750..=800).contains(&lines), "{lines}");
        assert!((240..=270).contains(&warnings), "{warnings}");
        queue.push(&line, true);
        let work = queue.wait(NOT_LONG).unwrap();
        assert_eq!(work.lost, 1);
    }

    #[test]
    fn a_loss_is_work_even_if_no_line_is_left() {
        let queue = Queue::new(0);
        queue.push(b"lost\n", true);
        let work = queue.wait(NOT_LONG).unwrap();
        assert_eq!((text(&work), work.lost), ("", 1));
    }

    #[test]
    fn flushing_waits_for_the_writer_and_no_longer_than_it_may() {
        let queue = Arc::new(Queue::new(1 << 20));
        queue.push(b"a line\n", false);
        queue.flush(Duration::from_millis(1));
        let writer = std::thread::spawn({
            let queue = Arc::clone(&queue);
            move || {
                let mut work = queue.wait(None);
                while let Some(Work { lines, .. }) = work {
                    work = queue.take(lines);
                }
                assert!(queue.wait(NOT_LONG).is_none());
            }
        });
        queue.flush(Duration::from_secs(60));
        assert!(queue.lock().chunks.iter().all(Vec::is_empty));
        writer.join().unwrap();
    }
}
