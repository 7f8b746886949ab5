//! Frames of many connections, written to their sockets by few tasks: to wake each driver would cost more than to write.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;

use tokio::runtime::Handle;
use tokio::task::yield_now;

use super::mailbox::Mailbox;

/// How many mailboxes a task flushes before others have their turn.
const CHUNK: usize = 64;

/// The mailboxes that wait to be flushed, and the tasks that do it. There are no tasks while nothing waits.
#[derive(Debug)]
pub(super) struct Flusher {
    work: Mutex<Work>,
    max_tasks: usize,
}

#[derive(Debug, Default)]
struct Work {
    mailboxes: VecDeque<Arc<Mailbox>>,
    /// Tasks that were started and have not run yet. They may be stuck behind a handler that blocks its thread, so that
    /// they are no reason to start no others.
    starting: usize,
    running: usize,
    /// The runtime of the connection that came last. The runtime of a sender may not run any more once it has sent.
    runtime: Option<Handle>,
}

/// What is to be done about mailboxes that wait.
enum Plan {
    Start(Handle, usize),
    /// No task can be relied upon.
    Wake(VecDeque<Arc<Mailbox>>),
}

impl Default for Flusher {
    fn default() -> Self {
        // Two, even with a single processor: one of them may be stuck.
        let max_tasks = available_parallelism().map_or(2, NonZero::get).max(2);
        Self { work: Mutex::default(), max_tasks }
    }
}

impl Flusher {
    /// Notes the runtime of a connection.
    pub(super) fn run_here(&self) {
        let Ok(current) = Handle::try_current() else { return };
        let runtime = &mut self.work().runtime;
        if runtime.as_ref().is_none_or(|known| known.id() != current.id()) {
            *runtime = Some(current);
        }
    }

    /// Has mailboxes flushed soon. What is put into them until then leaves in the same write.
    pub(super) fn add(self: &Arc<Self>, mailboxes: Vec<Arc<Mailbox>>) {
        if mailboxes.is_empty() {
            return;
        }
        match self.put(mailboxes) {
            Plan::Wake(mailboxes) => wake(mailboxes),
            Plan::Start(runtime, tasks) => {
                for _ in 0..tasks {
                    runtime.spawn(flush(Worker { flusher: Arc::clone(self), has_begun: false, chunk: Vec::new() }));
                }
            }
        }
    }

