//! What one server should send to this process, and who waits until it does. Knows no connection.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chanx_core::layer::LayerError;
use tokio::sync::{Notify, oneshot};

/// The name of a channel in Redis.
pub(crate) type Name = Arc<str>;

/// The end of a wait: the channel is subscribed to, or there is nothing to wait for. An error: the server refuses.
pub(crate) type Answer = Result<(), LayerError>;

/// More changes than that between two turns are not remembered one by one.
const MOST_CHANGES: usize = 16_384;

/// How many refused channels are tried again at once.
const RETRIES: usize = 500;

/// Channels that this process wants of one server.
///
/// Wishes are recorded at once and fulfilled in turns. Each turn compares what is wanted with what the connection has,
/// so that the last wish about a channel wins, whenever it was made.
///
/// What is remembered does not grow with the number of calls, however long a turn takes: a name at most for each channel that
/// is wanted, and for [`MOST_CHANGES`] others.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    wanted: HashMap<Name, Wish>,
    changed: Changes,
    waiting: Waiting,
    /// Wanted, granted before, and refused now.
    refused: BTreeSet<Name>,
    /// The last refused channel that was tried again.
    retried: Option<Name>,
}

/// A channel that is wanted.
#[derive(Clone, Copy, Debug, Default)]
struct Wish {
    /// A subscription was told that it counts. It is wanted until it is left, whatever becomes of later ones.
    is_granted: bool,
}

/// What was wished about since the last turn.
#[derive(Debug)]
enum Changes {
    Some(HashSet<Name>),
    Many,
}

/// The callers that wait for a channel.
#[derive(Debug, Default)]
struct Waiting {
    callers: HashMap<Name, Vec<oneshot::Sender<Answer>>>,
    count: usize,
    /// At which number those that have given up are dropped.
    limit: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// The first attempt to connect is not over.
    #[default]
    Starting,
    Up,
    Down,
    /// For good.
    Over,
}

/// The work of one turn.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) subscribe: Vec<Name>,
    pub(super) unsubscribe: Vec<Name>,
    /// All of it was refused before.
    pub(super) is_retry: bool,
    waiting: HashMap<Name, Vec<oneshot::Sender<Answer>>>,
}

impl Wishes {
    /// Wants a channel. What comes back ends with the wish's fulfillment; `None`: the server is away, and there is nothing to
    /// wait for.
    pub(crate) fn subscribe(&self, name: Name) -> Option<oneshot::Receiver<Answer>> {
        let mut state = self.lock();
        state.wanted.entry(name.clone()).or_default();
        self.wait(&mut state, name)
    }

    /// Waits for a channel, if it is wanted still.
    pub(crate) fn settled(&self, name: &Name) -> Option<oneshot::Receiver<Answer>> {
        let mut state = self.lock();
        if !state.wanted.contains_key(name) {
            return None;
        }
        self.wait(&mut state, name.clone())
    }

    /// Wants a channel no longer.
    pub(crate) fn unsubscribe(&self, name: Name) {
        let mut state = self.lock();
        state.wanted.remove(&name);
        state.refused.remove(&name);
        if state.has_turns() {
            state.changed.add(name);
            self.changed.notify_one();
        }
    }

    /// Ends when there may be work for a turn.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// What was wished since the last turn, as far as it differs from what the connection holds.
    pub(super) fn turn(&self, held: &HashSet<Name>) -> Turn {
        let mut state = self.lock();
        let mut turn = Turn { waiting: state.waiting.take(), ..Turn::default() };
        match mem::take(&mut state.changed) {
            Changes::Some(names) => {
                for name in names {
                    match (state.wanted.contains_key(&name), held.contains(&name)) {
                        (true, false) => turn.subscribe.push(name),
                        (false, true) => turn.unsubscribe.push(name),
                        _ => {}
                    }
                }
            }
            Changes::Many => {
                turn.subscribe.extend(state.wanted.keys().filter(|name| !held.contains(*name)).cloned());
                turn.unsubscribe.extend(held.iter().filter(|name| !state.wanted.contains_key(*name)).cloned());
            }
        }
        turn
    }

