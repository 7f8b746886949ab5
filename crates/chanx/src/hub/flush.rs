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

/// The mailboxes that wait to be flushed, and the tasks that do it. There are none while nothing waits.
#[derive(Debug)]
pub(super) struct Flusher {
    waiting: Mutex<Waiting>,
    max_tasks: usize,
}

#[derive(Debug, Default)]
struct Waiting {
    mailboxes: VecDeque<Arc<Mailbox>>,
    tasks: usize,
}

impl Default for Flusher {
    fn default() -> Self {
        Self { waiting: Mutex::default(), max_tasks: available_parallelism().map_or(1, NonZero::get) }
    }
}

impl Flusher {
    /// Has mailboxes flushed soon. What is put into them until then leaves in the same write.
    pub(super) fn add(self: &Arc<Self>, mailboxes: Vec<Arc<Mailbox>>) {
        if mailboxes.is_empty() {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return wake(mailboxes) };
        for _ in 0..self.put(mailboxes) {
            runtime.spawn(flush(Worker { flusher: Arc::clone(self), chunk: Vec::with_capacity(CHUNK) }));
        }
    }

    /// Says how many tasks are to be started for it.
    fn put(&self, mailboxes: Vec<Arc<Mailbox>>) -> usize {
        let mut waiting = self.waiting();
        waiting.mailboxes.append(&mut mailboxes.into());
        let wanted = waiting.mailboxes.len().div_ceil(CHUNK).min(self.max_tasks);
        let more = wanted.saturating_sub(waiting.tasks);
        waiting.tasks += more;
        more
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn flush(mut worker: Worker) {
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
    chunk: Vec<Arc<Mailbox>>,
}

impl Worker {
    fn take_chunk(&mut self) -> bool {
        let mut waiting = self.flusher.waiting();
        let count = waiting.mailboxes.len().min(CHUNK);
        self.chunk.extend(waiting.mailboxes.drain(..count));
        !self.chunk.is_empty()
    }
}

/// A task may end before its work, when its runtime is shut down.
impl Drop for Worker {
    fn drop(&mut self) {
        let mut waiting = self.flusher.waiting();
        waiting.tasks -= 1;
        if waiting.tasks == 0 {
            let left = std::mem::take(&mut waiting.mailboxes);
            drop(waiting);
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
        let flusher = Arc::default();
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
        let flusher = Arc::default();
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
        let Some(Lent { outlet, .. }) = mailbox.begin_turn().lent else { panic!("it was lent") };
        mailbox.close();
        mailbox.end_turn(Some(outlet), u32::MAX);
        assert!(mailbox.begin_turn().lent.is_none());

        let (mailbox, _client) = connected().await;
        mailbox.close();
        assert!(mailbox.begin_turn().lent.is_none());
    }

    #[tokio::test]
    async fn nobody_writes_while_the_driver_does() {
        let (mailbox, _client) = connected().await;
        let flusher = Arc::default();
        put(&flusher, &mailbox, frames(b"one"));
        let Some(Lent { outlet, rest }) = mailbox.begin_turn().lent else { panic!("it was lent") };
        assert!(rest.is_empty() && mailbox.begin_turn().lent.is_none());
        // The task that was started finds no outlet.
        tokio::task::yield_now().await;
        assert_eq!(mailbox::next(&mailbox, true), "3");
        put(&flusher, &mailbox, frames(b"four"));
        assert_eq!(mailbox::next(&mailbox, true), "4");
        mailbox.end_turn(Some(outlet), u32::MAX);
    }

    #[tokio::test]
    async fn what_a_full_socket_does_not_take_is_the_drivers_and_goes_first() {
        let (mailbox, mut client) = connected().await;
        let flusher = Arc::default();
        let large: &'static [u8] = Box::leak(vec![7; 16 << 20].into_boxed_slice());
        put(&flusher, &mailbox, frames(large));
        put(&flusher, &mailbox, frames(b"end"));
        tokio::task::yield_now().await;
        let Some(Lent { outlet, rest }) = mailbox.begin_turn().lent else { panic!("it was lent") };
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
        let Some(Lent { outlet, rest }) = mailbox.begin_turn().lent else { panic!("it was lent") };
        assert!(!rest.is_empty());
        // A socket that is full takes nothing of what follows.
        while outlet.0.try_write(large).is_ok() {}
        mailbox.end_turn(Some(outlet), u32::MAX);
        mailbox.push(frames(b"end"));
        mailbox.flush(scratch);
        let Some(Lent { rest, .. }) = mailbox.begin_turn().lent else { panic!("it was lent") };
        assert_eq!(rest, "end");
    }

    #[tokio::test]
    async fn there_are_as_many_tasks_as_there_is_work_for_and_others_have_their_turn() {
        let flusher = Arc::new(Flusher { waiting: Mutex::default(), max_tasks: 2 });
        let mailboxes = |count| (0..count).map(|id| Arc::new(Mailbox::new(id, format_with(roomy())))).collect();
        flusher.add(mailboxes(CHUNK as u64));
        assert_eq!(flusher.waiting().tasks, 1);
        flusher.add(mailboxes(1));
        assert_eq!(flusher.waiting().tasks, 2, "the work is more than one takes at once");
        flusher.add(mailboxes(3 * CHUNK as u64 - 1));
        assert_eq!(flusher.waiting().tasks, 2, "there is a limit");
        yield_now().await;
        assert_eq!(flusher.waiting().mailboxes.len(), 2 * CHUNK, "each has flushed its chunk");
        yield_now().await;
        yield_now().await;
        assert_eq!(flusher.waiting().tasks, 0);
    }

    #[tokio::test]
    async fn many_mailboxes_are_flushed_by_few_tasks() {
        let flusher: Arc<Flusher> = Arc::new(Flusher { waiting: Mutex::default(), max_tasks: 2 });
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
        assert!((1..=flusher.max_tasks).contains(&flusher.waiting().tasks));
        for client in &mut clients {
            assert_eq!(received(client, 5).await, b"hello");
        }
        while flusher.waiting().tasks > 0 {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn without_a_runtime_and_after_its_end_the_drivers_are_woken() {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let first = runtime();
        let (mailbox, _client) = first.block_on(connected());
        let flusher: Arc<Flusher> = Arc::default();
        let wakes = mailbox::count_wakes(&mailbox);
        put(&flusher, &mailbox, frames(b"one"));
        assert_eq!(wakes.count(), 1, "there is no runtime");
        assert_eq!(mailbox::next(&mailbox, true), "3");

        let wakes = mailbox::count_wakes(&mailbox);
        let second = runtime();
        second.block_on(async { put(&flusher, &mailbox, frames(b"one")) });
        assert_eq!((wakes.count(), flusher.waiting().tasks), (0, 1));
        drop(second);
        assert_eq!((wakes.count(), flusher.waiting().tasks), (1, 0));
    }
}
