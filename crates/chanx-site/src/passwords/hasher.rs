//! Hashing away from the async threads, a few passwords at a time.

use std::sync::Arc;
use std::thread;

use tokio::sync::Semaphore;
use tokio::task::{self, JoinError};

use super::{ITERATIONS, MalformedHash, Verdict, check, encode};

/// Computes hashes on blocking threads; callers beyond the limit wait their turn.
///
/// The limit is one hash less than there are processors, so that a flood of logins leaves one
/// for everything else.
#[derive(Debug, Clone)]
pub(crate) struct PasswordHasher {
    turns: Arc<Semaphore>,
    iterations: u32,
}

impl PasswordHasher {
    pub(crate) fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let limit = processors.saturating_sub(1).max(1);
        Self { turns: Arc::new(Semaphore::new(limit)), iterations: ITERATIONS }
    }

    pub(crate) fn with_iterations(self, iterations: u32) -> Self {
        Self { iterations, ..self }
    }

    pub(crate) async fn encode(&self, password: &str) -> Result<String, JoinError> {
        let (password, iterations) = (password.to_owned(), self.iterations);
        self.in_turn(move || encode(&password, iterations)).await
    }

    pub(crate) async fn check(
        &self,
        password: &str,
        encoded: &str,
    ) -> Result<Result<Verdict, MalformedHash>, JoinError> {
        let (password, encoded, iterations) = (password.to_owned(), encoded.to_owned(), self.iterations);
        self.in_turn(move || check(&password, &encoded, iterations)).await
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, JoinError> {
        // A closed semaphore gives no permit; this one is never closed.
        let permit = Arc::clone(&self.turns).acquire_owned().await;
        // The permit goes with the work: a caller that gives up does not stop the hash.
        task::spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn no_more_hashes_than_turns_run_at_once() {
        let hasher = PasswordHasher { turns: Arc::new(Semaphore::new(1)), iterations: 1 };
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let work = || {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                encode("password", 1000);
                running.fetch_sub(1, Ordering::SeqCst);
            }
        };
        let (one, two, three) = tokio::join!(hasher.in_turn(work()), hasher.in_turn(work()), hasher.in_turn(work()));
        assert!(one.is_ok() && two.is_ok() && three.is_ok());
        assert_eq!(most.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_caller_that_gives_up_keeps_its_turn_taken() {
        let hasher = PasswordHasher { turns: Arc::new(Semaphore::new(1)), iterations: 1 };
        let (release, released) = mpsc::channel::<()>();
        let mut abandoned = Box::pin(hasher.in_turn(move || released.recv()));
        std::future::poll_fn(|cx| {
            assert!(abandoned.as_mut().poll(cx).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        drop(abandoned);
        assert_eq!(hasher.turns.available_permits(), 0);
        drop(release);
        assert!(hasher.encode("password").await.is_ok());
    }
}
