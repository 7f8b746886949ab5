//! Who is in which group, in this process. Sharded, so that few wait for each other.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chanx_core::layer::GroupName;

use super::mailbox::Mailbox;

const SHARDS: usize = 64;

#[derive(Debug)]
pub(super) struct Groups {
    shards: Vec<RwLock<Shard>>,
    hasher: RandomState,
    /// How many groups there were.
    made: AtomicU64,
}

type Shard = HashMap<GroupName, Members>;

/// The members of a group at one moment. A fan-out goes through such a list without a lock.
pub(super) type MemberList = Arc<Vec<Arc<Mailbox>>>;

/// The members of a group. Each of them knows its place, so that joining and leaving cost the same in groups of any size,
/// except during a fan-out: the first change then copies the list.
#[derive(Debug)]
struct Members {
    /// The number of the group, unlike that of any other, and of one with this name before or after.
    group: u64,
    list: MemberList,
}

impl Default for Groups {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::default()).collect();
        Self { shards, hasher: RandomState::new(), made: AtomicU64::default() }
    }
}

impl Groups {
    /// Adds a member, and calls `joined` before anybody else can join or leave the group. Yields the name that all members
    /// share, too.
    pub(super) fn join<T>(
        &self,
        group: &GroupName,
        member: &Arc<Mailbox>,
        joined: impl FnOnce() -> T,
    ) -> (GroupName, T) {
        let mut shard = self.shard(group).write().unwrap_or_else(PoisonError::into_inner);
        let mut entry = match shard.entry(group.clone()) {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert_entry(self.new_members()),
        };
        entry.get_mut().add(member);
        (entry.key().clone(), joined())
    }

    /// Removes a member, and calls `emptied` if it was the last one, before anybody else can join.
    pub(super) fn leave(&self, group: &GroupName, member: &Mailbox, emptied: impl FnOnce()) {
        let mut shard = self.shard(group).write().unwrap_or_else(PoisonError::into_inner);
        let Some(members) = shard.get_mut(group) else { return };
        members.remove(member);
        if members.list.is_empty() {
            shard.remove(group);
            emptied();
        }
    }

    /// The members that a group has now, if it has any.
    pub(super) fn members(&self, group: &GroupName) -> Option<MemberList> {
        let shard = self.shard(group).read().unwrap_or_else(PoisonError::into_inner);
        shard.get(group).map(|members| Arc::clone(&members.list))
    }

    fn new_members(&self) -> Members {
        Members { group: self.made.fetch_add(1, Ordering::Relaxed), list: Arc::default() }
    }

    fn shard(&self, group: &GroupName) -> &RwLock<Shard> {
        // As many shards as the remainder can be.
        #[allow(clippy::cast_possible_truncation)]
        &self.shards[self.hasher.hash_one(group) as usize % SHARDS]
    }
}

impl Members {
    fn add(&mut self, member: &Arc<Mailbox>) {
        if !member.seats.add_reason(self.group) {
            member.seats.take(self.group, self.list.len());
            let list = Arc::make_mut(&mut self.list);
            if list.is_empty() {
                // The group of one user seldom has more members.
                list.reserve_exact(1);
            }
            list.push(Arc::clone(member));
        }
    }

