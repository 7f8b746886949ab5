//! Questions that many ask at the same time, and that one of them asks for all. Knows no database.

use std::fmt;
use std::mem;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Mutex as Turn;
use tokio::sync::oneshot::{self, Receiver, Sender, error::TryRecvError};
use tokio::task::yield_now;

/// Those who ask take turns. Who has the turn asks for all who wait; the others find their answer when it comes back.
///
/// An answer is never older than the question: what is asked while others are being answered waits for the next turn.
/// Whoever has the turn and fails, or is given up, has answered nobody; then the others ask again.
pub(crate) struct Together<Q, A> {
    waiting: Mutex<Vec<Asked<Q, A>>>,
    turn: Turn<()>,
    /// How many questions are asked in one turn.
    most: usize,
}

struct Asked<Q, A> {
    question: Q,
    answer: Sender<A>,
}

impl<Q: Clone, A> Together<Q, A> {
    pub(crate) fn new(most: usize) -> Self {
        Self { waiting: Mutex::default(), turn: Turn::default(), most }
    }

    /// The answer to `question`, by `answer` of this call or of another one, which gets questions and gives as many
    /// answers in their order.
    pub(crate) async fn ask<F, E>(&self, question: Q, answer: impl Fn(Vec<Q>) -> F) -> Result<A, E>
    where
        F: Future<Output = Result<Vec<A>, E>>,
    {
        let mut mine = self.put(question.clone());
        let _turn = tokio::select! {
            biased;
            Ok(answer) = &mut mine => return Ok(answer),
            turn = self.turn.lock() => turn,
        };
        loop {
            match mine.try_recv() {
                Ok(answer) => return Ok(answer),
                Err(TryRecvError::Closed) => mine = self.put(question.clone()),
                Err(TryRecvError::Empty) => {}
            }
            // Others that are about to ask do so now, and share this turn.
            yield_now().await;
            self.answer_those_who_wait(&answer).await?;
        }
    }

    fn put(&self, question: Q) -> Receiver<A> {
        let (answer, mine) = oneshot::channel();
        self.with_waiting(|waiting| waiting.push(Asked { question, answer }));
        mine
    }

    async fn answer_those_who_wait<F, E>(&self, answer: impl Fn(Vec<Q>) -> F) -> Result<(), E>
    where
        F: Future<Output = Result<Vec<A>, E>>,
    {
        let (questions, askers): (Vec<Q>, Vec<Sender<A>>) =
            self.next().into_iter().map(|asked| (asked.question, asked.answer)).unzip();
        for (asker, answer) in askers.into_iter().zip(answer(questions).await?) {
            // Somebody who is gone needs no answer.
            let _ = asker.send(answer);
        }
        Ok(())
    }

    /// The first who wait, but for those who are gone.
    fn next(&self) -> Vec<Asked<Q, A>> {
        self.with_waiting(|waiting| {
            waiting.retain(|asked| !asked.answer.is_closed());
            let rest = waiting.split_off(waiting.len().min(self.most));
            mem::replace(waiting, rest)
        })
    }

