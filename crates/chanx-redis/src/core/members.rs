//! The groups of this process, the changes that the servers do not know yet, and the subscribers that wait for them.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use chanx_core::layer::{ChannelName, GroupName, LayerError};
use tokio::sync::{Notify, oneshot};

use crate::ring::shard;

/// How many groups that were left a server may still have to be told of. Of further ones it forgets this process by itself,
/// when the memberships are too old.
const MAX_LEAVES: usize = 1 << 16;

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
    tables: Vec<Mutex<Table>>,
    /// Apart from the tables, because every message that arrives is looked up here.
    aliases: RwLock<HashMap<Alias, GroupName>>,
    /// For each server: there is something to tell it.
    news: Vec<Notify>,
}

/// The groups that belong to one server, and what it does not know yet.
#[derive(Debug, Default)]
struct Table {
    groups: HashMap<GroupName, Membership>,
    /// Groups to enter, in the order of the calls.
    first: BTreeMap<u64, GroupName>,
    /// Groups to enter once more: the server has forgotten them, or soon will. Others do not wait for them.
    again: BTreeMap<u64, GroupName>,
    leaves: VecDeque<Step>,
    /// What the server is being told.
    in_hand: Vec<Step>,
    next_place: u64,
    /// Groups that the server does not let this process enter, although there are members here.
    refused: HashSet<GroupName>,
    is_down: bool,
    /// A subscriber was accepted while the server was down, and may have missed messages since.
    owes: bool,
}

#[derive(Debug)]
struct Membership {
    alias: Alias,
    is_confirmed: bool,
    /// The server may know of it, so that it must be told of the end.
    is_sent: bool,
    /// At least one subscriber was accepted. A later refusal does not end its membership.
    is_promised: bool,
    place: Place,
    waiters: Vec<oneshot::Sender<Result<(), LayerError>>>,
}

/// Where the next [`Step::Join`] of a membership is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Nowhere,
    In(Queue, u64),
    InHand,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Queue {
    First,
    Again,
}

impl Members {
    pub(super) fn new(servers: usize) -> Self {
        Self {
            tables: std::iter::repeat_with(Mutex::default).take(servers).collect(),
            aliases: RwLock::default(),
            news: std::iter::repeat_with(Notify::new).take(servers).collect(),
        }
    }

    /// Makes this process a member, under this alias if it is none yet.
    pub(super) fn subscribe(&self, group: &GroupName, alias: impl FnOnce() -> Alias) -> Promise {
        let server = self.server_of(group);
        let mut table = self.table(server);
        if !table.groups.contains_key(group) {
            let alias = alias();
            self.aliases.write().unwrap_or_else(PoisonError::into_inner).insert(alias.clone(), group.clone());
            table.groups.insert(group.clone(), Membership::new(alias));
        }
        let is_down = table.is_down;
        let Some(membership) = table.groups.get_mut(group) else { return Promise::Kept };
        if membership.is_confirmed {
            return Promise::Kept;
        }
        let promise = if is_down {
            membership.is_promised = true;
            table.owes = true;
            Promise::Kept
        } else {
            let (waiter, promise) = oneshot::channel();
            membership.waiters.push(waiter);
            Promise::Open(promise)
        };
        table.enqueue(group, Queue::First);
        drop(table);
        self.news[server].notify_one();
        promise
    }

    pub(super) fn unsubscribe(&self, group: &GroupName) {
        let server = self.server_of(group);
        let mut table = self.table(server);
        let Some(membership) = self.end(&mut table, group) else { return };
        if membership.is_sent && table.leaves.len() < MAX_LEAVES {
            table.leaves.push_back(Step::Leave(group.clone(), membership.alias));
            self.news[server].notify_one();
        }
    }

