//! What was measured, as Markdown: the medians of all rounds, beside the baseline's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::servers::Kind;
use crate::setting::{Layer, Setting};

/// The server that the others are held against.
const BASELINE: Kind = Kind::AxumBroadcast;

/// All samples of a run.
#[derive(Debug)]
pub(crate) struct Report {
    machine: String,
    rounds: u32,
    seconds: f64,
    samples: BTreeMap<Case, Vec<Sample>>,
}

/// What a line of the report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Case {
    pub(crate) setting: Setting,
    pub(crate) outstanding: u32,
}

/// One measurement.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sample {
    pub(crate) deliveries_per_second: f64,
    /// Processor time of the servers for each delivery.
    pub(crate) cpu_microseconds: f64,
    /// As much of that as is not the kernel's.
    pub(crate) user_microseconds: f64,
    /// Redis's own.
    pub(crate) redis_microseconds: f64,
    pub(crate) p50_milliseconds: f64,
    pub(crate) p99_milliseconds: f64,
    /// Which share of a core the load used: near 1 it may be what held up the servers.
    pub(crate) load_busy: f64,
    /// Which share of a core anybody else used, to the harm of the figures.
    pub(crate) others_busy: f64,
}

impl Report {
    pub(crate) fn new(machine: String, rounds: u32, seconds: f64) -> Self {
        Self { machine, rounds, seconds, samples: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, case: Case, sample: Sample) {
        self.samples.entry(case).or_default().push(sample);
    }

    fn median(&self, case: Case) -> Option<Sample> {
        let samples = self.samples.get(&case)?;
        let of = |figure: fn(&Sample) -> f64| median(samples.iter().map(figure).collect());
        Some(Sample {
            deliveries_per_second: of(|sample| sample.deliveries_per_second),
            cpu_microseconds: of(|sample| sample.cpu_microseconds),
            user_microseconds: of(|sample| sample.user_microseconds),
            redis_microseconds: of(|sample| sample.redis_microseconds),
            p50_milliseconds: of(|sample| sample.p50_milliseconds),
            p99_milliseconds: of(|sample| sample.p99_milliseconds),
            load_busy: of(|sample| sample.load_busy),
            others_busy: of(|sample| sample.others_busy),
        })
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, case: Case) -> fmt::Result {
        let Some(of) = self.median(case) else { return Ok(()) };
        let baseline = self.median(Case { setting: Setting { server: BASELINE, ..case.setting }, ..case });
        let ratio = |figure: fn(&Sample) -> f64| match &baseline {
            Some(baseline) => format!("{:.2}", figure(&of) / figure(baseline)),
            None => "–".to_owned(),
        };
        let setting = case.setting;
        write!(f, "| {} | {} | {} ", setting.members, case.outstanding, setting.server.name())?;
        write!(f, "| {:.0} | {:.2} | {:.2} ", of.deliveries_per_second, of.cpu_microseconds, of.user_microseconds)?;
        if setting.layer.needs_redis() {
            write!(f, "| {:.3} ", of.redis_microseconds)?;
        }
        write!(f, "| {:.2} | {:.2} ", of.p50_milliseconds, of.p99_milliseconds)?;
        write!(f, "| {} ", ratio(|sample| sample.deliveries_per_second))?;
        write!(f, "| {} ", ratio(|sample| sample.cpu_microseconds))?;
        write!(f, "| {} ", ratio(|sample| sample.p99_milliseconds))?;
        writeln!(f, "| {:.2} | {:.2} |", of.load_busy, of.others_busy)
    }

    fn table(&self, f: &mut fmt::Formatter<'_>, layer: Layer) -> fmt::Result {
        let mut cases: Vec<_> = self.samples.keys().filter(|case| case.setting.layer == layer).collect();
        cases.sort_by_key(|case| (case.setting.members, case.outstanding, case.setting.server));
        let redis = if layer.needs_redis() { " Redis CPU µs |" } else { "" };
        writeln!(f, "\n## {}\n", layer.title())?;
        writeln!(
            f,
            "| members | under way | server | deliveries/s | CPU µs per delivery | of it user |{redis} p50 ms | p99 ms {RATIOS}"
        )?;
        writeln!(
            f,
            "|--:|--:|---|--:|--:|--:|{}--:|--:|--:|--:|--:|--:|--:|",
            if redis.is_empty() { "" } else { "--:|" }
        )?;
        cases.into_iter().try_for_each(|case| self.line(f, *case))
    }
}

const RATIOS: &str = "| × deliveries/s | × CPU | × p99 | load busy | others busy |";

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "# Fan-out\n\n{}", self.machine.trim_end())?;
        let (rounds, seconds) = (self.rounds, self.seconds);
        writeln!(
            f,
            "- medians of {rounds} round(s) of {seconds} s; × is the figure divided by that of {}",
            BASELINE.name()
        )?;
        let layers: BTreeSet<_> = self.samples.keys().map(|case| case.setting.layer).collect();
        layers.into_iter().try_for_each(|layer| self.table(f, layer))
    }
}

/// The value in the middle, or the mean of the two there; not a number if there is none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.len().saturating_sub(1) / 2, values.len() / 2);
    match (values.get(low), values.get(high)) {
        (Some(low), Some(high)) => (low + high) / 2.0,
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_value_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(vec![7.0]), 7.0);
        assert!(median(vec![]).is_nan());
    }

    #[test]
    fn each_case_is_held_against_the_baseline_of_its_kind() {
        let mut report = Report::new(String::new(), 1, 1.0);
        for (outstanding, server, cpu) in [(1, Kind::Chanx, 2.0), (1, BASELINE, 4.0), (4, Kind::Chanx, 3.0)] {
            let sample = Sample {
                cpu_microseconds: cpu,
                deliveries_per_second: 1.0,
                p99_milliseconds: 1.0,
                ..Sample::default()
            };
            let setting = Setting { layer: Layer::Memory, members: 10, server };
            report.add(Case { setting, outstanding }, sample);
        }
        let text = report.to_string();
        assert!(text.contains("| 10 | 1 | chanx | 1 | 2.00 | 0.00 | 0.00 | 1.00 | 1.00 | 0.50 | 1.00 |"), "{text}");
        assert!(text.contains("| 10 | 4 | chanx | 1 | 3.00 | 0.00 | 0.00 | 1.00 | – | – | – |"), "{text}");
    }
}
