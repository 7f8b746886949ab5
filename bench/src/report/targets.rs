//! What chanx wants to reach, and how far it is: each target beside the figures of the same run.

use std::fmt;

use super::names::{self, grouped};
use super::results::Results;
use crate::layer::Layer;
use crate::sample::Figure;
use crate::servers::Kind;
use crate::work::{Answer, Growing, Login, Work};

/// One line of the table.
#[derive(Clone, Debug)]
struct Target {
    claim: String,
    bound: Bound,
    /// None where something is missing that it needs.
    measured: Option<f64>,
    unit: &'static str,
}

/// What a figure is to be.
#[derive(Clone, Copy, Debug)]
enum Bound {
    AtMost(f64),
    Below(f64),
    AtLeast(f64),
    Within(f64, f64),
}

/// Writes those of which everything was measured, and names the others.
pub(super) fn write(f: &mut fmt::Formatter<'_>, results: &Results) -> fmt::Result {
    let (measured, others): (Vec<_>, Vec<_>) = all(results).into_iter().partition(|target| target.measured.is_some());
    if measured.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n## Targets\n\n| chanx | is to be | is | |\n|---|--:|--:|---|")?;
    measured.iter().try_for_each(|target| writeln!(f, "{target}"))?;
    if others.is_empty() {
        return Ok(());
    }
    writeln!(f, "\nNot measured in this run:\n")?;
    others.iter().try_for_each(|target| writeln!(f, "- {}, {}{}", target.claim, target.bound, target.unit))
}

fn all(results: &Results) -> Vec<Target> {
    [echo(results), tail(results), fanout(results), processes(results), connections(results), growth(results)].concat()
}

fn echo(results: &Results) -> Vec<Target> {
    let both = [64, 512];
    let replies = |connections, in_flight| Work::Echo { connections, in_flight, answer: Answer::Reply };
    let completions =
        |connections, in_flight| Work::Echo { connections, in_flight, answer: Answer::ReplyAndCompletion };
    let line = |claim: &str, work: Work, to: (Work, Kind), bound| Target {
        claim: format!("echo, {}: CPU ÷ {claim}", names::title(work)),
        measured: results.ratio(Figure::Cpu, (work, Kind::Chanx), to),
        unit: "",
        bound,
    };
    let mut targets = Vec::new();
    for work in both.map(|connections| replies(connections, 1)) {
        targets.push(line("Bun", work, (work, Kind::Bun), Bound::AtMost(1.0)));
        targets.push(line("floor", work, (work, Kind::Floor), Bound::AtMost(1.15)));
    }
    for connections in both {
        let to = (replies(connections, 1), Kind::Bun);
        targets.push(line("Bun with a reply alone", completions(connections, 1), to, Bound::AtMost(1.1)));
    }
    for work in both.map(|connections| replies(connections, 16)) {
        targets.push(line("Bun", work, (work, Kind::Bun), Bound::AtMost(0.9)));
    }
    for connections in both {
        let to = (replies(connections, 16), Kind::Bun);
        targets.push(line("Bun with a reply alone", completions(connections, 16), to, Bound::AtMost(1.3)));
    }
    targets
}

fn tail(results: &Results) -> Vec<Target> {
    let work = Work::Echo { connections: 512, in_flight: 1, answer: Answer::Reply };
    let measured = results.ratio(Figure::P99, (work, Kind::Chanx), (work, Kind::Bun));
    let beside_bun = Target {
        claim: format!("echo, {}: p99 ÷ Bun's", names::title(work)),
        measured,
        unit: "",
        bound: Bound::AtMost(1.0),
    };
    let worst = results.works().into_iter().filter_map(|work| {
        let of = |figure| results.median(work, Kind::Chanx, figure);
        Some(of(Figure::P99)? / of(Figure::P50)?)
    });
    let claim = "p99 ÷ p50, where it is greatest".to_owned();
    vec![beside_bun, Target { claim, measured: worst.max_by(f64::total_cmp), unit: "", bound: Bound::Below(10.0) }]
}

fn fanout(results: &Results) -> Vec<Target> {
    let bounds = [
        (1000, 1, Bound::AtMost(1.05)),
        (10_000, 1, Bound::AtMost(1.0)),
        (1000, 4, Bound::Below(1.0)),
        (10_000, 4, Bound::Below(1.0)),
    ];
    let line = |(members, outstanding, bound)| {
        let work = Work::Fanout { layer: Layer::Memory, members, outstanding };
        let measured = results.ratio(Figure::Cpu, (work, Kind::Chanx), (work, Kind::Bun));
        Target { claim: format!("fan-out, {}: CPU ÷ Bun", names::title(work)), measured, unit: "", bound }
    };
    bounds.map(line).into()
}

/// The worst of all sizes of a group counts.
fn processes(results: &Results) -> Vec<Target> {
    let cases = [(1000, 1), (1000, 4), (10_000, 1), (10_000, 4)];
    let line = |layer: Layer| {
        let ratio = |(members, outstanding)| {
            let of = |layer| (Work::Fanout { layer, members, outstanding }, Kind::Chanx);
            results.ratio(Figure::Cpu, of(layer), of(Layer::Memory))
        };
        let measured = cases.into_iter().filter_map(ratio).max_by(f64::total_cmp);
        let claim = format!("fan-out, {}: CPU ÷ one process's, where it is greatest", layer.title());
        Target { claim, measured, unit: "", bound: Bound::AtMost(1.3) }
    };
    [Layer::PubSub, Layer::Core, Layer::Sharded].map(line).into()
}

