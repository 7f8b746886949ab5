//! Memory: what connections cost that do nothing.

use std::time::{Duration, Instant};

use super::{Conditions, MeasureError};
use crate::cpu;
use crate::deployment::Deployment;
use crate::load::{Door, Echo, Exchange, Visits, Whither};
use crate::memory::Memory;
use crate::sample::{Figure, Sample};
use crate::servers::{Circumstances, Kind, ROOM, SESSION};
use crate::sessions::Sessions;
use crate::work::Login;

/// How many come and go before the first look, so that what is there once and for all is there.
const FORERUNNERS: usize = 32;

/// A server is at rest when it has used no processor time for so long.
const REST: Duration = Duration::from_millis(300);
/// How long that may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn measure(
    connections: u32,
    login: Login,
    kind: Kind,
    conditions: Conditions,
) -> Result<Sample, MeasureError> {
    let sessions = Sessions::for_login(login)?;
    let circumstances = Circumstances {
        database: sessions.database(),
        is_uncached: login == Login::Session,
        ..Circumstances::default()
    };
    let servers = Deployment::start(kind, 1, circumstances, conditions.cores)?;
    let path = if login == Login::Nobody { ROOM } else { SESSION };
    let door = Door::into_room(path, kind.dialect()).with(sessions.keys());
    Visits::new(servers.address(), door, Whither::Leave)?.run(FORERUNNERS, FORERUNNERS)?;
    let base = at_rest(&servers)?;
    let mut load = Echo::connect(&servers.addresses(), connections as usize, &door, Exchange::Echo)?;
    let before = at_rest(&servers)?;
    load.ask_all()?;
    let after = at_rest(&servers)?;
    load.ask_all()?;
    let per_connection = |bytes: u64, base: u64| (bytes as f64 - base as f64) / f64::from(connections);
    Ok(Sample::default()
        .with(Figure::Base, base.resident as f64 / f64::from(1 << 20))
        .with(Figure::BytesBefore, per_connection(before.resident, base.resident))
        .with(Figure::Bytes, per_connection(after.resident, base.resident))
        .with(Figure::SharedBytes, per_connection(after.shared, base.shared))
        .with(Figure::Alive, f64::from(connections)))
}

/// The memory of the servers when they have done all that there was to do.
pub(super) fn at_rest(servers: &Deployment) -> Result<Memory, MeasureError> {
    let used = || cpu::of_processes(servers.processes()).map_err(MeasureError::System);
    let begin = Instant::now();
    let mut earlier = used()?;
    loop {
        std::thread::sleep(REST);
        let now = used()?;
        if now == earlier {
            return servers.memory().map_err(MeasureError::System);
        }
        if begin.elapsed() > PATIENCE {
            return Err(MeasureError::Restless);
        }
        earlier = now;
    }
}
