//! What one server should send to this process, and who waits until it does. Knows no connection.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chanx_core::layer::LayerError;
use tokio::sync::{Notify, oneshot};

/// The name of a channel in Redis.
pub(crate) type Name = Arc<str>;

/// The end of a wait: the channel is subscribed to, or there is nothing to wait for. An error: the server refuses.
pub(crate) type Answer = Result<(), LayerError>;

/// Channels that this process wants of one server.
///
/// Wishes are recorded at once and fulfilled in turns. Each turn compares what is wanted with what the connection has,
/// so that the last wish about a channel wins, whenever it was made.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    wanted: HashSet<Name>,
    /// What was wished about since the last turn, in order.
    changed: Vec<Name>,
    waiting: HashMap<Name, Vec<oneshot::Sender<Answer>>>,
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
    waiting: HashMap<Name, Vec<oneshot::Sender<Answer>>>,
}

impl Wishes {
    /// Wants a channel. What comes back ends with the wish's fulfillment; none: the server is away, and there is nothing to wait
    /// for.
    pub(crate) fn subscribe(&self, name: Name) -> Option<oneshot::Receiver<Answer>> {
        let mut state = self.lock();
        state.wanted.insert(name.clone());
        self.wait(&mut state, name)
    }

    /// Waits for a channel, if it is wanted still.
    pub(crate) fn settled(&self, name: &Name) -> Option<oneshot::Receiver<Answer>> {
        let mut state = self.lock();
        if !state.wanted.contains(name) {
            return None;
        }
        self.wait(&mut state, name.clone())
    }

    /// Wants a channel no longer.
    pub(crate) fn unsubscribe(&self, name: Name) {
        let mut state = self.lock();
        state.wanted.remove(&name);
        if state.has_turns() {
            state.changed.push(name);
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
        let changed = mem::take(&mut state.changed);
        let mut turn = Turn { waiting: mem::take(&mut state.waiting), ..Turn::default() };
        let mut seen = HashSet::with_capacity(changed.len());
        for name in changed {
            if !seen.insert(name.clone()) {
                continue;
            }
            match (state.wanted.contains(&name), held.contains(&name)) {
                (true, false) => turn.subscribe.push(name),
                (false, true) => turn.unsubscribe.push(name),
                _ => {}
            }
        }
        turn
    }

    /// Everything that is wanted, for a new connection, which holds nothing. From now on, wishes wait for the server.
    pub(super) fn whole(&self) -> Turn {
        let mut state = self.lock();
        state.enter(Phase::Up);
        state.changed.clear();
        let subscribe = state.wanted.iter().cloned().collect();
        Turn { subscribe, waiting: mem::take(&mut state.waiting), ..Turn::default() }
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

    /// Wants no channel that the server refused, unless it was wished for once more.
    fn forget(&self, name: &Name) {
        let mut state = self.lock();
        if !state.changed.contains(name) {
            state.wanted.remove(name);
        }
    }

    fn wait(&self, state: &mut State, name: Name) -> Option<oneshot::Receiver<Answer>> {
        if !state.has_turns() {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        state.waiting.entry(name.clone()).or_default().push(sender);
        state.changed.push(name);
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
            self.changed.clear();
            self.waiting.clear();
        }
    }
}

impl Turn {
    /// Tells those who wait for a channel that the server refuses it. With nobody to tell it stays wanted, for the next
    /// connection.
    pub(super) fn refuse(&mut self, wishes: &Wishes, name: &Name, reason: &str) {
        for waiting in self.waiting.remove(name).unwrap_or_default() {
            if waiting.send(Err(LayerError::Refused { reason: reason.to_owned() })).is_ok() {
                wishes.forget(name);
            }
        }
    }

    /// Tells all others that their wishes are fulfilled.
    pub(super) fn finish(self) {
        for waiting in self.waiting.into_values().flatten() {
            // Whoever no longer waits need not know.
            let _ = waiting.send(Ok(()));
        }
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
        turn.finish();
        settle(first).await.unwrap();
        assert!(second.try_recv().is_err(), "its turn has not come");
        wishes.turn(&held(&["a"])).finish();
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
        wishes.whole().finish();
        assert!(wishes.subscribe(name("b")).is_none());
    }

    #[tokio::test]
    async fn what_is_refused_is_wanted_no_longer() {
        let wishes = Wishes::default();
        let waiting = wishes.subscribe(name("a"));
        let mut turn = wishes.turn(&held(&[]));
        turn.refuse(&wishes, &name("a"), "NOPERM");
        turn.finish();
        assert!(matches!(settle(waiting).await, Err(LayerError::Refused { .. })));
        assert!(wishes.whole().subscribe.is_empty());
        assert!(wishes.settled(&name("a")).is_none());
    }

    #[test]
    fn a_refusal_without_witness_is_tried_again() {
        let wishes = Wishes::default();
        drop(wishes.subscribe(name("a")));
        wishes.turn(&held(&[])).refuse(&wishes, &name("a"), "NOPERM");
        assert_eq!(texts(&wishes.whole().subscribe), ["a"]);
    }
}
