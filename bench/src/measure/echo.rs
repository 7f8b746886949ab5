//! Echo: every connection keeps messages under way.

use super::{Conditions, MeasureError, metered};
use crate::deployment::Deployment;
use crate::load::{Door, Echo, Exchange};
use crate::sample::Sample;
use crate::servers::{COMPLETED, Circumstances, ECHO, Kind};
use crate::work::Answer;

pub(super) fn measure(
    connections: u32,
    in_flight: u32,
    answer: Answer,
    kind: Kind,
    conditions: Conditions,
) -> Result<Sample, MeasureError> {
    let dialect = kind.dialect();
    let (door, exchange) = match answer {
        Answer::Reply => (Door::open(ECHO, dialect), Exchange::Echo),
        Answer::ReplyAndCompletion if kind.completes_connecting() => {
            (Door::open(COMPLETED, dialect).completed(), Exchange::EchoAndCompletion)
        }
        Answer::ReplyAndCompletion => (Door::open(COMPLETED, dialect), Exchange::EchoAndCompletion),
    };
    let servers = Deployment::start(kind, 1, Circumstances::default(), conditions.cores)?;
    let mut load = Echo::connect(&servers.addresses(), connections as usize, &door, exchange)?;
    load.run(in_flight, conditions.warm_up())?;
    let sample = metered(&servers, || load.run(in_flight, conditions.duration()))?;
    load.settle()?;
    Ok(sample)
}
