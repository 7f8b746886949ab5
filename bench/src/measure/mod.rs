//! One measurement: the servers that it needs, the load, and what came of it.

mod connections;
mod echo;
mod fanout;
mod fleet;
mod growth;
mod idle;

mod error;

pub(crate) use error::MeasureError;

use std::time::Duration;

use crate::cores::Cores;
use crate::deployment::{Deployment, Spent};
use crate::error::Error;
use crate::histogram::Histogram;
use crate::load::{LoadError, Outcome};
use crate::sample::{Figure, Sample};
use crate::servers::Kind;
use crate::work::Work;

/// How to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions {
    /// How long, where the work has no end of its own.
    pub(crate) seconds: f64,
    /// Where servers and load run.
    pub(crate) cores: Option<Cores>,
}

/// Does one work with one server.
///
/// # Errors
/// A server that does anything wrong, and a machine on which nothing can be measured.
pub(crate) fn measure(work: Work, kind: Kind, conditions: Conditions) -> Result<Sample, Error> {
    let sample = match work {
        Work::Echo { connections, in_flight, answer } => {
            echo::measure(connections, in_flight, answer, kind, conditions)
        }
        Work::Fanout { layer, members, outstanding } => fanout::measure(layer, members, outstanding, kind, conditions),
        Work::Idle { connections, login } => idle::measure(connections, login, kind, conditions),
        Work::Handshake { connections, login } => connections::handshakes(connections, login, kind, conditions),
        Work::Churn { at_once, login } => connections::churn(at_once, login, kind, conditions),
        Work::Growth { of, connections } => growth::measure(of, connections, kind, conditions),
        Work::Fleet { connections } => fleet::measure(connections, kind, conditions),
    };
    sample.map_err(|source| Error::Measure { server: kind.name(), work: work.to_string(), source })
}

impl Conditions {
    fn duration(self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// For how long a server is used before it is measured.
    fn warm_up(self) -> Duration {
        self.duration() / 4
    }
}

/// Does the work, and looks at the processor time before and after.
fn metered(servers: &Deployment, work: impl FnOnce() -> Result<Outcome, LoadError>) -> Result<Sample, MeasureError> {
    let before = Spent::so_far(servers).map_err(MeasureError::System)?;
    let outcome = work()?;
    let spent = Spent::so_far(servers).map_err(MeasureError::System)?.since(&before);
    Ok(figures(&outcome.latencies, outcome.elapsed, &spent))
}

/// The figures that all works have in which something goes to and fro.
fn figures(latencies: &Histogram, elapsed: Duration, spent: &Spent) -> Sample {
    let (count, elapsed) = (latencies.count() as f64, elapsed.as_secs_f64());
    let per_unit = |spent: Duration| spent.as_secs_f64() * 1e6 / count;
    Sample::default()
        .with(Figure::PerSecond, count / elapsed)
        .with(Figure::Cpu, per_unit(spent.servers.total()))
        .with(Figure::UserCpu, per_unit(spent.servers.user))
        .with(Figure::RedisCpu, per_unit(spent.redis.total()))
        .with(Figure::P50, milliseconds(latencies.quantile(0.5)))
        .with(Figure::P99, milliseconds(latencies.quantile(0.99)))
        .with(Figure::LoadBusy, spent.load.total().as_secs_f64() / elapsed)
        .with(Figure::OthersBusy, spent.others().as_secs_f64() / elapsed)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::Used;

    #[test]
    fn processor_time_is_shared_among_the_units_and_load_is_a_share_of_the_time() {
        let used = |user, system| Used { user: Duration::from_millis(user), system: Duration::from_millis(system) };
        let (servers, redis, load) = (used(100, 300), used(50, 150), used(900, 100));
        let spent = Spent { servers, redis, load, machine: Duration::from_millis(2600) };
        let mut latencies = Histogram::default();
        for number in 0..1000 {
            latencies.record(Duration::from_millis(if number < 950 { 1 } else { 3 }));
        }
        let sample = figures(&latencies, Duration::from_secs(2), &spent);
        let of = |figure| (sample.get(figure).unwrap() * 100.0).round() / 100.0;
        assert_eq!([of(Figure::PerSecond), of(Figure::Cpu), of(Figure::UserCpu)], [500.0, 400.0, 100.0]);
        assert_eq!([of(Figure::RedisCpu), of(Figure::LoadBusy), of(Figure::OthersBusy)], [200.0, 0.5, 0.5]);
        let milliseconds = [of(Figure::P50), of(Figure::P99)].map(f64::round);
        assert_eq!(milliseconds, [1.0, 3.0]);
    }
}