    fn put(&self, mailboxes: Vec<Arc<Mailbox>>) -> Plan {
        let mut work = self.work();
        work.mailboxes.append(&mut mailboxes.into());
        // The runtime keeps the last task that a thread started for that thread. With a second one, other threads can take
        // the first.
        let wanted = work.mailboxes.len().div_ceil(CHUNK).max(2).min(self.max_tasks);
        let tasks = wanted.saturating_sub(work.running).min(self.max_tasks.saturating_sub(work.starting));
        match work.runtime.clone() {
            Some(runtime) if work.running + tasks > 0 => {
                work.starting += tasks;
                Plan::Start(runtime, tasks)
            }
            _ => Plan::Wake(std::mem::take(&mut work.mailboxes)),
        }
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn flush(mut worker: Worker) {
    worker.begin();
    let mut scratch = Vec::new();
    while worker.take_chunk() {
        for mailbox in worker.chunk.drain(..) {
            mailbox.flush(&mut scratch);
        }
        yield_now().await;
    }
}

/// One of the tasks.
#[derive(Debug)]
struct Worker {
    flusher: Arc<Flusher>,
    has_begun: bool,
    chunk: Vec<Arc<Mailbox>>,
}

impl Worker {
    fn begin(&mut self) {
        let mut work = self.flusher.work();
        work.starting -= 1;
        work.running += 1;
        self.has_begun = true;
    }

    fn take_chunk(&mut self) -> bool {
        let mut work = self.flusher.work();
        let count = work.mailboxes.len().min(CHUNK);
        self.chunk.extend(work.mailboxes.drain(..count));
        !self.chunk.is_empty()
    }
}

/// A task may end before its work, when its runtime is shut down.
impl Drop for Worker {
    fn drop(&mut self) {
        let mut work = self.flusher.work();
        match self.has_begun {
            true => work.running -= 1,
            false => work.starting -= 1,
        }
        if work.running == 0 {
            let left = std::mem::take(&mut work.mailboxes);
            drop(work);
            wake(left);
        }
    }
}

fn wake(mailboxes: impl IntoIterator<Item = Arc<Mailbox>>) {
    for mailbox in mailboxes {
        mailbox.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use bytes::Bytes;
    use chanx_core::layer::Pressure;
    use futures_util::FutureExt;
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::hub::mailbox::{Delivery, Lent, Outlet, tests as mailbox};
    use crate::hub::tests::{format_with, roomy};

    /// A mailbox that may write to the socket whose other end is here.
    async fn connected() -> (Arc<Mailbox>, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (client, accepted) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
        let (_, outlet) = accepted.unwrap().0.into_split();
        outlet.writable().await.unwrap();
        let mailbox = Arc::new(Mailbox::new(0, format_with(roomy())));
        mailbox.end_turn(Some(Outlet(outlet)), u32::MAX);
        (mailbox, client.unwrap())
    }

    fn frames(bytes: &'static [u8]) -> Delivery {
        Delivery::Frames(Bytes::from_static(bytes))
    }

    /// Puts something in, as a fan-out does.
    fn put(flusher: &Arc<Flusher>, mailbox: &Arc<Mailbox>, delivery: Delivery) {
        if mailbox.push(delivery).is_to_be_flushed {
            flusher.add(vec![Arc::clone(mailbox)]);
        }
    }

    async fn received(client: &mut TcpStream, size: usize) -> Vec<u8> {
        let mut bytes = vec![0; size];
        client.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    #[tokio::test]
    async fn frames_go_to_the_socket_in_their_order_without_the_driver() {
        let (mailbox, mut client) = connected().await;
        let flusher = flusher(2);
        let wakes = mailbox::count_wakes(&mailbox);
        put(&flusher, &mailbox, frames(b"one"));
        assert_eq!(received(&mut client, 3).await, b"one");
        for bytes in [b"two".as_slice(), b"three", b"four"] {
            put(&flusher, &mailbox, frames(bytes));
        }
        assert_eq!(received(&mut client, 12).await, b"twothreefour");
        assert_eq!((mailbox::next(&mailbox, true).as_str(), wakes.count()), ("nothing", 0));
    }

    #[tokio::test]
    async fn what_follows_an_event_waits_for_the_driver() {
        let (mailbox, mut client) = connected().await;
        let flusher = flusher(2);
        let event = Delivery::Event(Arc::new(chanx_core::layer::Event { data: "{}".to_owned() }));
        let woken = tokio::spawn({
            let mailbox = Arc::clone(&mailbox);
            // Only an event is left to be taken by whoever is woken.
            poll_fn(move |task| match mailbox::poll_next(&mailbox, task, false) {
                Poll::Pending if mailbox.is_empty() => Poll::Pending,
                _ => Poll::Ready(()),
            })
        });
        tokio::task::yield_now().await;
        put(&flusher, &mailbox, frames(b"one"));
        put(&flusher, &mailbox, event);
        put(&flusher, &mailbox, frames(b"two"));
        assert_eq!(received(&mut client, 3).await, b"one");
        woken.await.unwrap();
        assert_eq!([mailbox::next(&mailbox, true), mailbox::next(&mailbox, true)], ["event", "3"]);
    }

    #[tokio::test]
    async fn the_first_of_a_batch_is_told_of_and_to_one_of_both() {
        let (mailbox, _client) = connected().await;
        let wakes = mailbox::count_wakes(&mailbox);
        assert!(mailbox.push(frames(b"one")).is_to_be_flushed);
        assert!(!mailbox.push(frames(b"two")).is_to_be_flushed, "that is known already");
        assert_eq!(wakes.count(), 0);
        mailbox.flush(&mut Vec::new());
        let event = Delivery::Event(Arc::new(chanx_core::layer::Event { data: "{}".to_owned() }));
        assert!(!mailbox.push(event).is_to_be_flushed, "events are the driver's");
        assert_eq!(wakes.count(), 1);
    }

    #[tokio::test]
    async fn what_one_sends_who_may_wait_is_the_drivers() {
        let (mailbox, _client) = connected().await;
        let wakes = mailbox::count_wakes(&mailbox);
        mailbox.send(frames(b"one")).await.unwrap();
        assert_eq!(wakes.count(), 1);
    }

    #[tokio::test]
    async fn whoever_waits_for_room_is_told_when_a_flush_makes_it() {
        let (mailbox, _client) = connected().await;
        while mailbox.push(frames(b"one")).pressure == Pressure::Low {}
        let mut waiting = Box::pin(mailbox.send(frames(b"two")));
        assert!(waiting.as_mut().now_or_never().is_none());
        mailbox.flush(&mut Vec::new());
        assert!(matches!(waiting.now_or_never(), Some(Ok(()))));
    }

    #[tokio::test]
    async fn a_closed_mailbox_keeps_no_way_to_the_socket() {
        let (mailbox, _client) = connected().await;
        let Some(Lent { outlet, .. }) = mailbox.take_back() else { panic!("it was lent") };
        mailbox.close();
        mailbox.end_turn(Some(outlet), u32::MAX);
        assert!(mailbox.take_back().is_none());

        let (mailbox, _client) = connected().await;
        mailbox.close();
        assert!(mailbox.take_back().is_none());
    }

    #[tokio::test]
    async fn only_the_driver_writes_while_it_has_the_outlet() {
        let (mailbox, _client) = connected().await;
        assert!(mailbox.push(frames(b"one")).is_to_be_flushed);
        let Some(Lent { outlet, rest }) = mailbox.take_back() else { panic!("it was lent") };
        assert!(rest.is_empty() && mailbox.take_back().is_none());
        // The flush finds no outlet.
        mailbox.flush(&mut Vec::new());
        assert_eq!(mailbox::next(&mailbox, true), "3");
        put(&flusher(2), &mailbox, frames(b"four"));
        assert_eq!(mailbox::next(&mailbox, true), "4");
        mailbox.end_turn(Some(outlet), u32::MAX);
    }

    #[tokio::test]
    async fn what_a_full_socket_does_not_take_is_the_drivers_and_goes_first() {
        let (mailbox, mut client) = connected().await;
        let flusher = flusher(2);
        let large: &'static [u8] = Box::leak(vec![7; 16 << 20].into_boxed_slice());
        put(&flusher, &mailbox, frames(large));
        put(&flusher, &mailbox, frames(b"end"));
        tokio::task::yield_now().await;
        let Some(Lent { outlet, rest }) = mailbox.take_back() else { panic!("it was lent") };
        assert!((1..large.len() + 3).contains(&rest.len()), "{} bytes are left", rest.len());
        let mut left: Vec<u8> = rest.to_vec();
        while let Poll::Ready(Delivery::Frames(frames)) =
            poll_fn(|task| Poll::Ready(mailbox::poll_next(&mailbox, task, true))).await
        {
            left.extend_from_slice(&frames);
        }
        let size = large.len() + 3;
        let rest = tokio::spawn(async move {
            let Outlet(mut outlet) = outlet;
            tokio::io::AsyncWriteExt::write_all(&mut outlet, &left).await.unwrap();
            outlet
        });
        let bytes = received(&mut client, size).await;
        assert!(bytes[..large.len()].iter().all(|byte| *byte == 7) && bytes.ends_with(b"end"));
        drop(rest.await.unwrap());
    }

    #[tokio::test]
    async fn the_driver_is_woken_for_the_rest_and_frames_go_on_once_it_has_that() {
        let (mailbox, _client) = connected().await;
        let wakes = mailbox::count_wakes(&mailbox);
        let large: &'static [u8] = Box::leak(vec![7; 16 << 20].into_boxed_slice());
        let scratch = &mut Vec::new();
        mailbox.push(frames(large));
        mailbox.flush(scratch);
        assert_eq!(wakes.count(), 1);
        let Some(Lent { outlet, rest }) = mailbox.take_back() else { panic!("it was lent") };
        assert!(!rest.is_empty());
        // A socket that is full takes nothing of what follows.
        while outlet.0.try_write(large).is_ok() {}
        mailbox.end_turn(Some(outlet), u32::MAX);
        mailbox.push(frames(b"end"));
        mailbox.flush(scratch);
        let Some(Lent { rest, .. }) = mailbox.take_back() else { panic!("it was lent") };
        assert_eq!(rest, "end");
    }

    fn flusher(max_tasks: usize) -> Arc<Flusher> {
        let flusher = Arc::new(Flusher { work: Mutex::default(), max_tasks });
        flusher.run_here();
        flusher
    }

    /// Mailboxes that nothing can be written for.
    fn mailboxes(count: usize) -> Vec<Arc<Mailbox>> {
        (0..count as u64).map(|id| Arc::new(Mailbox::new(id, format_with(roomy())))).collect()
    }

    fn tasks(flusher: &Flusher) -> (usize, usize) {
        let work = flusher.work();
        (work.starting, work.running)
    }

    #[tokio::test]
    async fn there_are_as_many_tasks_as_there_is_work_for_and_others_have_their_turn() {
        let flusher = flusher(3);
        flusher.add(mailboxes(CHUNK));
        assert_eq!(tasks(&flusher), (2, 0), "one of both may be stuck");
        flusher.add(mailboxes(3 * CHUNK));
        assert_eq!(tasks(&flusher), (3, 0), "there is a limit");
        yield_now().await;
        assert_eq!((tasks(&flusher), flusher.work().mailboxes.len()), ((0, 3), CHUNK), "each has flushed its chunk");
        flusher.add(mailboxes(CHUNK));
        assert_eq!(tasks(&flusher), (0, 3), "those that run see to it");
        yield_now().await;
        yield_now().await;
        assert_eq!((tasks(&flusher), flusher.work().mailboxes.len()), ((0, 0), 0));
    }

    #[tokio::test]
    async fn where_no_task_begins_the_drivers_are_woken() {
        let flusher = flusher(2);
        let (first, second) = (mailboxes(CHUNK), mailboxes(CHUNK));
        let wakes: Vec<_> = [&first[0], &second[0]].into_iter().map(|mailbox| mailbox::count_wakes(mailbox)).collect();
        let woken = || wakes.iter().map(mailbox::Wakes::count).collect::<Vec<_>>();
        flusher.add(first);
        assert_eq!((tasks(&flusher), woken()), ((2, 0), vec![0, 0]));
        flusher.add(second);
        assert_eq!((tasks(&flusher), woken()), ((2, 0), vec![1, 1]), "as many as may be wait for their first turn");
    }

    #[tokio::test]
    async fn many_mailboxes_are_flushed_by_few_tasks() {
        let flusher = flusher(2);
        let mut clients = Vec::new();
        let mut batch = Vec::new();
        for _ in 0..3 * CHUNK {
            let (mailbox, client) = connected().await;
            assert!(mailbox.push(frames(b"hel")).is_to_be_flushed);
            mailbox.push(frames(b"lo"));
            batch.push(mailbox);
            clients.push(client);
        }
        flusher.add(batch);
        assert_eq!(tasks(&flusher), (2, 0));
        for client in &mut clients {
            assert_eq!(received(client, 5).await, b"hello");
        }
        while tasks(&flusher) != (0, 0) {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn without_a_runtime_and_after_its_end_the_drivers_are_woken() {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let flusher: Arc<Flusher> = Arc::default();
        let batch = mailboxes(CHUNK);
        let wakes = mailbox::count_wakes(&batch[0]);
        flusher.add(batch.clone());
        assert_eq!(wakes.count(), 1, "no connection was there");

        let first = runtime();
        first.block_on(async { flusher.run_here() });
        flusher.add(batch.clone());
        assert_eq!((wakes.count(), tasks(&flusher)), (1, (2, 0)));
        drop(first);
        assert_eq!((wakes.count(), tasks(&flusher)), (2, (0, 0)), "its end wakes them");
        flusher.add(batch.clone());
        assert_eq!((wakes.count(), tasks(&flusher)), (3, (0, 0)), "it is known and cannot be used");

        let second = runtime();
        second.block_on(async {
            flusher.run_here();
            flusher.add(batch);
            while tasks(&flusher) != (0, 0) {
                yield_now().await;
            }
        });
        assert!(flusher.work().mailboxes.is_empty());
    }
}