    /// The group that an alias of this process stands for.
    pub(super) fn group_of(&self, name: &str) -> Option<GroupName> {
        self.aliases.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// The alias under which a server knows this process as a member of a group.
    pub(super) fn confirmed_alias(&self, group: &GroupName) -> Option<Alias> {
        let table = self.table(self.server_of(group));
        table.groups.get(group).filter(|membership| membership.is_confirmed).map(|membership| membership.alias.clone())
    }

    /// All memberships that a server knows of, as far as it said so.
    pub(super) fn confirmed(&self, server: usize) -> Vec<(GroupName, Alias)> {
        let table = self.table(server);
        let confirmed = table.groups.iter().filter(|(_, membership)| membership.is_confirmed);
        confirmed.map(|(group, membership)| (group.clone(), membership.alias.clone())).collect()
    }

    /// Waits until there is something to tell a server.
    pub(super) async fn news(&self, server: usize) {
        self.news[server].notified().await;
    }

    /// The next things to tell a server, at most so many. They stay the next ones until [`Members::done`]; the functions in
    /// between report what came of each. An alias is never used twice, so that the end of one membership and the beginning
    /// of another may be told in any order.
    pub(super) fn next(&self, server: usize, most: usize) -> Vec<Step> {
        let mut table = self.table(server);
        let mut steps = std::mem::take(&mut table.in_hand);
        // Some may have ended since they were told in vain.
        steps.retain(|step| table.is_wanted(step));
        while steps.len() < most
            && let Some(step) = table.take_next()
        {
            steps.push(step);
        }
        table.in_hand.clone_from(&steps);
        steps
    }

    /// A server was told the next things.
    pub(super) fn done(&self, server: usize) {
        let mut table = self.table(server);
        for step in std::mem::take(&mut table.in_hand) {
            if let Step::Join(group, alias) = step
                && let Some(membership) = table.current(&group, &alias)
            {
                membership.place = Place::Nowhere;
            }
        }
    }

    /// A server took this membership, and says whether it did not know it before. Yields whether it should have, so that
    /// messages were lost.
    pub(super) fn confirm(&self, group: &GroupName, alias: &Alias, is_new: bool) -> bool {
        let mut table = self.table(self.server_of(group));
        let was_refused = table.refused.contains(group);
        let Some(membership) = table.current(group, alias) else { return false };
        let was_lost = was_refused || membership.is_confirmed && is_new;
        membership.is_confirmed = true;
        membership.is_promised = true;
        membership.settle(|| Ok(()));
        table.refused.remove(group);
        was_lost
    }

    /// A server refused this membership. Subscribers that wait get the error. If others were accepted before, the membership
    /// stays, and [`Members::retry_refused`] tries again. Yields whether those are to be told, which is once.
    pub(super) fn refuse(&self, group: &GroupName, alias: &Alias, reason: &str) -> bool {
        let mut table = self.table(self.server_of(group));
        let Some(membership) = table.current(group, alias) else { return false };
        membership.is_confirmed = false;
        membership.settle(|| Err(LayerError::Refused { reason: reason.to_owned() }));
        if membership.is_promised {
            return table.refused.insert(group.clone());
        }
        self.end(&mut table, group);
        false
    }

    /// Whether members here are in a group that the server does not let this process enter.
    pub(super) fn has_refused(&self, server: usize) -> bool {
        !self.table(server).refused.is_empty()
    }

    /// What a server refused has to be told again.
    pub(super) fn retry_refused(&self, server: usize) {
        let mut table = self.table(server);
        for group in table.refused.clone() {
            table.enqueue(&group, Queue::Again);
        }
    }

    /// A server does not know this membership any more, which has to be told again. Yields whether that is news.
    pub(super) fn forgotten(&self, group: &GroupName, alias: &Alias) -> bool {
        let server = self.server_of(group);
        let mut table = self.table(server);
        let is_known = table.current(group, alias).is_some_and(|it| std::mem::take(&mut it.is_confirmed));
        if is_known {
            table.enqueue(group, Queue::Again);
            self.news[server].notify_one();
        }
        is_known
    }

    /// A membership has to be told again before the server forgets it.
    pub(super) fn renew(&self, group: &GroupName) {
        self.table(self.server_of(group)).enqueue(group, Queue::Again);
    }

    /// Notes whether a server can be reached. While it cannot, subscribers do not wait for it. When it can again, yields
    /// whether any were accepted meanwhile.
    pub(super) fn set_down(&self, server: usize, is_down: bool) -> bool {
        let mut table = self.table(server);
        if !is_down {
            table.is_down = false;
            return std::mem::take(&mut table.owes);
        }
        if !std::mem::replace(&mut table.is_down, true) {
            let table = &mut *table;
            for membership in table.groups.values_mut().filter(|membership| !membership.waiters.is_empty()) {
                membership.is_promised = true;
                membership.settle(|| Ok(()));
                table.owes = true;
            }
        }
        false
    }

    /// Ends all memberships, and says what that takes.
    pub(super) fn end_all(&self, server: usize) -> Vec<Step> {
        let mut table = self.table(server);
        let groups: Vec<_> = table.groups.keys().cloned().collect();
        let ended: Vec<_> =
            groups.into_iter().filter_map(|group| Some((self.end(&mut table, &group)?, group))).collect();
        let ended = ended.into_iter().filter(|(membership, _)| membership.is_sent);
        let ended = ended.map(|(membership, group)| Step::Leave(group, membership.alias));
        let in_hand = std::mem::take(&mut table.in_hand).into_iter().filter(|step| matches!(step, Step::Leave(..)));
        in_hand.chain(table.leaves.drain(..)).chain(ended).collect()
    }

    fn end(&self, table: &mut Table, group: &GroupName) -> Option<Membership> {
        let mut membership = table.groups.remove(group)?;
        if let Place::In(queue, number) = membership.place {
            table.queue(queue).remove(&number);
        }
        table.refused.remove(group);
        self.aliases.write().unwrap_or_else(PoisonError::into_inner).remove(&membership.alias);
        membership.settle(|| Ok(()));
        Some(membership)
    }

    fn server_of(&self, group: &GroupName) -> usize {
        shard(group.as_str(), self.tables.len())
    }

    /// Nothing here panics half-way.
    fn table(&self, server: usize) -> MutexGuard<'_, Table> {
        self.tables[server].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Has a group entered, unless that is to be done already.
    fn enqueue(&mut self, group: &GroupName, queue: Queue) {
        let Some(place) = self.groups.get(group).map(|membership| membership.place) else { return };
        match place {
            Place::Nowhere => {}
            // A subscriber waits for it now.
            Place::In(Queue::Again, number) if queue == Queue::First => drop(self.again.remove(&number)),
            Place::In(..) | Place::InHand => return,
        }
        let number = self.next_place;
        self.next_place += 1;
        self.queue(queue).insert(number, group.clone());
        if let Some(membership) = self.groups.get_mut(group) {
            membership.place = Place::In(queue, number);
        }
    }

    /// Joins that subscribers wait for come first, then leaves, then joins that are repeated.
    fn take_next(&mut self) -> Option<Step> {
        if let Some((_, group)) = self.first.pop_first() {
            return self.join(group);
        }
        if let Some(leave) = self.leaves.pop_front() {
            return Some(leave);
        }
        let (_, group) = self.again.pop_first()?;
        self.join(group)
    }

    fn join(&mut self, group: GroupName) -> Option<Step> {
        let membership = self.groups.get_mut(&group)?;
        membership.place = Place::InHand;
        membership.is_sent = true;
        let alias = membership.alias.clone();
        Some(Step::Join(group, alias))
    }

    fn queue(&mut self, queue: Queue) -> &mut BTreeMap<u64, GroupName> {
        match queue {
            Queue::First => &mut self.first,
            Queue::Again => &mut self.again,
        }
    }

    /// The membership under this alias, unless it ended.
    fn current(&mut self, group: &GroupName, alias: &Alias) -> Option<&mut Membership> {
        self.groups.get_mut(group).filter(|membership| membership.alias == *alias)
    }

    fn is_wanted(&self, step: &Step) -> bool {
        match step {
            Step::Join(group, alias) => self.groups.get(group).is_some_and(|membership| membership.alias == *alias),
            Step::Leave(..) => true,
        }
    }
}

impl Membership {
    fn new(alias: Alias) -> Self {
        Self {
            alias,
            is_confirmed: false,
            is_sent: false,
            is_promised: false,
            place: Place::Nowhere,
            waiters: Vec::new(),
        }
    }

