//! Growth: the same amount of work each second among few connections and among many.

use super::{Conditions, MeasureError, metered};
use crate::deployment::Deployment;
use crate::load::{Door, Echo, Exchange, Fanout};
use crate::sample::Sample;
use crate::servers::{Circumstances, ECHO, Kind, ROOM};
use crate::work::Growing;

/// Messages, or changes of membership, each second: no more than any server can do.
const MESSAGES: f64 = 20_000.0;
/// Deliveries each second.
const DELIVERIES: f64 = 60_000.0;

pub(super) fn measure(
    of: Growing,
    connections: u32,
    kind: Kind,
    conditions: Conditions,
) -> Result<Sample, MeasureError> {
    let servers = Deployment::start(kind, 1, Circumstances::default(), conditions.cores)?;
    let dialect = kind.dialect();
    match of {
        Growing::Echo => exchanges(&servers, connections, &Door::open(ECHO, dialect), Exchange::Echo, conditions),
        Growing::Membership => {
            exchanges(&servers, connections, &Door::into_room(ROOM, dialect), Exchange::Rejoin, conditions)
        }
        Growing::Fanout => deliveries(&servers, connections, kind, conditions),
    }
}

fn exchanges(
    servers: &Deployment,
    connections: u32,
    door: &Door<'_>,
    exchange: Exchange,
    conditions: Conditions,
) -> Result<Sample, MeasureError> {
    let mut load = Echo::connect(&servers.addresses(), connections as usize, door, exchange)?;
    load.run_at(MESSAGES, conditions.warm_up())?;
    let sample = metered(servers, || load.run_at(MESSAGES, conditions.duration()))?;
    load.settle()?;
    Ok(sample)
}

fn deliveries(servers: &Deployment, members: u32, kind: Kind, conditions: Conditions) -> Result<Sample, MeasureError> {
    let door = Door::into_room(ROOM, kind.dialect());
    let mut load = Fanout::connect(&servers.addresses(), members as usize, &door, kind.knows_the_sender())?;
    let messages = DELIVERIES / f64::from(members);
    load.run_at(messages, conditions.warm_up())?;
    let sample = metered(servers, || load.run_at(messages, conditions.duration()))?;
    load.settle()?;
    Ok(sample)
}
