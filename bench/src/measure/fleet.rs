//! A fleet: more connections than one process may hold, logged in, in a group of each process, and pinged.

use std::time::{Duration, Instant};

use super::idle::at_rest;
use super::{Conditions, MeasureError};
use crate::cpu::{self, Used};
use crate::deployment::Deployment;
use crate::hold::{Held, Holder};
use crate::sample::{Figure, Sample};
use crate::servers::{Circumstances, Kind};
use crate::sessions::Sessions;

/// Connections of one process. Processes are often allowed 20,000 descriptors or a little more.
const PER_PROCESS: u32 = 15_000;
/// Seconds between two pings.
const PING_INTERVAL: f64 = 5.0;
/// How often everybody is pinged at least while the fleet is held.
const PINGS: f64 = 2.0;

pub(super) fn measure(connections: u32, kind: Kind, conditions: Conditions) -> Result<Sample, MeasureError> {
    let sessions = Sessions::create()?;
    let circumstances =
        Circumstances { database: sessions.database(), ping_interval: Some(PING_INTERVAL), ..Circumstances::default() };
    let servers = Deployment::start(kind, shares(connections).count(), circumstances, conditions.cores)?;
    let base = at_rest(&servers)?;
    let (begin, before) = (Instant::now(), used(servers.processes())?);
    let holders = connect(connections, &servers, &sessions)?;
    let (connecting, connected) = (begin.elapsed(), used(servers.processes())?);
    let busy = hold(&servers, &holders, conditions)?;
    let memory = servers.memory().map_err(MeasureError::System)?;
    let held = finish(holders)?;
    let each = |figure: f64| figure / f64::from(connections);
    Ok(Sample::default()
        .with(Figure::PerSecond, f64::from(connections) / connecting.as_secs_f64())
        .with(Figure::Cpu, each((connected - before).total().as_secs_f64() * 1e6))
        .with(Figure::UserCpu, each((connected - before).user.as_secs_f64() * 1e6))
        .with(Figure::Base, base.resident as f64 / f64::from(1 << 20))
        .with(Figure::Bytes, each(memory.resident as f64 - base.resident as f64))
        .with(Figure::SharedBytes, each(memory.shared as f64 - base.shared as f64))
        .with(Figure::IdleBusy, busy.servers)
        .with(Figure::LoadBusy, busy.load)
        .with(Figure::Pings, each(held.pings as f64))
        .with(Figure::Alive, held.alive as f64))
}

/// How many connections each process gets.
fn shares(connections: u32) -> impl Iterator<Item = u32> {
    (0..connections).step_by(PER_PROCESS as usize).map(move |first| PER_PROCESS.min(connections - first))
}

/// Connects one process after another, so that each has the machine to itself while it does.
fn connect(connections: u32, servers: &Deployment, sessions: &Sessions) -> Result<Vec<Holder>, MeasureError> {
    let addresses = servers.addresses();
    let parts = addresses.into_iter().zip(shares(connections)).zip(sessions.keys().iter().cycle());
    parts.map(|((address, share), session)| Holder::start(address, share, session)).collect()
}

/// Shares of a core.
struct Busy {
    servers: f64,
    load: f64,
}

/// Waits until everybody has been pinged, or longer.
fn hold(servers: &Deployment, holders: &[Holder], conditions: Conditions) -> Result<Busy, MeasureError> {
    let duration = conditions.duration().max(Duration::from_secs_f64(PING_INTERVAL * (PINGS + 1.0)));
    let load = || used(holders.iter().map(Holder::id));
    let (begin, servers_before, load_before) = (Instant::now(), used(servers.processes())?, load()?);
    std::thread::sleep(duration);
    let elapsed = begin.elapsed().as_secs_f64();
    let share = |used: Used| used.total().as_secs_f64() / elapsed;
    Ok(Busy { servers: share(used(servers.processes())? - servers_before), load: share(load()? - load_before) })
}

fn finish(holders: Vec<Holder>) -> Result<Held, MeasureError> {
    holders.into_iter().try_fold(Held::default(), |sum, holder| Ok(sum + holder.finish()?))
}

fn used(processes: impl Iterator<Item = u32>) -> Result<Used, MeasureError> {
    cpu::of_processes(processes).map_err(MeasureError::System)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_process_gets_more_than_it_may_hold() {
        assert_eq!(shares(20).collect::<Vec<_>>(), [20]);
        assert_eq!(shares(40_000).collect::<Vec<_>>(), [15_000, 15_000, 10_000]);
        assert_eq!(shares(30_000).count(), 2);
    }
}
