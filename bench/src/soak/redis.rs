//! A Redis that is killed again and again.
//!
//! It listens on 127.0.0.2, so that its port is not taken by a connection of the load while it is away.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tempfile::TempDir;

use super::error::SoakError;
use crate::redis_server::{RedisServer, free_address};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// How long Redis is away at most.
const AWAY: Duration = Duration::from_secs(3);

/// What is done to Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Killed,
    BackWithItsData,
    BackEmpty,
    Flushed,
}

/// When what is done.
#[derive(Debug)]
pub(super) struct Schedule {
    period: Duration,
    done: usize,
}

/// A Redis that can be killed.
#[derive(Debug)]
pub(super) struct Redis {
    server: Option<RedisServer>,
    address: SocketAddr,
    folder: TempDir,
}

impl Schedule {
    pub(super) fn new(period: Duration) -> Self {
        Self { period, done: 0 }
    }

    /// What is due, so long after the begin.
    pub(super) fn due(&mut self, elapsed: Duration) -> Option<Fault> {
        let (at, fault) = self.step(self.done);
        (elapsed >= at).then(|| {
            self.done += 1;
            fault
        })
    }

    /// In the middle of each period Redis is killed; it comes back with its data and empty in turns. At the end of each
    /// second period it is flushed.
    fn step(&self, number: usize) -> (Duration, Fault) {
        let (pair, step) = ((number / 5) as u32, number % 5);
        let (begin, away) = (self.period * 2 * pair, AWAY.min(self.period / 4));
        let (first, second) = (begin + self.period / 2, begin + self.period * 3 / 2);
        match step {
            0 => (first, Fault::Killed),
            1 => (first + away, Fault::BackWithItsData),
            2 => (second, Fault::Killed),
            3 => (second + away, Fault::BackEmpty),
            _ => (begin + self.period * 2, Fault::Flushed),
        }
    }
}

impl Redis {
    pub(super) fn start() -> Result<Self, SoakError> {
        RedisServer::version().ok_or(SoakError::NoRedis)?;
        let folder = TempDir::new().map_err(SoakError::System)?;
        let address = free_address(ADDRESS).map_err(SoakError::System)?;
        let mut redis = Self { server: None, address, folder };
        redis.come_back()?;
        Ok(redis)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn suffer(&mut self, fault: Fault) -> Result<(), SoakError> {
        match fault {
            Fault::Killed => self.server = None,
            Fault::BackWithItsData => self.come_back()?,
            Fault::BackEmpty => {
                self.forget().map_err(SoakError::System)?;
                self.come_back()?;
            }
            Fault::Flushed => self.server.as_ref().map_or(Ok(()), RedisServer::flush).map_err(SoakError::System)?,
        }
        Ok(())
    }

    pub(super) fn is_away(&self) -> bool {
        self.server.is_none()
    }

    fn come_back(&mut self) -> Result<(), SoakError> {
        self.server = Some(RedisServer::start_in(self.folder.path(), self.address)?);
        Ok(())
    }

    fn forget(&self) -> std::io::Result<()> {
        for entry in fs::read_dir(self.folder.path())? {
            let path = entry?.path();
            if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
        }
        Ok(())
    }
}

impl Fault {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::BackWithItsData => "back with its data",
            Self::BackEmpty => "back, empty",
            Self::Flushed => "flushed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redis_is_killed_in_each_period_and_comes_back_in_turns() {
        let mut schedule = Schedule::new(Duration::from_secs(60));
        let mut seen = Vec::new();
        for second in 0..=240 {
            while let Some(fault) = schedule.due(Duration::from_secs(second)) {
                seen.push((second, fault));
            }
        }
        use Fault::{BackEmpty, BackWithItsData, Flushed, Killed};
        let first = [(30, Killed), (33, BackWithItsData), (90, Killed), (93, BackEmpty), (120, Flushed)];
        let second = first.map(|(at, fault)| (at + 120, fault));
        assert_eq!(seen, [first, second].concat());
    }

    #[test]
    fn in_a_short_period_redis_is_away_for_a_quarter_of_it() {
        let mut schedule = Schedule::new(Duration::from_secs(4));
        let mut due = |milliseconds| schedule.due(Duration::from_millis(milliseconds));
        assert_eq!(
            [due(1999), due(2000), due(2999), due(3000)],
            [None, Some(Fault::Killed), None, Some(Fault::BackWithItsData)]
        );
    }
}
