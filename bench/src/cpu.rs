//! The processor time of processes and of the machine, as the kernel counts it.

use std::fs;
use std::io;
use std::ops::{Add, Sub};
use std::time::Duration;

/// What a process has used, all of its threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used {
    /// In its own code.
    pub(crate) user: Duration,
    /// In the kernel on its behalf.
    pub(crate) system: Duration,
}

impl Used {
    pub(crate) fn total(self) -> Duration {
        self.user + self.system
    }
}

impl Add for Used {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { user: self.user + other.user, system: self.system + other.system }
    }
}

impl Sub for Used {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { user: self.user - other.user, system: self.system - other.system }
    }
}

/// What a process has used so far.
///
/// # Errors
/// There is no such process.
pub(crate) fn of_process(id: u32) -> io::Result<Used> {
    process(&fs::read_to_string(format!("/proc/{id}/stat"))?)
}

fn process(stat: &str) -> io::Result<Used> {
    // The second field is the name in parentheses, and may hold anything; user and system time are the 14th and 15th.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let fields: Vec<_> = fields.split_ascii_whitespace().skip(11).take(2).collect();
    let [user, system] = fields[..] else { return Err(unreadable()) };
    Ok(Used { user: time([user])?, system: time([system])? })
}

/// What several processes have used so far.
///
/// # Errors
/// One of them runs no longer.
pub(crate) fn of_processes(mut ids: impl Iterator<Item = u32>) -> io::Result<Used> {
    ids.try_fold(Used::default(), |sum, id| Ok(sum + of_process(id)?))
}

/// The time that all processors together have spent on anything at all.
///
/// # Errors
/// The system does not tell.
pub(crate) fn of_machine() -> io::Result<Duration> {
    machine(&fs::read_to_string("/proc/stat")?)
}

fn machine(stat: &str) -> io::Result<Duration> {
    let fields: Vec<_> = stat.lines().next().unwrap_or_default().split_ascii_whitespace().skip(1).collect();
    // user, nice, system, idle, iowait, irq, softirq
    let [user, nice, system, _, _, irq, softirq, ..] = fields[..] else { return Err(unreadable()) };
    time([user, nice, system, irq, softirq])
}

fn time<const N: usize>(ticks: [&str; N]) -> io::Result<Duration> {
    let ticks: u64 = ticks.iter().map(|ticks| ticks.parse::<u64>().ok()).sum::<Option<_>>().ok_or_else(unreadable)?;
    Ok(Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second()))
}

fn unreadable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the kernel's figures cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn whoever_works_uses_time() {
        let used = || (of_process(std::process::id()).unwrap().total(), of_machine().unwrap());
        let (begin, (own, machine)) = (Instant::now(), used());
        // The kernel does not count both at the same moment.
        while !matches!(used(), (own_now, machine_now) if own_now > own && machine_now > machine) {
            assert!(begin.elapsed() < Duration::from_secs(60), "a minute of work is not seen");
        }
    }

    fn ticks(ticks: u64) -> Duration {
        Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second())
    }

    #[test]
    fn the_times_of_a_process_stand_behind_a_name_that_may_hold_anything() {
        let used = process("7 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 1100 1200 13 14 15").unwrap();
        assert_eq!((used.user, used.system, used.total()), (ticks(1100), ticks(1200), ticks(2300)));
        assert!(process("7 (a) S 1 2 3 4 5 6 7 8 9 10 1100").is_err() && process("").is_err());
    }

    #[test]
    fn a_machine_that_waits_does_not_work() {
        let spent = machine("cpu  1 20 300 4000 50000 600000 7000000 80000000 9\ncpu0 1 1 1 1 1 1 1\n").unwrap();
        assert_eq!(spent, ticks(7_600_321));
        assert!(machine("cpu 1 2 3").is_err() && machine("cpu 1 2 3 4 5 x 7").is_err());
    }
}
