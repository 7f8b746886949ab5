//! Who is in which group, in this process. Sharded, so that few wait for each other.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError, RwLock};

use chanx_core::layer::GroupName;
use indexmap::IndexMap;

use super::mailbox::Mailbox;

const SHARDS: usize = 64;

/// The members of a group by the number of their connection. Joining and leaving cost the same in groups of any size.
pub(super) type Members = IndexMap<u64, Member, RandomState>;

/// A connection in a group, once for whatever number of reasons.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) mailbox: Arc<Mailbox>,
    reasons: u32,
}

#[derive(Debug)]
pub(super) struct Groups {
    shards: Vec<RwLock<HashMap<GroupName, Members>>>,
    hasher: RandomState,
}

impl Default for Groups {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| RwLock::default()).collect(), hasher: RandomState::new() }
    }
}

impl Groups {
    /// Adds a member, and calls `joined` before anybody else can join or leave the group.
    pub(super) fn join<T>(&self, group: &GroupName, member: Arc<Mailbox>, joined: impl FnOnce() -> T) -> T {
        let mut shard = self.shard(group).write().unwrap_or_else(PoisonError::into_inner);
        let members = shard.entry(group.clone()).or_default();
        members.entry(member.id).or_insert(Member { mailbox: member, reasons: 0 }).reasons += 1;
        joined()
    }

    /// Removes a member, and calls `emptied` if it was the last one, before anybody else can join.
    pub(super) fn leave(&self, group: &GroupName, member: u64, emptied: impl FnOnce()) {
        let mut shard = self.shard(group).write().unwrap_or_else(PoisonError::into_inner);
        let Some(members) = shard.get_mut(group) else { return };
        let Some(entry) = members.get_mut(&member) else { return };
        entry.reasons -= 1;
        if entry.reasons > 0 {
            return;
        }
        members.swap_remove(&member);
        if members.is_empty() {
            shard.remove(group);
            emptied();
        } else if members.capacity() > 64 && members.capacity() > members.len() * 4 {
            members.shrink_to(members.len() * 2);
        }
    }

    /// Shows the members of a group, if it has any.
    pub(super) fn visit<T>(&self, group: &GroupName, visit: impl FnOnce(&Members) -> T) -> Option<T> {
        let shard = self.shard(group).read().unwrap_or_else(PoisonError::into_inner);
        shard.get(group).map(visit)
    }

    fn shard(&self, group: &GroupName) -> &RwLock<HashMap<GroupName, Members>> {
        // As many shards as the remainder can be.
        #[allow(clippy::cast_possible_truncation)]
        &self.shards[self.hasher.hash_one(group) as usize % SHARDS]
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::hub::tests::format;

    fn mailbox(id: u64) -> Arc<Mailbox> {
        Arc::new(Mailbox::new(id, format()))
    }

    fn capacity(groups: &Groups, group: &GroupName) -> usize {
        groups.visit(group, Members::capacity).unwrap_or_default()
    }

    #[test]
    fn only_the_last_to_leave_empties_a_group() {
        let (groups, room) = (Groups::default(), GroupName::new("room").unwrap());
        let emptied = Cell::new(0);
        let leave = |member| groups.leave(&room, member, || emptied.set(emptied.get() + 1));
        groups.join(&room, mailbox(1), || ());
        groups.join(&room, mailbox(2), || ());
        for (member, expected) in [(3, 0), (1, 0), (1, 0), (2, 1), (2, 1)] {
            leave(member);
            assert_eq!(emptied.get(), expected);
        }
        assert!(groups.shards.iter().all(|shard| shard.read().unwrap().is_empty()));
    }

    #[test]
    fn a_group_that_was_large_gives_its_memory_back() {
        let (groups, room) = (Groups::default(), GroupName::new("room").unwrap());
        for id in 0..10_000 {
            groups.join(&room, mailbox(id), || ());
        }
        assert!(capacity(&groups, &room) >= 10_000);
        for id in 0..9_990 {
            groups.leave(&room, id, || panic!("the group is not empty"));
        }
        assert!(capacity(&groups, &room) < 200);
    }
}