    /// Some of what the server refused, the next time others. `None`: it refused nothing.
    pub(super) fn retry(&self) -> Option<Turn> {
        let mut state = self.lock();
        let State { refused, retried, .. } = &mut *state;
        let after = retried.take();
        let rest = refused.iter().filter(|name| after.as_ref().is_none_or(|last| *name > last));
        let mut subscribe: Vec<_> = rest.take(RETRIES).cloned().collect();
        if subscribe.is_empty() {
            subscribe = refused.iter().take(RETRIES).cloned().collect();
        }
        *retried = subscribe.last().cloned();
        (!subscribe.is_empty()).then(|| Turn { subscribe, is_retry: true, ..Turn::default() })
    }

    /// How many channels are refused that were granted before.
    pub(super) fn refused(&self) -> usize {
        self.lock().refused.len()
    }

    /// Everything that is wanted, for a new connection, which holds nothing. From now on, wishes wait for the server.
    pub(super) fn whole(&self) -> Turn {
        let mut state = self.lock();
        state.enter(Phase::Up);
        state.changed = Changes::default();
        state.refused.clear();
        let subscribe = state.wanted.keys().cloned().collect();
        Turn { subscribe, waiting: state.waiting.take(), ..Turn::default() }
    }

    /// The server is away: nobody waits until it is back.
    pub(super) fn went_down(&self) {
        self.lock().enter(Phase::Down);
    }

    /// Nobody will fulfill a wish any more.
    pub(super) fn end(&self) {
        self.lock().enter(Phase::Over);
    }

    pub(super) fn is_over(&self) -> bool {
        self.lock().phase == Phase::Over
    }

