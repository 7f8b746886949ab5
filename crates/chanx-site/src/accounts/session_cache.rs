//! Login sessions with their users, as they were at a version of the database. Knows no database.

use std::collections::HashMap;
use std::fmt;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::database::Version;

use super::Account;

/// The hash of a session's key: memory holds no key that would open a session, and how long a comparison takes tells
/// nothing about one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SessionKey([u8; 32]);

impl SessionKey {
    pub(super) fn of(key: &str) -> Self {
        Self(Sha256::digest(key).into())
    }
}

/// A genuine session, and the active user to whom it leads.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) account: Account,
    /// As in the database.
    pub(super) expires: String,
}

/// What is known of a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The user who is logged in, as the database would say now.
    Current(Account),
    /// The user who was logged in at another version. A hint where to look, and no more.
    Outdated { user_id: i64 },
}

/// Bounded: two generations of half the size. The older one goes when the younger is full; who is met in it moves over.
pub(super) struct SessionCache {
    size: usize,
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<SessionKey, Entry>,
    old: HashMap<SessionKey, Entry>,
}

struct Entry {
    version: Version,
    login: Login,
}

impl SessionCache {
    pub(super) fn new(size: usize) -> Self {
        Self { size, generations: Mutex::default() }
    }

    pub(super) fn is_on(&self) -> bool {
        self.size > 0
    }

    /// What is known of a session while the database is at `version` and the time is `now`, as the database writes it.
    pub(super) fn find(&self, key: &SessionKey, version: Version, now: &str) -> Option<Found> {
        let mut generations = self.lock();
        let entry = generations.touch(key, self.size)?;
        Some(entry.judge(version, now))
    }

    /// Keeps what was read since the database was at `version`; a session that leads to nobody is forgotten.
    pub(super) fn keep(&self, key: SessionKey, version: Version, login: Option<Login>) {
        let mut generations = self.lock();
        generations.remove(&key);
        if let Some(login) = login {
            generations.insert(key, Entry { version, login }, self.size);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn touch(&mut self, key: &SessionKey, size: usize) -> Option<&Entry> {
        if let Some(entry) = self.old.remove(key) {
            self.insert(*key, entry, size);
        }
        self.young.get(key)
    }

    fn remove(&mut self, key: &SessionKey) {
        self.young.remove(key);
        self.old.remove(key);
    }

    /// Keeps an entry of which there is no other.
    fn insert(&mut self, key: SessionKey, entry: Entry, size: usize) {
        let half = size / 2;
        if self.young.len() >= half.max(1) {
            self.old = mem::take(&mut self.young);
        }
        if half == 0 {
            self.old.clear();
        }
        self.young.insert(key, entry);
    }
}

impl Entry {
    fn judge(&self, version: Version, now: &str) -> Found {
        // The rule of the query that found the session.
        if self.version == version && self.login.expires.as_str() > now {
            return Found::Current(self.login.account.clone());
        }
        Found::Outdated { user_id: self.login.account.id }
    }
}

/// Without users.
impl fmt::Debug for SessionCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionCache").field("size", &self.size).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    const NOW: &str = "2026-11-23 04:00:00";

    fn login(id: i64) -> Login {
        let account = Account {
            id,
            username: "alice".to_owned(),
            email: String::new(),
            first_name: String::new(),
            last_name: String::new(),
            is_active: true,
            is_staff: false,
            is_superuser: false,
            date_joined: SystemTime::UNIX_EPOCH,
            last_login: None,
        };
        Login { account, expires: "2026-11-23 04:00:00.000001".to_owned() }
    }

    fn key(number: i64) -> SessionKey {
        SessionKey::of(&number.to_string())
    }

    fn filled(size: usize, sessions: i64) -> SessionCache {
        let cache = SessionCache::new(size);
        for number in 0..sessions {
            cache.keep(key(number), Version::test(1), Some(login(number)));
        }
        cache
    }

    fn len(cache: &SessionCache) -> usize {
        let generations = cache.lock();
        generations.young.len() + generations.old.len()
    }

    #[test]
    fn a_session_counts_at_its_version_and_in_its_time_alone() {
        let cache = filled(10, 2);
        assert_eq!(cache.find(&key(1), Version::test(1), NOW), Some(Found::Current(login(1).account)));
        assert_eq!(cache.find(&key(1), Version::test(2), NOW), Some(Found::Outdated { user_id: 1 }));
        for late in ["2026-11-23 04:00:00.000001", "2026-11-23 04:00:01", "2027-01-01 00:00:00"] {
            assert_eq!(cache.find(&key(1), Version::test(1), late), Some(Found::Outdated { user_id: 1 }), "{late}");
        }
        assert_eq!(cache.find(&key(2), Version::test(1), NOW), None);
    }

    #[test]
    fn there_are_never_more_than_the_size() {
        for size in 1..10 {
            let cache = filled(size, 100);
            assert!((1..=size).contains(&len(&cache)), "{size}");
            for number in 0..100 {
                cache.find(&key(number), Version::test(1), NOW);
                cache.keep(key(number % 7), Version::test(1), Some(login(number)));
                assert!(len(&cache) <= size, "{size}");
            }
        }
    }

    #[test]
    fn who_comes_often_stays() {
        let cache = filled(10, 1);
        for number in 1..100 {
            cache.keep(key(number), Version::test(1), Some(login(number)));
            assert!(cache.find(&key(0), Version::test(1), NOW).is_some(), "{number}");
        }
        assert_eq!(cache.find(&key(1), Version::test(1), NOW), None);
    }

    #[test]
    fn a_session_is_kept_once_and_forgotten_wholly() {
        let cache = filled(4, 3);
        cache.keep(key(0), Version::test(2), Some(login(9)));
        assert_eq!(cache.find(&key(0), Version::test(2), NOW), Some(Found::Current(login(9).account)));
        assert_eq!(len(&cache), 3);
        cache.keep(key(0), Version::test(2), None);
        assert_eq!(cache.find(&key(0), Version::test(2), NOW), None);
        assert_eq!(len(&cache), 2);
    }

    #[test]
    fn nothing_secret_is_shown() {
        let cache = filled(4, 3);
        assert_eq!(format!("{cache:?}"), "SessionCache { size: 4, .. }");
    }
}
