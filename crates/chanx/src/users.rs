//! How many connections each user has.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::auth::{Identity, user_key};

/// The users of one server who have connections.
#[derive(Debug)]
pub(crate) struct Users {
    limit: Option<usize>,
    hasher: RandomState,
    /// By a hash under a random key, since keys may be long.
    counts: Mutex<HashMap<u64, usize>>,
}

/// The place of one connection, given back when this is dropped.
#[derive(Debug)]
pub(crate) struct UserPlace {
    users: Arc<Users>,
    user: u64,
}

/// A user has as many connections as allowed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Users {
    pub(crate) fn new(limit: Option<usize>) -> Arc<Self> {
        Arc::new(Self { limit, hasher: RandomState::new(), counts: Mutex::default() })
    }

    /// A place for one more connection of a user; none is needed by users without a key.
    pub(crate) fn take<U: Identity>(self: &Arc<Self>, user: &U) -> Result<Option<UserPlace>, TooMany> {
        let Some((limit, key)) = self.limit.zip(user_key(user)) else { return Ok(None) };
        let user = self.hasher.hash_one(key);
        let mut counts = self.counts();
        let count = counts.entry(user).or_default();
        if *count >= limit {
            return Err(TooMany);
        }
        *count += 1;
        Ok(Some(UserPlace { users: Arc::clone(self), user }))
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<u64, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UserPlace {
    fn drop(&mut self) {
        let mut counts = self.users.counts();
        match counts.get_mut(&self.user) {
            Some(count) if *count > 1 => *count -= 1,
            _ => _ = counts.remove(&self.user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::User;

    struct Robot(&'static str);

    impl Identity for Robot {
        fn key(&self) -> Option<String> {
            Some(self.0.to_owned())
        }
    }

    #[test]
    fn each_user_has_as_many_places_as_allowed() {
        let users = Users::new(Some(2));
        let (ann, bob) = (User::new(1, "ann"), User::new(2, "bob"));
        let first = users.take(&ann).unwrap();
        let second = users.take(&ann).unwrap();
        assert_eq!(users.take(&ann).unwrap_err(), TooMany);
        let other = users.take(&bob).unwrap();
        drop(first);
        let third = users.take(&ann).unwrap();
        assert_eq!(users.take(&ann).unwrap_err(), TooMany);
        drop((second, other, third));
        assert!(users.counts().is_empty(), "a user without connections takes no room");
    }

    #[test]
    fn users_of_different_types_are_different_users() {
        let users = Users::new(Some(1));
        let _user = users.take(&User::new(7, "ann")).unwrap();
        assert!(users.take(&Robot("7")).unwrap().is_some());
        assert!(users.take(&User::new(7, "ann")).is_err());
    }

    #[test]
    fn who_has_no_key_is_not_counted() {
        let users = Users::new(Some(1));
        for _ in 0..3 {
            assert!(users.take(&User::anonymous()).unwrap().is_none());
        }
        assert!(Users::new(None).take(&Robot("7")).unwrap().is_none());
    }
}
