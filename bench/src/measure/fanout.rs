//! Fan-out: one group, one of whose members speaks.

use super::{Conditions, MeasureError, metered};
use crate::deployment::Deployment;
use crate::layer::Layer;
use crate::load::{Door, Fanout};
use crate::sample::Sample;
use crate::servers::{Kind, ROOM};

pub(super) fn measure(
    layer: Layer,
    members: u32,
    outstanding: u32,
    kind: Kind,
    conditions: Conditions,
) -> Result<Sample, MeasureError> {
    let servers = Deployment::start_over(layer, kind, conditions.cores)?;
    let door = Door::into_room(ROOM, kind.dialect());
    let mut load = Fanout::connect(&servers.addresses(), members as usize, &door, kind.knows_the_sender())?;
    load.run(outstanding, conditions.warm_up())?;
    let sample = metered(&servers, || load.run(outstanding, conditions.duration()))?;
    load.settle()?;
    Ok(sample)
}
