//! Which groups this process belongs to, what of that the servers do not know yet, and who waits until they do.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chanx_core::layer::{ChannelName, GroupName, LayerError};
use tokio::sync::{Notify, oneshot};

use crate::ring::shard;

/// The name under which this process is a member of one group. Never used twice.
pub(super) type Alias = ChannelName;

/// Something to tell a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Join(GroupName, Alias),
    Leave(GroupName, Alias),
}

/// When a subscription counts.
#[derive(Debug)]
pub(super) enum Promise {
    /// Now: it does already, or it will when the server is back.
    Kept,
    /// When this ends.
    Open(oneshot::Receiver<Result<(), LayerError>>),
}

/// The groups of this process.
#[derive(Debug)]
pub(super) struct Members {
    state: Mutex<State>,
    /// For each server: there is something to tell it.
    news: Vec<Notify>,
}

#[derive(Debug)]
struct State {
    groups: HashMap<GroupName, Membership>,
    aliases: HashMap<Alias, GroupName>,
    servers: Vec<Pending>,
}

/// What one server does not know yet.
#[derive(Debug, Default)]
struct Pending {
    /// In the order of the calls.
    steps: VecDeque<Step>,
    is_down: bool,
}

#[derive(Debug)]
struct Membership {
    alias: Alias,
    is_confirmed: bool,
    /// The server may know of it, so that it must be told of the end.
    is_sent: bool,
    waiters: Vec<oneshot::Sender<Result<(), LayerError>>>,
}

impl Members {
    pub(super) fn new(servers: usize) -> Self {
        let state = State {
            groups: HashMap::new(),
            aliases: HashMap::new(),
            servers: std::iter::repeat_with(Pending::default).take(servers).collect(),
        };
        Self { state: Mutex::new(state), news: std::iter::repeat_with(Notify::new).take(servers).collect() }
    }

    /// Makes this process a member, under this alias if it is none yet.
    pub(super) fn subscribe(&self, group: &GroupName, alias: impl FnOnce() -> Alias) -> Promise {
        let server = self.server_of(group);
        let mut state = self.state();
        if !state.groups.contains_key(group) {
            state.begin(server, group, alias());
            self.news[server].notify_one();
        }
        let is_down = state.servers[server].is_down;
        match state.groups.get_mut(group) {
            Some(membership) if !membership.is_confirmed && !is_down => {
                let (waiter, promise) = oneshot::channel();
                membership.waiters.push(waiter);
                Promise::Open(promise)
            }
            _ => Promise::Kept,
        }
    }

    pub(super) fn unsubscribe(&self, group: &GroupName) {
        let server = self.server_of(group);
        let mut state = self.state();
        let Some(membership) = state.end(group) else { return };
        if membership.is_sent {
            state.servers[server].steps.push_back(Step::Leave(group.clone(), membership.alias));
            self.news[server].notify_one();
        }
    }

    /// The group that an alias of this process stands for.
    pub(super) fn group_of(&self, name: &str) -> Option<GroupName> {
        self.state().aliases.get(name).cloned()
    }

    /// Waits until there is something to tell a server.
    pub(super) async fn news(&self, server: usize) {
        self.news[server].notified().await;
    }

    /// The next things to tell a server, at most so many. They are told in this order, and stay the next ones until
    /// [`Members::done`]; the functions in between report what came of each.
    pub(super) fn next(&self, server: usize, most: usize) -> Vec<Step> {
        let mut state = self.state();
        let State { groups, servers, .. } = &mut *state;
        let steps = &mut servers[server].steps;
        // Some may have ended before anybody was told.
        steps.retain(|step| step.is_wanted(groups));
        let steps: Vec<_> = steps.iter().take(most).cloned().collect();
        for step in &steps {
            if let Step::Join(group, alias) = step
                && let Some(membership) = state.current(group, alias)
            {
                membership.is_sent = true;
            }
        }
        steps
    }

    /// A server was told so many of the next things.
    pub(super) fn done(&self, server: usize, count: usize) {
        self.state().servers[server].steps.drain(..count);
    }