    /// The member in the last place moves to the one that becomes free.
    fn remove(&mut self, member: &Mailbox) {
        let Some(place) = member.seats.drop_reason(self.group) else { return };
        let list = Arc::make_mut(&mut self.list);
        list.swap_remove(place);
        if let Some(moved) = list.get(place) {
            moved.seats.move_to(self.group, place);
        }
        if list.capacity() > 64 && list.capacity() > list.len() * 4 {
            list.shrink_to(list.len() * 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::hub::tests::format;

    fn mailboxes(count: u64) -> Vec<Arc<Mailbox>> {
        (0..count).map(|id| Arc::new(Mailbox::new(id, format()))).collect()
    }

    fn room() -> GroupName {
        GroupName::new("room").unwrap()
    }

    /// The numbers of the members, each of whom sits where it believes to sit.
    fn members(groups: &Groups, group: &GroupName) -> Vec<u64> {
        let shard = groups.shard(group).read().unwrap();
        let Some(members) = shard.get(group) else { return Vec::new() };
        for (place, member) in members.list.iter().enumerate() {
            assert_eq!(member.seats.place_in(members.group), Some(place), "of {}", member.id);
        }
        members.list.iter().map(|member| member.id).collect()
    }

    fn capacity(groups: &Groups, group: &GroupName) -> usize {
        groups.shard(group).read().unwrap()[group].list.capacity()
    }

    #[test]
    fn only_the_last_to_leave_empties_a_group() {
        let (groups, all) = (Groups::default(), mailboxes(4));
        let emptied = Cell::new(0);
        let leave = |member: usize| groups.leave(&room(), &all[member], || emptied.set(emptied.get() + 1));
        groups.join(&room(), &all[1], || ());
        groups.join(&room(), &all[2], || ());
        for (member, expected) in [(3, 0), (1, 0), (1, 0), (2, 1), (2, 1)] {
            leave(member);
            assert_eq!(emptied.get(), expected);
        }
        assert!(groups.shards.iter().all(|shard| shard.read().unwrap().is_empty()));
    }

    #[test]
    fn members_know_their_seats_whoever_leaves() {
        let (groups, all) = (Groups::default(), mailboxes(6));
        let other = GroupName::new("other").unwrap();
        for member in &all {
            groups.join(&room(), member, || ());
            groups.join(&other, member, || ());
        }
        for (leaver, left) in
            [(1, vec![0, 5, 2, 3, 4]), (4, vec![0, 5, 2, 3]), (0, vec![3, 5, 2]), (5, vec![3, 2]), (3, vec![2])]
        {
            groups.leave(&room(), &all[leaver], || panic!("the group is not empty"));
            assert_eq!(members(&groups, &room()), left);
            assert_eq!(members(&groups, &other), [0, 1, 2, 3, 4, 5]);
        }
        groups.join(&room(), &all[1], || ());
        assert_eq!(members(&groups, &room()), [2, 1]);
    }

    #[test]
    fn a_member_for_two_reasons_sits_once_until_both_are_gone() {
        let (groups, all) = (Groups::default(), mailboxes(2));
        for member in [0, 1, 0] {
            groups.join(&room(), &all[member], || ());
        }
        for left in [vec![0, 1], vec![0, 1], vec![1], vec![1]] {
            assert_eq!(members(&groups, &room()), left);
            groups.leave(&room(), &all[0], || panic!("the group is not empty"));
        }
    }

    #[test]
    fn a_group_that_comes_again_knows_nothing_of_the_earlier_one() {
        let (groups, all) = (Groups::default(), mailboxes(2));
        let numbers = [0, 1].map(|member| {
            groups.join(&room(), &all[member], || ());
            let number = groups.shard(&room()).read().unwrap()[&room()].group;
            groups.leave(&room(), &all[member], || ());
            number
        });
        assert_ne!(numbers[0], numbers[1]);
    }

    #[test]
    fn all_members_share_one_name() {
        let (groups, all) = (Groups::default(), mailboxes(2));
        let names = [0, 1].map(|member| groups.join(&room(), &all[member], || ()).0);
        assert_eq!(names[0].as_str().as_ptr(), names[1].as_str().as_ptr());
    }

    #[test]
    fn a_fan_out_holds_up_no_joins_and_sees_the_members_of_its_beginning() {
        let (groups, all) = (Groups::default(), mailboxes(3));
        groups.join(&room(), &all[0], || ());
        groups.join(&room(), &all[1], || ());
        let list = groups.members(&room()).unwrap();
        // A lock that the list held would be waited for here.
        groups.join(&room(), &all[2], || ());
        groups.leave(&room(), &all[0], || panic!("the group is not empty"));
        let ids = |list: &[Arc<Mailbox>]| list.iter().map(|member| member.id).collect::<Vec<_>>();
        assert_eq!((ids(&list), members(&groups, &room())), (vec![0, 1], vec![2, 1]));
    }

    #[test]
    fn a_group_that_was_large_gives_its_memory_back() {
        let (groups, all) = (Groups::default(), mailboxes(10_000));
        for member in &all {
            groups.join(&room(), member, || ());
        }
        assert!(capacity(&groups, &room()) >= 10_000);
        for member in &all[..9_990] {
            groups.leave(&room(), member, || panic!("the group is not empty"));
        }
        assert!(capacity(&groups, &room()) < 200);
        assert_eq!(members(&groups, &room()).len(), 10);
    }
}
