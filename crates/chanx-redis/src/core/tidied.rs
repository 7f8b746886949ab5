//! Which groups were tidied lately: a script removes the members that are gone, and need not run for each message.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chanx_core::layer::GroupName;

/// How often this process tidies a group to which it sends.
const INTERVAL: Duration = Duration::from_secs(10);

/// So many groups are remembered, at most. When there are more they are tidied more often than they have to be.
const MAX_GROUPS: usize = 10_000;

/// When this process last tidied each group.
#[derive(Debug, Default)]
pub(super) struct Tidied(Mutex<HashMap<GroupName, Instant>>);

impl Tidied {
    /// Whether a group is to be tidied now, by the caller.
    pub(super) fn is_due(&self, group: &GroupName) -> bool {
        let now = Instant::now();
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if times.get(group).is_some_and(|time| now.duration_since(*time) < INTERVAL) {
            return false;
        }
        if times.len() >= MAX_GROUPS {
            times.clear();
        }
        times.insert(group.clone(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_tidied_now_and_then_and_few_are_remembered() {
        let tidied = Tidied::default();
        let group = |number: usize| GroupName::new(&format!("g{number}")).unwrap();
        assert_eq!([0, 0, 1, 1].map(|number| tidied.is_due(&group(number))), [true, false, true, false]);
        let Some(past) = Instant::now().checked_sub(INTERVAL) else { return };
        tidied.0.lock().unwrap().insert(group(0), past);
        assert!(tidied.is_due(&group(0)));
        for number in 0..3 * MAX_GROUPS {
            let _ = tidied.is_due(&group(number));
            assert!(tidied.0.lock().unwrap().len() <= MAX_GROUPS);
        }
    }
}