    /// A server took this.
    pub(super) fn confirm(&self, step: &Step) {
        let Step::Join(group, alias) = step else { return };
        if let Some(membership) = self.state().current(group, alias) {
            membership.is_confirmed = true;
            membership.settle(|| Ok(()));
        }
    }

    /// A server refused this for good. Who waits is told, and is no member; where nobody waits, since it was a member
    /// before, the next renewal tries again. Says whether nobody was told.
    pub(super) fn refuse(&self, step: &Step, reason: &str) -> bool {
        let Step::Join(group, alias) = step else { return true };
        let mut state = self.state();
        let Some(membership) = state.current(group, alias) else { return false };
        if membership.waiters.is_empty() {
            return true;
        }
        membership.settle(|| Err(LayerError::Refused { reason: reason.to_owned() }));
        state.end(group);
        false
    }

    /// All memberships have to be told again.
    pub(super) fn renew(&self, server: usize) {
        let mut state = self.state();
        state.servers[server].steps.retain(|step| matches!(step, Step::Leave(..)));
        let joins: Vec<_> = (state.groups.iter())
            .filter(|(group, _)| self.server_of(group) == server)
            .map(|(group, membership)| Step::Join(group.clone(), membership.alias.clone()))
            .collect();
        state.servers[server].steps.extend(joins);
    }

    /// One membership has to be told again. False: there is none.
    pub(super) fn renew_one(&self, server: usize) -> bool {
        let mut state = self.state();
        let one = state.groups.iter().find(|(group, _)| self.server_of(group) == server);
        let Some((group, membership)) = one else { return false };
        let step = Step::Join(group.clone(), membership.alias.clone());
        state.servers[server].steps.push_back(step);
        true
    }

    /// A server cannot be told anything for now. Nobody waits for it.
    pub(super) fn set_down(&self, server: usize, is_down: bool) {
        let mut state = self.state();
        state.servers[server].is_down = is_down;
        if is_down {
            let waiting = state.groups.iter_mut().filter(|(group, _)| self.server_of(group) == server);
            waiting.for_each(|(_, membership)| membership.settle(|| Ok(())));
        }
    }

    /// Ends all memberships, and says what that takes.
    pub(super) fn end_all(&self, server: usize) -> Vec<Step> {
        let mut state = self.state();
        let groups: Vec<_> = state.groups.keys().filter(|group| self.server_of(group) == server).cloned().collect();
        let ended: Vec<_> = groups.into_iter().filter_map(|group| Some((state.end(&group)?, group))).collect();
        let leaves = ended.into_iter().filter(|(membership, _)| membership.is_sent);
        let leaves: Vec<_> = leaves.map(|(membership, group)| Step::Leave(group, membership.alias)).collect();
        let pending = state.servers[server].steps.drain(..).filter(|step| matches!(step, Step::Leave(..)));
        pending.chain(leaves).collect()
    }

    fn server_of(&self, group: &GroupName) -> usize {
        shard(group.as_str(), self.news.len())
    }

    /// Nothing here panics half-way.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin(&mut self, server: usize, group: &GroupName, alias: Alias) {
        self.servers[server].steps.push_back(Step::Join(group.clone(), alias.clone()));
        self.aliases.insert(alias.clone(), group.clone());
        let membership = Membership { alias, is_confirmed: false, is_sent: false, waiters: Vec::new() };
        self.groups.insert(group.clone(), membership);
    }

    fn end(&mut self, group: &GroupName) -> Option<Membership> {
        let mut membership = self.groups.remove(group)?;
        self.aliases.remove(&membership.alias);
        membership.settle(|| Ok(()));
        Some(membership)
    }

    /// The membership under this alias, unless it ended.
    fn current(&mut self, group: &GroupName, alias: &Alias) -> Option<&mut Membership> {
        self.groups.get_mut(group).filter(|membership| membership.alias == *alias)
    }
}

impl Step {
    fn is_wanted(&self, groups: &HashMap<GroupName, Membership>) -> bool {
        match self {
            Self::Join(group, alias) => groups.get(group).is_some_and(|membership| membership.alias == *alias),
            Self::Leave(..) => true,
        }
    }
}