    fn settle(&mut self, result: impl Fn() -> Result<(), LayerError>) {
        for waiter in self.waiters.drain(..) {
            // An error means that the subscriber does not wait any more.
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

    /// Tells the server everything, which takes it.
    fn tell(members: &Members) -> Vec<Step> {
        let steps = members.next(0, 99);
        for step in &steps {
            if let Step::Join(group, alias) = step {
                members.confirm(group, alias, true);
            }
        }
        members.done(0);
        steps
    }

    #[test]
    fn servers_are_told_in_the_order_of_the_calls() {
        let members = Members::new(1);
        let _ = subscribe(&members, "a", "a1");
        let _ = subscribe(&members, "b", "b1");
        assert_eq!(members.next(0, 1), [join("a", "a1")]);
        assert_eq!(members.next(0, 9), [join("a", "a1"), join("b", "b1")], "it was not reported as done");
        members.done(0);
        members.unsubscribe(&name("a"));
        let _ = subscribe(&members, "a", "a2");
        assert_eq!(members.next(0, 9), [join("a", "a2"), leave("a", "a1")]);
        assert_eq!((members.group_of("a1"), members.group_of("a2")), (None, Some(name("a"))));
    }

    #[test]
    fn a_membership_that_the_server_never_knew_ends_silently() {
        let members = Members::new(1);
        members.set_down(0, true);
        for number in 0..100 {
            let _ = subscribe(&members, &format!("g{}", number % 7), &number.to_string());
            members.unsubscribe(&name(&format!("g{}", number % 7)));
        }
        let table = members.table(0);
        assert_eq!((table.first.len(), table.again.len(), table.leaves.len()), (0, 0, 0), "something is kept");
        drop(table);
        assert_eq!(members.next(0, 9), []);
        assert_eq!(members.end_all(0), []);
    }

    #[test]
    fn a_group_that_is_entered_again_while_it_is_being_entered_is_told() {
        let members = Members::new(1);
        let _ = subscribe(&members, "a", "a1");
        assert_eq!(members.next(0, 9), [join("a", "a1")]);
        members.unsubscribe(&name("a"));
        let _ = subscribe(&members, "a", "a2");
        members.done(0);
        assert_eq!(members.next(0, 9), [join("a", "a2"), leave("a", "a1")]);
    }

    #[test]
    fn what_ended_is_kept_within_bounds() {
        let members = Members::new(1);
        for number in 0..=MAX_LEAVES {
            let _ = subscribe(&members, "a", &number.to_string());
            let _ = members.next(0, 1);
            members.done(0);
            members.unsubscribe(&name("a"));
        }
        assert_eq!(members.end_all(0).len(), MAX_LEAVES);
    }

    #[test]
    fn a_promise_is_kept_when_the_server_confirms_or_is_down() {
        let members = Members::new(1);
        let Promise::Open(mut promise) = subscribe(&members, "a", "a1") else { panic!("the server was not asked yet") };
        assert!(promise.try_recv().is_err());
        tell(&members);
        assert!(promise.try_recv().unwrap().is_ok());
        assert!(matches!(subscribe(&members, "a", "never"), Promise::Kept));

        let Promise::Open(mut promise) = subscribe(&members, "b", "b1") else { panic!("the server was not asked yet") };
        members.set_down(0, true);
        assert!(promise.try_recv().unwrap().is_ok());
        assert!(matches!(subscribe(&members, "c", "c1"), Promise::Kept));
        assert!(members.set_down(0, false), "they may have missed something");
        assert!(!members.set_down(0, false));
    }

    #[test]
    fn a_refusal_concerns_waiting_subscribers_only() {
        let members = Members::new(1);
        let Promise::Open(mut promise) = subscribe(&members, "a", "a1") else { panic!("the server was not asked yet") };
        assert!(!members.refuse(&name("a"), &alias("a1"), "no"), "the subscriber that waits gets the error");
        assert!(matches!(promise.try_recv(), Ok(Err(LayerError::Refused { .. }))));
        assert_eq!((members.group_of("a1"), members.has_refused(0)), (None, false));

        let _ = subscribe(&members, "a", "a2");
        tell(&members);
        assert!(members.forgotten(&name("a"), &alias("a2")));
        assert!(members.refuse(&name("a"), &alias("a2"), "not any more"), "a member is to be told");
        assert!(!members.refuse(&name("a"), &alias("a2"), "still not"), "once");
        // Another subscriber is refused alone.
        let Promise::Open(mut promise) = subscribe(&members, "a", "never") else { panic!("it is not registered") };
        assert!(!members.refuse(&name("a"), &alias("a2"), "still not"));
        assert!(matches!(promise.try_recv(), Ok(Err(LayerError::Refused { .. }))));
        assert_eq!((members.group_of("a2"), members.has_refused(0)), (Some(name("a")), true));
        assert!(!members.refuse(&name("a"), &alias("a1"), "an old one"));

        let _ = members.next(0, 9);
        members.done(0);
        members.retry_refused(0);
        members.retry_refused(0);
        assert_eq!(members.next(0, 9), [join("a", "a2")]);
        assert!(members.confirm(&name("a"), &alias("a2"), true), "messages were lost meanwhile");
        assert!(!members.has_refused(0));
    }

    #[test]
    fn new_members_do_not_wait_for_those_that_are_told_again() {
        let members = Members::new(1);
        for group in ["a", "b"] {
            let _ = subscribe(&members, group, group);
        }
        tell(&members);
        assert!(members.forgotten(&name("a"), &alias("a")) && !members.forgotten(&name("a"), &alias("a")));
        members.renew(&name("b"));
        members.renew(&name("b"));
        let _ = subscribe(&members, "c", "c");
        // A subscriber waits for this one.
        let Promise::Open(_promise) = subscribe(&members, "a", "never") else { panic!("it is not registered") };
        assert_eq!(members.next(0, 9), [join("c", "c"), join("a", "a"), join("b", "b")]);
    }

    #[test]
    fn a_membership_that_the_server_had_forgotten_is_a_loss() {
        let members = Members::new(1);
        let _ = subscribe(&members, "a", "a");
        assert!(!members.confirm(&name("a"), &alias("a"), true), "it is new");
        assert!(!members.confirm(&name("a"), &alias("a"), false), "it was there");
        assert!(members.confirm(&name("a"), &alias("a"), true), "it should have been there");
    }

    #[test]
    fn the_end_of_all_forgets_nothing_that_a_server_may_know() {
        let members = Members::new(1);
        for group in ["a", "b"] {
            let _ = subscribe(&members, group, group);
        }
        tell(&members);
        members.unsubscribe(&name("a"));
        let _ = members.next(0, 9);
        let _ = subscribe(&members, "c", "c");
        assert_eq!(members.end_all(0), [leave("a", "a"), leave("b", "b")]);
        assert_eq!(members.group_of("b"), None);
    }
}