    fn wait(&self, state: &mut State, name: Name) -> Option<oneshot::Receiver<Answer>> {
        if !state.has_turns() {
            state.grant(&name);
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        state.waiting.add(name.clone(), sender);
        state.changed.add(name);
        self.changed.notify_one();
        Some(receiver)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_turns(&self) -> bool {
        matches!(self.phase, Phase::Starting | Phase::Up)
    }

    fn enter(&mut self, phase: Phase) {
        if self.phase != Phase::Over {
            self.phase = phase;
        }
        if !self.has_turns() {
            self.changed = Changes::default();
            self.waiting.take();
            // All waits are over, those within a turn too, and their callers are members.
            self.wanted.values_mut().for_each(|wish| wish.is_granted = true);
        }
    }

    fn grant(&mut self, name: &Name) {
        if let Some(wish) = self.wanted.get_mut(name) {
            wish.is_granted = true;
        }
    }
}

impl Default for Changes {
    fn default() -> Self {
        Self::Some(HashSet::new())
    }
}

impl Changes {
    fn add(&mut self, name: Name) {
        let Self::Some(names) = self else { return };
        names.insert(name);
        if names.len() > MOST_CHANGES {
            *self = Self::Many;
        }
    }

    fn contains(&self, name: &Name) -> bool {
        match self {
            Self::Some(names) => names.contains(name),
            Self::Many => true,
        }
    }
}

impl Waiting {
    /// How many callers are remembered before anything is dropped.
    const LEAST: usize = 1024;

    fn add(&mut self, name: Name, caller: oneshot::Sender<Answer>) {
        if self.count >= self.limit.max(Self::LEAST) {
            self.forget_closed();
        }
        self.callers.entry(name).or_default().push(caller);
        self.count += 1;
    }

    /// Whoever gave up would stay until the end of a turn, which a server can delay.
    fn forget_closed(&mut self) {
        self.callers.retain(|_, callers| {
            callers.retain(|caller| !caller.is_closed());
            !callers.is_empty()
        });
        self.count = self.callers.values().map(Vec::len).sum();
        self.limit = 2 * self.count;
    }

    fn take(&mut self) -> HashMap<Name, Vec<oneshot::Sender<Answer>>> {
        mem::take(self).callers
    }
}

impl Turn {
    /// The server refuses a channel. Callers that wait for it are told; without an earlier member it is wanted no longer,
    /// unless it was wished for once more.
    pub(super) fn refuse(&mut self, wishes: &Wishes, name: &Name, reason: &str) {
        let mut is_told = false;
        for caller in self.waiting.remove(name).unwrap_or_default() {
            is_told |= caller.send(Err(LayerError::Refused { reason: reason.to_owned() })).is_ok();
        }
        let mut state = wishes.lock();
        let is_granted = state.wanted.get(name).is_some_and(|wish| wish.is_granted);
        if is_granted {
            state.refused.insert(name.clone());
        } else if is_told && !state.changed.contains(name) {
            state.wanted.remove(name);
        }
    }

    /// Tells all others that their wishes are fulfilled. Says whether any of them was refused before.
    pub(super) fn finish(self, wishes: &Wishes, held: &HashSet<Name>) -> bool {
        let mut is_back = false;
        let mut state = wishes.lock();
        for name in self.subscribe.iter().chain(self.waiting.keys()).filter(|name| held.contains(*name)) {
            state.grant(name);
            is_back |= state.refused.remove(name);
        }
        drop(state);
        for caller in self.waiting.into_values().flatten() {
            // Whoever no longer waits need not know.
            let _ = caller.send(Ok(()));
        }
        is_back
    }
}

/// What a wait comes to. One that nobody ends is over as well: the server went away.
pub(crate) async fn settle(waiting: Option<oneshot::Receiver<Answer>>) -> Answer {
    match waiting {
        Some(waiting) => waiting.await.unwrap_or(Ok(())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.into()
    }

    fn held(names: &[&str]) -> HashSet<Name> {
        names.iter().map(|text| name(text)).collect()
    }

    fn texts(names: &[Name]) -> Vec<&str> {
        names.iter().map(AsRef::as_ref).collect()
    }

    #[test]
    fn the_last_wish_about_a_channel_wins() {
        let wishes = Wishes::default();
        let _ = wishes.subscribe(name("a"));
        let _ = wishes.subscribe(name("b"));
        wishes.unsubscribe(name("a"));
        wishes.unsubscribe(name("old"));
        let _ = wishes.subscribe(name("kept"));
        wishes.unsubscribe(name("back"));
        let _ = wishes.subscribe(name("back"));
        let turn = wishes.turn(&held(&["old", "kept", "back"]));
        assert_eq!(texts(&turn.subscribe), ["b"]);
        assert_eq!(texts(&turn.unsubscribe), ["old"]);
    }

    #[tokio::test]
    async fn a_wish_waits_for_its_own_turn() {
        let wishes = Wishes::default();
        let first = wishes.subscribe(name("a"));
        let turn = wishes.turn(&held(&[]));
        wishes.unsubscribe(name("a"));
        let mut second = wishes.subscribe(name("a")).unwrap();
        turn.finish(&wishes, &held(&["a"]));
        settle(first).await.unwrap();
        assert!(second.try_recv().is_err(), "its turn has not come");
        wishes.turn(&held(&["a"])).finish(&wishes, &held(&["a"]));
        second.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn nobody_waits_for_a_server_that_is_away() {
        let wishes = Wishes::default();
        let waiting = wishes.subscribe(name("a"));
        wishes.went_down();
        settle(waiting).await.unwrap();
        assert!(wishes.subscribe(name("b")).is_none());
        wishes.unsubscribe(name("a"));
        assert_eq!(texts(&wishes.whole().subscribe), ["b"]);
    }

    #[tokio::test]
    async fn the_end_is_final() {
        let wishes = Wishes::default();
        let waiting = wishes.subscribe(name("a"));
        wishes.end();
        settle(waiting).await.unwrap();
        wishes.whole().finish(&wishes, &held(&[]));
        assert!(wishes.subscribe(name("b")).is_none());
    }

    #[tokio::test]
    async fn what_is_refused_is_wanted_no_longer() {
        let wishes = Wishes::default();
        let waiting = wishes.subscribe(name("a"));
        let mut turn = wishes.turn(&held(&[]));
        turn.refuse(&wishes, &name("a"), "NOPERM");
        turn.finish(&wishes, &held(&[]));
        assert!(matches!(settle(waiting).await, Err(LayerError::Refused { .. })));
        assert_eq!((wishes.whole().subscribe.len(), wishes.refused()), (0, 0));
        assert!(wishes.settled(&name("a")).is_none());
    }

    #[test]
    fn a_refusal_without_witness_is_tried_again() {
        let wishes = Wishes::default();
        drop(wishes.subscribe(name("a")));
        wishes.turn(&held(&[])).refuse(&wishes, &name("a"), "NOPERM");
        assert_eq!(texts(&wishes.whole().subscribe), ["a"]);
    }

    /// One member was let in, while the server was away or by the server itself; another one is refused later.
    #[tokio::test]
    async fn a_refusal_takes_nothing_from_earlier_members() {
        for is_away in [true, false] {
            let wishes = Wishes::default();
            if is_away {
                wishes.went_down();
                assert!(wishes.subscribe(name("a")).is_none());
            } else {
                let first = wishes.subscribe(name("a"));
                wishes.whole().finish(&wishes, &held(&["a"]));
                settle(first).await.unwrap();
            }
            let mut turn = wishes.whole();
            turn.refuse(&wishes, &name("a"), "NOPERM");
            turn.finish(&wishes, &held(&[]));
            let second = wishes.subscribe(name("a"));
            let mut turn = wishes.turn(&held(&[]));
            turn.refuse(&wishes, &name("a"), "NOPERM");
            assert!(!turn.finish(&wishes, &held(&[])));
            assert!(matches!(settle(second).await, Err(LayerError::Refused { .. })));
            assert_eq!(wishes.refused(), 1);
            let retry = wishes.retry().unwrap();
            assert_eq!(texts(&retry.subscribe), ["a"]);
            assert!(retry.finish(&wishes, &held(&["a"])), "it is told that messages were missed");
            assert_eq!(wishes.refused(), 0);
            assert!(wishes.retry().is_none());
        }
    }

    #[test]
    fn all_refused_channels_have_their_turn() {
        let wishes = Wishes::default();
        wishes.went_down();
        for number in 0..RETRIES + 1 {
            assert!(wishes.subscribe(name(&number.to_string())).is_none());
        }
        let mut turn = wishes.whole();
        for name in turn.subscribe.clone() {
            turn.refuse(&wishes, &name, "NOPERM");
        }
        let lengths = [(); 3].map(|()| wishes.retry().unwrap().subscribe.len());
        assert_eq!(lengths, [RETRIES, 1, RETRIES]);
        wishes.unsubscribe(name("7"));
        assert_eq!(wishes.refused(), RETRIES, "what is left is not refused");
    }

    #[test]
    fn what_waits_for_a_turn_does_not_grow_with_the_calls() {
        let wishes = Wishes::default();
        let _turn = wishes.whole();
        for number in 0..5 * MOST_CHANGES {
            let name = name(&format!("g{number}"));
            drop(wishes.subscribe(name.clone()));
            wishes.unsubscribe(name);
        }
        let _ = wishes.subscribe(name("kept"));
        let state = wishes.lock();
        assert!(state.waiting.callers.len() <= Waiting::LEAST, "{}", state.waiting.callers.len());
        assert!(matches!(state.changed, Changes::Many));
        drop(state);
        let turn = wishes.turn(&held(&["old"]));
        assert_eq!((texts(&turn.subscribe), texts(&turn.unsubscribe)), (vec!["kept"], vec!["old"]));
    }
}