impl Membership {
    fn settle(&mut self, result: impl Fn() -> Result<(), LayerError>) {
        for waiter in self.waiters.drain(..) {
            // Whoever does not wait any more does not mind.
            let _ = waiter.send(result());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> GroupName {
        GroupName::new(text).unwrap()
    }

    fn alias(text: &str) -> Alias {
        Alias::new(text).unwrap()
    }

    fn join(group: &str, text: &str) -> Step {
        Step::Join(name(group), alias(text))
    }

    fn leave(group: &str, text: &str) -> Step {
        Step::Leave(name(group), alias(text))
    }

    fn subscribe(members: &Members, group: &str, text: &str) -> Promise {
        members.subscribe(&name(group), || alias(text))
    }

    #[test]
    fn servers_are_told_in_the_order_of_the_calls() {
        let members = Members::new(1);
        let _ = subscribe(&members, "a", "a1");
        let _ = subscribe(&members, "b", "b1");
        assert_eq!(members.next(0, 1), [join("a", "a1")]);
        assert_eq!(members.next(0, 9), [join("a", "a1"), join("b", "b1")], "it was not reported as done");
        members.done(0, 2);
        members.unsubscribe(&name("a"));
        let _ = subscribe(&members, "a", "a2");
        assert_eq!(members.next(0, 9), [leave("a", "a1"), join("a", "a2")]);
        assert_eq!((members.group_of("a1"), members.group_of("a2")), (None, Some(name("a"))));
    }

    #[test]
    fn what_nobody_was_told_of_ends_without_a_word() {
        let members = Members::new(1);
        for number in 0..100 {
            let _ = subscribe(&members, "a", &number.to_string());
            members.unsubscribe(&name("a"));
        }
        assert_eq!(members.next(0, 9), []);
        assert_eq!(members.end_all(0), []);
    }

    #[test]
    fn a_promise_is_kept_when_the_server_confirms_or_is_down() {
        let members = Members::new(1);
        let Promise::Open(mut promise) = subscribe(&members, "a", "a1") else { panic!("nobody was asked yet") };
        assert!(promise.try_recv().is_err());
        let steps = members.next(0, 9);
        members.confirm(&steps[0]);
        assert!(promise.try_recv().unwrap().is_ok());
        assert!(matches!(subscribe(&members, "a", "never"), Promise::Kept));

        let Promise::Open(mut promise) = subscribe(&members, "b", "b1") else { panic!("nobody was asked yet") };
        members.set_down(0, true);
        assert!(promise.try_recv().unwrap().is_ok());
        assert!(matches!(subscribe(&members, "c", "c1"), Promise::Kept));
    }

    #[test]
    fn a_refusal_ends_what_somebody_waits_for_and_nothing_else() {
        let members = Members::new(1);
        let Promise::Open(mut promise) = subscribe(&members, "a", "a1") else { panic!("nobody was asked yet") };
        assert!(!members.refuse(&join("a", "a1"), "no"));
        assert!(matches!(promise.try_recv(), Ok(Err(LayerError::Refused { .. }))));
        assert_eq!(members.group_of("a1"), None);

        let _ = subscribe(&members, "a", "a2");
        members.confirm(&join("a", "a2"));
        assert!(members.refuse(&join("a", "a2"), "not any more"));
        assert_eq!(members.group_of("a2"), Some(name("a")));
        assert!(!members.refuse(&join("a", "a1"), "an old one"));
    }

    #[test]
    fn a_renewal_tells_everything_again_and_forgets_no_end() {
        let members = Members::new(1);
        for group in ["a", "b"] {
            let _ = subscribe(&members, group, group);
        }
        let steps = members.next(0, 9);
        members.done(0, steps.len());
        members.unsubscribe(&name("a"));
        let _ = subscribe(&members, "c", "c");
        members.renew(0);
        let steps = members.next(0, 9);
        assert_eq!((steps.len(), &steps[0]), (3, &leave("a", "a")));
        assert!(steps.contains(&join("b", "b")) && steps.contains(&join("c", "c")));
        let mut left = members.end_all(0);
        left.sort_by_key(|step| format!("{step:?}"));
        assert_eq!(left, [leave("a", "a"), leave("b", "b"), leave("c", "c")]);
    }
}
