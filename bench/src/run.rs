//! A run: every work with every server that can do it, in rounds, and a report.

use std::fs;

use crate::cores::{self, Cores};
use crate::error::Error;
use crate::machine;
use crate::measure::{Conditions, measure};
use crate::plan::Plan;
use crate::redis_server::RedisServer;
use crate::report::Report;
use crate::servers::Kind;
use crate::work::Work;

/// Measures all that is asked for, and reports.
///
/// # Errors
/// A server that does anything wrong, and a machine on which nothing can be measured.
pub(crate) fn run(plan: &Plan) -> Result<(), Error> {
    let cores = Cores::choose().map_err(Error::Cores)?;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    cores::allow_many_sockets();
    let redis = RedisServer::version();
    let versions = redis.as_deref().unwrap_or("no Redis: install `redis-server` to measure its layers");
    let header = machine::description(processors, cores, versions);
    let mut report = Report::new(header, plan.rounds, plan.seconds);
    let servers = available(plan, &mut report);
    cores.map_or(Ok(()), Cores::keep_to_load).map_err(Error::Cores)?;
    let conditions = Conditions { seconds: plan.seconds, cores };
    for round in 0..plan.rounds {
        for &work in plan.works.iter().filter(|work| redis.is_some() || !needs_redis(**work)) {
            for kind in in_turns(&servers, round).filter(|kind| kind.can(work)) {
                let sample = measure(work, kind, conditions)?;
                eprintln!("round {}: {work}, {}: {sample}", round + 1, kind.name());
                report.add(work, kind, sample);
            }
        }
    }
    publish(&report, plan)
}

/// The servers that can be measured here. What cannot is said aloud, and in the report.
fn available(plan: &Plan, report: &mut Report) -> Vec<Kind> {
    let mut servers = plan.servers.clone();
    servers.retain(|kind| match kind.prepare() {
        Ok(()) => true,
        Err(why) => {
            eprintln!("{}: not measured: {why}", kind.name());
            report.leave_out(*kind, why);
            false
        }
    });
    servers
}

fn needs_redis(work: Work) -> bool {
    matches!(work, Work::Fanout { layer, .. } if layer.needs_redis())
}

/// Each round begins with another one, so that none is always the first.
fn in_turns(servers: &[Kind], round: u32) -> impl Iterator<Item = Kind> {
    servers.iter().copied().cycle().skip(round as usize % servers.len().max(1)).take(servers.len())
}

fn publish(report: &Report, plan: &Plan) -> Result<(), Error> {
    let text = report.to_string();
    println!("{text}");
    if plan.is_documented {
        report.document()?;
    }
    let Some(path) = &plan.output else { return Ok(()) };
    fs::write(path, text).map_err(|source| Error::Output { path: path.clone(), source })
}