    fn with_waiting<T>(&self, act: impl FnOnce(&mut Vec<Asked<Q, A>>) -> T) -> T {
        act(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Without questions, which may be secret.
impl<Q, A> fmt::Debug for Together<Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").field("most", &self.most).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::{Notify, Semaphore};

    use super::*;

    /// Questions that are answered with their doubles, when that is permitted.
    struct Scene {
        together: Together<u32, u32>,
        turns: Mutex<Vec<Vec<u32>>>,
        begun: Notify,
        permits: Semaphore,
    }

    #[derive(Debug, PartialEq)]
    struct Failed;

    impl Scene {
        /// Where the first turns may end.
        fn new(most: usize, permits: usize) -> Arc<Self> {
            let (together, turns, begun) = (Together::new(most), Mutex::default(), Notify::new());
            Arc::new(Self { together, turns, begun, permits: Semaphore::new(permits) })
        }

        /// The answer, which fails where `is_failing` asks for all.
        async fn ask(&self, question: u32, is_failing: bool) -> Result<u32, Failed> {
            self.together.ask(question, |questions| self.answer(questions, is_failing)).await
        }

        async fn answer(&self, questions: Vec<u32>, is_failing: bool) -> Result<Vec<u32>, Failed> {
            self.turns.lock().unwrap().push(questions.clone());
            self.begun.notify_one();
            self.permits.acquire().await.unwrap().forget();
            if is_failing { Err(Failed) } else { Ok(questions.iter().map(|question| question * 2).collect()) }
        }

        fn spawn(self: &Arc<Self>, question: u32) -> tokio::task::JoinHandle<Result<u32, Failed>> {
            let scene = self.clone();
            tokio::spawn(async move { scene.ask(question, false).await })
        }

        fn turns(&self) -> Vec<Vec<u32>> {
            self.turns.lock().unwrap().clone()
        }
    }

    #[tokio::test]
    async fn those_who_ask_at_the_same_time_share_a_turn() {
        let scene = Scene::new(10, 10);
        let answers = tokio::join!(scene.ask(1, false), scene.ask(2, false), scene.ask(2, false));
        assert_eq!(answers, (Ok(2), Ok(4), Ok(4)));
        assert_eq!(scene.turns(), [[1, 2, 2]]);
    }

    #[tokio::test]
    async fn what_is_asked_while_others_are_answered_waits_for_the_next_turn() {
        let scene = Scene::new(10, 0);
        let early = scene.spawn(1);
        scene.begun.notified().await;
        let late =
            async { tokio::join!(scene.ask(2, false), scene.ask(3, false), async { scene.permits.add_permits(2) }) };
        let (early, (two, three, ())) = tokio::join!(early, late);
        assert_eq!((early.unwrap(), two, three), (Ok(2), Ok(4), Ok(6)));
        assert_eq!(scene.turns(), [vec![1], vec![2, 3]]);
    }

    #[tokio::test]
    async fn who_is_given_up_has_answered_nobody() {
        let scene = Scene::new(10, 0);
        let (given_up, waiting) = (scene.spawn(1), scene.spawn(2));
        scene.begun.notified().await;
        given_up.abort();
        assert!(given_up.await.unwrap_err().is_cancelled());
        scene.permits.add_permits(1);
        assert_eq!(waiting.await.unwrap(), Ok(4));
        assert_eq!(scene.turns(), [vec![1, 2], vec![2]]);
    }

    #[tokio::test]
    async fn nobody_asks_for_those_who_are_gone() {
        let scene = Scene::new(10, 0);
        let first = scene.spawn(1);
        scene.begun.notified().await;
        let (gone, stays) = (scene.spawn(2), scene.spawn(3));
        yield_now().await;
        gone.abort();
        assert!(gone.await.unwrap_err().is_cancelled());
        scene.permits.add_permits(2);
        assert_eq!((first.await.unwrap(), stays.await.unwrap()), (Ok(2), Ok(6)));
        assert_eq!(scene.turns(), [[1], [3]]);
    }

    #[tokio::test]
    async fn a_failure_is_told_to_whom_it_met_and_others_ask_again() {
        let scene = Scene::new(10, 10);
        let answers = tokio::join!(scene.ask(1, true), scene.ask(2, false), scene.ask(3, true));
        assert_eq!((answers.0, answers.1), (Err(Failed), Ok(4)));
        assert_eq!(scene.turns()[0], [1, 2, 3]);
        assert!(scene.turns().len() <= 3);
    }

    #[tokio::test]
    async fn a_turn_is_for_so_many_and_no_more() {
        let scene = Scene::new(2, 10);
        let asked = (1..=5).map(|question| scene.spawn(question)).collect::<Vec<_>>();
        for (answer, question) in asked.into_iter().zip(1..) {
            assert_eq!(answer.await.unwrap(), Ok(question * 2));
        }
        assert_eq!(scene.turns(), [vec![1, 2], vec![3, 4], vec![5]]);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn everybody_gets_the_own_answer_whoever_gives_up() {
        let together = Arc::new(Together::<u32, u32>::new(7));
        let answered = Arc::new(AtomicUsize::new(0));
        let mut tasks = tokio::task::JoinSet::new();
        for question in 0..2_000 {
            let (together, answered) = (together.clone(), answered.clone());
            let handle = tasks.spawn(async move {
                let answer = together.ask(question, |questions| async move {
                    yield_now().await;
                    Ok::<_, Infallible>(questions.iter().map(|question| question * 2).collect())
                });
                assert_eq!(answer.await, Ok(question * 2));
                answered.fetch_add(1, Ordering::Relaxed);
            });
            if question % 3 == 0 {
                handle.abort();
            }
        }
        while let Some(ended) = tasks.join_next().await {
            assert!(ended.is_ok() || ended.is_err_and(|error| error.is_cancelled()));
        }
        assert!(answered.load(Ordering::Relaxed) >= 1_333);
    }

    #[test]
    fn no_question_is_shown() {
        let together = Together::<&str, u32>::new(7);
        let _answer = together.put("a secret");
        assert_eq!(format!("{together:?}"), "Together { most: 7, .. }");
    }
}
