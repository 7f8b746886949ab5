//! The bounded memory of failed logins that slows guessing down. Knows no request and reads no clock.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Pairs of address and name that are remembered at once.
const CAPACITY: usize = 10_000;

/// Longer names are cut: no account has such a name, and the table must not hold long texts.
const MAX_NAME_CHARS: usize = 150;

/// How many logins may fail for one address and one user name within a time.
///
/// The count of a pair begins with its first attempt and is forgotten when the window has passed
/// or a login succeeds. When the table is full, the oldest count makes room.
#[derive(Debug)]
pub(crate) struct LoginThrottle {
    limit: u32,
    window: Duration,
    attempts: Mutex<HashMap<Key, Attempts>>,
}

/// Whose attempts are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    address: Option<IpAddr>,
    username: String,
}

#[derive(Debug, Clone, Copy)]
struct Attempts {
    first: Instant,
    count: u32,
}

impl Key {
    /// A pair of peer and name. Addresses of one IPv6 network of 64 bits are one peer, since
    /// every subscriber has a whole one; names differ neither in case nor in surrounding blanks.
    pub(crate) fn new(address: Option<IpAddr>, username: &str) -> Self {
        let username = username.trim().chars().take(MAX_NAME_CHARS).collect::<String>();
        Self { address: address.map(network), username: username.to_lowercase() }
    }
}

impl LoginThrottle {
    pub(crate) fn new(limit: u32, window: Duration) -> Self {
        Self { limit, window, attempts: Mutex::default() }
    }

    /// Counts an attempt *before* its password is checked, so that attempts at the same moment
    /// cannot pass together.
    ///
    /// # Errors
    /// The limit is reached; the error is how long to wait.
    pub(crate) fn begin(&self, key: &Key, now: Instant) -> Result<(), Duration> {
        let mut attempts = self.lock();
        let current = attempts.get(key).copied().filter(|attempts| attempts.age(now) < self.window);
        let current = current.unwrap_or(Attempts { first: now, count: 0 });
        if current.count >= self.limit {
            return Err(self.window.saturating_sub(current.age(now)));
        }
        if !attempts.contains_key(key) {
            make_room(&mut attempts, self.window, now);
        }
        attempts.insert(key.clone(), Attempts { count: current.count + 1, ..current });
        Ok(())
    }

    /// Forgets the attempts of a pair that has logged in, or that could not be checked.
    pub(crate) fn forget(&self, key: &Key) {
        self.lock().remove(key);
    }

    /// The table holds plain counts, which are whole even if a holder of the lock panicked.
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Attempts>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempts {
    fn age(self, now: Instant) -> Duration {
        now.saturating_duration_since(self.first)
    }
}

fn make_room(attempts: &mut HashMap<Key, Attempts>, window: Duration, now: Instant) {
    if attempts.len() < CAPACITY {
        return;
    }
    attempts.retain(|_, attempts| attempts.age(now) < window);
    if attempts.len() < CAPACITY {
        return;
    }
    let oldest = attempts.iter().min_by_key(|(_, attempts)| attempts.first);
    if let Some(key) = oldest.map(|(key, _)| key.clone()) {
        attempts.remove(&key);
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    fn key(address: &str, username: &str) -> Key {
        Key::new(Some(address.parse().unwrap()), username)
    }

    #[test]
    fn the_limit_holds_within_the_window_only() {
        let throttle = LoginThrottle::new(2, WINDOW);
        let (start, alice) = (Instant::now(), key("10.0.0.1", "alice"));
        assert_eq!(throttle.begin(&alice, start), Ok(()));
        assert_eq!(throttle.begin(&alice, start + Duration::from_secs(10)), Ok(()));
        let refused = throttle.begin(&alice, start + Duration::from_secs(20));
        assert_eq!(refused, Err(Duration::from_secs(40)));
        assert_eq!(throttle.begin(&alice, start + WINDOW), Ok(()));
    }

    #[test]
    fn refused_attempts_do_not_extend_the_wait() {
        let throttle = LoginThrottle::new(1, WINDOW);
        let (start, alice) = (Instant::now(), key("10.0.0.1", "alice"));
        assert_eq!(throttle.begin(&alice, start), Ok(()));
        for second in 1..60 {
            assert!(throttle.begin(&alice, start + Duration::from_secs(second)).is_err());
        }
        assert_eq!(throttle.begin(&alice, start + WINDOW), Ok(()));
    }

    #[test]
    fn another_name_or_address_is_counted_apart() {
        let throttle = LoginThrottle::new(1, WINDOW);
        let now = Instant::now();
        assert_eq!(throttle.begin(&key("10.0.0.1", "alice"), now), Ok(()));
        assert_eq!(throttle.begin(&key("10.0.0.1", "bob"), now), Ok(()));
        assert_eq!(throttle.begin(&key("10.0.0.2", "alice"), now), Ok(()));
        assert_eq!(throttle.begin(&Key::new(None, "alice"), now), Ok(()));
        assert!(throttle.begin(&key("10.0.0.1", " ALICE "), now).is_err());
        assert!(throttle.begin(&key("::ffff:10.0.0.1", "alice"), now).is_err());
    }

    #[test]
    fn a_network_of_64_bits_is_one_peer() {
        assert_eq!(key("2001:db8:1:2:3::1", "a"), key("2001:db8:1:2:ffff::2", "a"));
        assert_ne!(key("2001:db8:1:2::1", "a"), key("2001:db8:1:3::1", "a"));
    }

    #[test]
    fn success_forgets_the_failures() {
        let throttle = LoginThrottle::new(1, WINDOW);
        let (now, alice) = (Instant::now(), key("10.0.0.1", "alice"));
        assert_eq!(throttle.begin(&alice, now), Ok(()));
        throttle.forget(&alice);
        assert_eq!(throttle.begin(&alice, now), Ok(()));
    }

    #[test]
    fn a_full_table_drops_its_oldest_count() {
        let throttle = LoginThrottle::new(1, WINDOW);
        let start = Instant::now();
        for number in 0..=CAPACITY {
            let now = start + Duration::from_micros(number as u64);
            assert_eq!(throttle.begin(&key("10.0.0.1", &number.to_string()), now), Ok(()));
        }
        assert_eq!(throttle.lock().len(), CAPACITY);
        let now = start + Duration::from_secs(1);
        assert!(throttle.begin(&key("10.0.0.1", "1"), now).is_err());
        assert_eq!(throttle.begin(&key("10.0.0.1", "0"), now), Ok(()));
    }
}
