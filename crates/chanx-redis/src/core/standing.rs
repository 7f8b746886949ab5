//! Whether this process receives and is registered at one server, and whether its members have to be told of a loss.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Members are told no more often than that, so that a server which is too slow for its messages is not slowed down further.
const BETWEEN_NOTICES: Duration = Duration::from_secs(1);

/// A process counts as receiving once an echo, which it left by the connection that sends, came by the connection that
/// receives: both work, and lead to the same server.
#[derive(Debug, Default)]
pub(super) struct Standing {
    state: Mutex<State>,
    opened: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// How many connections there were that receive.
    session: u64,
    receives: bool,
    is_registered: bool,
    /// Messages may have been lost.
    owes_notice: bool,
    noticed: Option<Instant>,
    /// The server has this process's heartbeat.
    has_heartbeat: bool,
    /// How often messages were fetched.
    turns: u64,
    /// The number of the last echo.
    echo: u64,
    /// The first echo that proves that this connection receives.
    proof: u64,
    heard: u64,
    /// An echo that the server has, and how often messages had been fetched by then.
    written: Option<(u64, u64)>,
}

/// What a turn of fetching shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing yet.
    Unproven,
    /// This process receives.
    Receives,
    /// The echo was not where it had been left: the connections are at different servers.
    Diverged,
}

impl Standing {
    /// A connection that receives was made.
    pub(super) fn opened(&self) {
        let mut state = self.state();
        state.session += 1;
        state.is_registered = false;
        state.fail();
        drop(state);
        self.opened.notify_one();
    }

    /// Waits until a connection that receives is made.
    pub(super) async fn wait_opened(&self) {
        self.opened.notified().await;
    }

    /// Messages cannot be fetched.
    pub(super) fn failed(&self) {
        let mut state = self.state();
        state.fail();
        state.owes_notice = true;
    }

    /// Messages were fetched, and perhaps an echo with this number.
    pub(super) fn turned(&self, echo: Option<u64>) -> Turn {
        let mut state = self.state();
        state.turns += 1;
        state.heard = state.heard.max(echo.unwrap_or(0));
        state.receives |= state.heard >= state.proof;
        match state.written {
            // One whole turn began and ended since.
            Some((number, turns)) if state.heard < number && state.turns >= turns + 2 => Turn::Diverged,
            _ if state.receives => Turn::Receives,
            _ => Turn::Unproven,
        }
    }

    /// The number of the next echo.
    pub(super) fn next_echo(&self) -> u64 {
        let mut state = self.state();
        state.echo += 1;
        state.echo
    }

    /// The server took an echo and the heartbeat, and says whether it did not have that.
    pub(super) fn beat(&self, echo: Option<u64>, is_new: bool) {
        let mut state = self.state();
        if let Some(number) = echo.filter(|number| *number >= state.proof) {
            state.written = Some((number, state.turns));
        }
        // What else was there is gone, too; or this process was away for so long that its messages are.
        state.owes_notice |= std::mem::replace(&mut state.has_heartbeat, true) && is_new;
    }

    /// Names the connection that receives.
    pub(super) fn session(&self) -> u64 {
        self.state().session
    }

    /// The server knows all memberships, or cannot be told. What was found during an earlier session does not count.
    pub(super) fn set_registered(&self, is_registered: bool, session: u64) {
        let mut state = self.state();
        state.is_registered = is_registered && session == state.session;
    }

    /// Messages may have been lost.
    pub(super) fn lose(&self) {
        self.state().owes_notice = true;
    }

    /// Whether members are to be told now that messages may have been lost. Not before messages arrive again.
    pub(super) fn take_notice(&self) -> bool {
        let mut state = self.state();
        let is_soon = state.noticed.is_some_and(|time| time.elapsed() < BETWEEN_NOTICES);
        let is_due = state.owes_notice && state.receives && state.is_registered && !is_soon;
        if is_due {
            state.owes_notice = false;
            state.noticed = Some(Instant::now());
        }
        is_due
    }

    /// Nothing here panics half-way.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fail(&mut self) {
        self.receives = false;
        self.proof = self.echo + 1;
        self.written = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One whose connection is new, and whose memberships are known.
    fn registered() -> Standing {
        let standing = Standing::default();
        standing.opened();
        standing.set_registered(true, standing.session());
        standing
    }

    #[test]
    fn only_an_echo_of_its_own_proves_that_a_connection_receives() {
        let standing = registered();
        assert_eq!(standing.turned(None), Turn::Unproven);
        let echo = standing.next_echo();
        standing.beat(Some(echo), true);
        assert_eq!(standing.turned(Some(echo)), Turn::Receives);
        standing.opened();
        assert_eq!(standing.turned(Some(echo)), Turn::Unproven, "that is an old one");
        let echo = standing.next_echo();
        assert_eq!(standing.turned(Some(echo)), Turn::Receives, "the answer to writing it may come later");
        standing.beat(Some(echo), false);
        assert_eq!([standing.turned(None), standing.turned(None)], [Turn::Receives; 2]);
    }

    #[test]
    fn an_echo_that_is_written_and_not_heard_is_at_another_server() {
        let standing = registered();
        standing.beat(Some(standing.next_echo()), true);
        // This turn may have begun before.
        assert_eq!(standing.turned(None), Turn::Unproven);
        assert_eq!(standing.turned(None), Turn::Diverged);
    }

    #[test]
    fn a_loss_is_told_once_and_not_before_messages_arrive_again() {
        let standing = registered();
        standing.failed();
        assert!(!standing.take_notice());
        standing.turned(Some(standing.next_echo()));
        assert!(standing.take_notice() && !standing.take_notice());
        standing.lose();
        assert!(!standing.take_notice(), "that is too soon");
        standing.state().noticed = None;
        standing.set_registered(false, standing.session());
        assert!(!standing.take_notice());
        standing.set_registered(true, standing.session() - 1);
        assert!(!standing.take_notice(), "that was found out before the last connection was made");
        standing.set_registered(true, standing.session());
        assert!(standing.take_notice());
    }

    #[test]
    fn a_heartbeat_that_is_gone_is_a_loss() {
        let standing = registered();
        let echo = standing.next_echo();
        standing.beat(Some(echo), true);
        standing.turned(Some(echo));
        assert!(!standing.take_notice(), "there was none before");
        standing.beat(None, false);
        assert!(!standing.take_notice());
        standing.beat(None, true);
        assert!(standing.take_notice());
    }
}
