//! The measurement of fan-out: one group, one of whose members speaks.

use std::time::Duration;

use crate::cli::FanoutOptions;
use crate::cores::{self, Cores};
use crate::error::Error;
use crate::load::{Load, LoadError};
use crate::machine;
use crate::redis_server::RedisServer;
use crate::report::{Case, Report, Sample};
use crate::servers::Kind;
use crate::setting::{Servers, Setting, Spent};

/// Measures all that is asked for, and reports.
///
/// # Errors
/// A server that does anything wrong, and a machine on which nothing can be measured.
pub(crate) fn run(options: &FanoutOptions) -> Result<(), Error> {
    let cores = Cores::choose().map_err(Error::Cores)?;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    cores.map_or(Ok(()), Cores::keep_to_load).map_err(Error::Cores)?;
    cores::allow_many_sockets();
    let redis = RedisServer::version();
    let versions = redis.as_deref().unwrap_or("no Redis: install `redis-server` to measure its layers");
    let mut report =
        Report::new(machine::description(processors, cores, versions), options.rounds(), options.seconds());
    for round in 0..options.rounds() {
        for &layer in options.layers().iter().filter(|layer| redis.is_some() || !layer.needs_redis()) {
            for &members in options.members() {
                for server in in_turns(&options.servers, round).filter(|server| layer.suits(*server)) {
                    eprintln!("round {}: {}, {}, {members} members", round + 1, layer.title(), server.name());
                    let setting = Setting { layer, server, members };
                    measure(setting, options, cores, &mut report)?;
                }
            }
        }
    }
    publish(&report.to_string(), options)
}

/// Each round begins with another one, so that none is always the first.
fn in_turns(servers: &[Kind], round: u32) -> impl Iterator<Item = Kind> {
    servers.iter().copied().cycle().skip(round as usize % servers.len()).take(servers.len())
}

fn measure(setting: Setting, options: &FanoutOptions, cores: Option<Cores>, report: &mut Report) -> Result<(), Error> {
    let Setting { server, members, .. } = setting;
    let failed = |source| Error::Load { server: server.name().to_owned(), members, source };
    let servers = Servers::start(setting, cores)?;
    let addresses = servers.addresses();
    let mut load = Load::connect(&addresses, members as usize, server.knows_the_sender()).map_err(failed)?;
    for &outstanding in options.outstanding() {
        let sample = sample(&mut load, outstanding, options.seconds(), &servers).map_err(failed)?;
        report.add(Case { setting, outstanding }, sample);
    }
    Ok(())
}

fn sample(load: &mut Load, outstanding: u32, seconds: f64, servers: &Servers) -> Result<Sample, LoadError> {
    load.run(outstanding, Duration::from_secs_f64(seconds / 4.0))?;
    let before = Spent::so_far(servers).map_err(LoadError::Cpu)?;
    let deliveries = load.run(outstanding, Duration::from_secs_f64(seconds))?;
    let spent = Spent::so_far(servers).map_err(LoadError::Cpu)?.since(&before);
    load.settle()?;
    let (count, elapsed) = (deliveries.latencies.count() as f64, deliveries.elapsed.as_secs_f64());
    let per_delivery = |spent: Duration| spent.as_secs_f64() * 1e6 / count;
    Ok(Sample {
        deliveries_per_second: count / elapsed,
        cpu_microseconds: per_delivery(spent.servers.total()),
        user_microseconds: per_delivery(spent.servers.user),
        redis_microseconds: per_delivery(spent.redis.total()),
        p50_milliseconds: milliseconds(deliveries.latencies.quantile(0.5)),
        p99_milliseconds: milliseconds(deliveries.latencies.quantile(0.99)),
        load_busy: spent.load.total().as_secs_f64() / elapsed,
        others_busy: spent.others().as_secs_f64() / elapsed,
    })
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn publish(report: &str, options: &FanoutOptions) -> Result<(), Error> {
    println!("{report}");
    let Some(path) = &options.output else { return Ok(()) };
    std::fs::write(path, report).map_err(|source| Error::Output { path: path.clone(), source })
}