fn connections(results: &Results) -> Vec<Target> {
    let idle = Work::Idle { connections: 10_000, login: Login::Session };
    let handshake = |login| Work::Handshake { connections: 10_000, login };
    let fleet = Work::Fleet { connections: 250_000 };
    let line = |claim: String, work, figure, unit, bound| {
        let measured = results.median(work, Kind::Chanx, figure);
        Target { claim, measured, unit, bound }
    };
    vec![
        line(
            "an idle authenticated connection in one group, after an exchange".to_owned(),
            idle,
            Figure::Bytes,
            " bytes",
            Bound::AtMost(2400.0),
        ),
        line(
            "handshake, session from SQLite: CPU".to_owned(),
            handshake(Login::Session),
            Figure::Cpu,
            " µs",
            Bound::AtMost(60.0),
        ),
        line(
            "handshake, session from a cache: CPU".to_owned(),
            handshake(Login::CachedSession),
            Figure::Cpu,
            " µs",
            Bound::AtMost(25.0),
        ),
        line(
            "idle authenticated connections alive at the end".to_owned(),
            fleet,
            Figure::Alive,
            "",
            Bound::AtLeast(250_000.0),
        ),
    ]
}

fn growth(results: &Results) -> Vec<Target> {
    let line = |of: Growing| {
        let among = |connections| (Work::Growth { of, connections }, Kind::Chanx);
        Target {
            claim: format!("growth, {} among 15,000: CPU ÷ among 1,000", of.title()),
            measured: results.ratio(Figure::Cpu, among(15_000), among(1000)),
            unit: "",
            bound: Bound::Within(0.8, 1.2),
        }
    };
    [Growing::Echo, Growing::Fanout, Growing::Membership].map(line).into()
}

impl Bound {
    fn is_met_by(self, value: f64) -> bool {
        match self {
            Self::AtMost(bound) => value <= bound,
            Self::Below(bound) => value < bound,
            Self::AtLeast(bound) => value >= bound,
            Self::Within(low, high) => (low..=high).contains(&value),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::AtMost(bound) => write!(f, "≤ {}", number(bound)),
            Self::Below(bound) => write!(f, "< {}", number(bound)),
            Self::AtLeast(bound) => write!(f, "≥ {}", number(bound)),
            Self::Within(low, high) => write!(f, "{}–{}", number(low), number(high)),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { claim, bound, measured, unit } = self;
        write!(f, "| {claim} | {bound}{unit} ")?;
        match *measured {
            None => write!(f, "| – | not measured |"),
            Some(value) if bound.is_met_by(value) => write!(f, "| {}{unit} | met |", number(value)),
            Some(value) => write!(f, "| {}{unit} | **short** |", number(value)),
        }
    }
}

/// Two digits where they matter.
fn number(value: f64) -> String {
    if value >= 100.0 { grouped(value.round() as u64) } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    const WORK: Work = Work::Echo { connections: 64, in_flight: 1, answer: Answer::Reply };

    fn results(figures: &[(Kind, f64)]) -> Results {
        let mut results = Results::default();
        for (kind, cpu) in figures {
            results.add(WORK, *kind, Sample::default().with(Figure::Cpu, *cpu));
        }
        results
    }

    fn lines(results: &Results) -> Vec<String> {
        all(results).iter().map(Target::to_string).filter(|line| !line.contains("not measured")).collect()
    }

    #[test]
    fn targets_are_met_or_short() {
        let figures = results(&[(Kind::Chanx, 3.0), (Kind::Bun, 3.0), (Kind::Floor, 2.0)]);
        let begin = "| echo, 64 connections, 1 in flight, a reply to each: CPU ÷";
        assert_eq!(
            lines(&figures),
            [format!("{begin} Bun | ≤ 1.00 | 1.00 | met |"), format!("{begin} floor | ≤ 1.15 | 1.50 | **short** |")]
        );
    }

    #[test]
    fn what_was_not_measured_is_neither() {
        assert_eq!(lines(&results(&[(Kind::Chanx, 3.0)])), [""; 0]);
        assert_eq!(lines(&results(&[(Kind::Bun, 3.0)])), [""; 0]);
    }

    #[test]
    fn bounds_say_where_they_end() {
        assert!(Bound::AtMost(1.0).is_met_by(1.0) && !Bound::AtMost(1.0).is_met_by(1.01));
        assert!(Bound::Below(1.0).is_met_by(0.99) && !Bound::Below(1.0).is_met_by(1.0));
        assert!(Bound::AtLeast(1.0).is_met_by(1.0) && !Bound::AtLeast(1.0).is_met_by(0.99));
        assert!(Bound::Within(0.8, 1.2).is_met_by(0.8) && !Bound::Within(0.8, 1.2).is_met_by(1.21));
    }
}
