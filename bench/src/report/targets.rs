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
        let within = [0.79, 0.8, 1.2, 1.21].map(|value| Bound::Within(0.8, 1.2).is_met_by(value));
        assert_eq!(within, [false, true, true, false]);
    }

    /// Results in which all is measured but what goes over sharded publish and subscribe.
    fn nearly_all() -> Results {
        let mut results = Results::default();
        let mut add = |work, kind, figures: &[(Figure, f64)]| {
            let sample = figures.iter().fold(Sample::default(), |sample, (figure, value)| sample.with(*figure, *value));
            results.add(work, kind, sample);
        };
        let tail = |p50, p99| [(Figure::P50, p50), (Figure::P99, p99)];
        for (connections, in_flight, own, completing) in [(64, 1, 1.0, 5.0), (64, 16, 2.0, 6.0), (512, 1, 3.0, 7.0)] {
            let work = |answer| Work::Echo { connections, in_flight, answer };
            add(work(Answer::Reply), Kind::Chanx, &[(Figure::Cpu, own)]);
            add(work(Answer::Reply), Kind::Bun, &[(Figure::Cpu, f64::from(in_flight) + 9.0)]);
            add(work(Answer::Reply), Kind::Floor, &[(Figure::Cpu, 2.0)]);
            add(work(Answer::ReplyAndCompletion), Kind::Chanx, &[(Figure::Cpu, completing)]);
        }
        let busy = Work::Echo { connections: 512, in_flight: 1, answer: Answer::Reply };
        add(busy, Kind::Chanx, &tail(0.5, 3.0));
        add(busy, Kind::Bun, &tail(1.0, 2.0));
        add(WORK, Kind::Chanx, &tail(1.0, 1.5));
        let sizes = [(1000, 1, 1.0, 1.0), (10_000, 1, 11.0, 10.0), (1000, 4, 1.0, 1.0), (10_000, 4, 9.0, 10.0)];
        for (members, outstanding, own, bun) in sizes {
            let work = |layer| Work::Fanout { layer, members, outstanding };
            add(work(Layer::Memory), Kind::Chanx, &[(Figure::Cpu, own)]);
            add(work(Layer::Memory), Kind::Bun, &[(Figure::Cpu, bun)]);
            let more = if outstanding == 4 { 1.5 } else { 1.25 };
            add(work(Layer::PubSub), Kind::Chanx, &[(Figure::Cpu, own * more)]);
        }
        let small = Work::Fanout { layer: Layer::Core, members: 1000, outstanding: 1 };
        add(small, Kind::Chanx, &[(Figure::Cpu, 1.3)]);
        add(Work::Idle { connections: 10_000, login: Login::Session }, Kind::Chanx, &[(Figure::Bytes, 2400.0)]);
        for (login, cpu) in [(Login::Session, 61.0), (Login::CachedSession, 24.0)] {
            add(Work::Handshake { connections: 10_000, login }, Kind::Chanx, &[(Figure::Cpu, cpu)]);
        }
        add(Work::Fleet { connections: 250_000 }, Kind::Chanx, &[(Figure::Alive, 249_999.0)]);
        for (of, cpu) in [(Growing::Echo, 1.3), (Growing::Fanout, 0.8), (Growing::Membership, 0.7)] {
            add(Work::Growth { of, connections: 1000 }, Kind::Chanx, &[(Figure::Cpu, 1.0)]);
            add(Work::Growth { of, connections: 15_000 }, Kind::Chanx, &[(Figure::Cpu, cpu)]);
        }
        results
    }

    struct Shown(Results);

    impl fmt::Display for Shown {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write(f, &self.0)
        }
    }

    #[test]
    fn each_target_has_its_bound_and_its_figure() {
        let expected = "
## Targets

| chanx | is to be | is | |
|---|--:|--:|---|
| echo, 64 connections, 1 in flight, a reply to each: CPU ÷ Bun | ≤ 1.00 | 0.10 | met |
| echo, 64 connections, 1 in flight, a reply to each: CPU ÷ floor | ≤ 1.15 | 0.50 | met |
| echo, 512 connections, 1 in flight, a reply to each: CPU ÷ Bun | ≤ 1.00 | 0.30 | met |
| echo, 512 connections, 1 in flight, a reply to each: CPU ÷ floor | ≤ 1.15 | 1.50 | **short** |
| echo, 64 connections, 1 in flight, a reply and its completion: CPU ÷ Bun with a reply alone | ≤ 1.10 | 0.50 | met |
| echo, 512 connections, 1 in flight, a reply and its completion: CPU ÷ Bun with a reply alone | ≤ 1.10 | 0.70 | met |
| echo, 64 connections, 16 in flight, a reply to each: CPU ÷ Bun | ≤ 0.90 | 0.08 | met |
| echo, 64 connections, 16 in flight, a reply and its completion: CPU ÷ Bun with a reply alone | ≤ 1.30 | 0.24 | met |
| echo, 512 connections, 1 in flight, a reply to each: p99 ÷ Bun's | ≤ 1.00 | 1.50 | **short** |
| p99 ÷ p50, where it is greatest | < 10.00 | 6.00 | met |
| fan-out, 1,000 members, 1 under way: CPU ÷ Bun | ≤ 1.05 | 1.00 | met |
| fan-out, 10,000 members, 1 under way: CPU ÷ Bun | ≤ 1.00 | 1.10 | **short** |
| fan-out, 1,000 members, 4 under way: CPU ÷ Bun | < 1.00 | 1.00 | **short** |
| fan-out, 10,000 members, 4 under way: CPU ÷ Bun | < 1.00 | 0.90 | met |
| fan-out, Two processes, chanx over `redis+pubsub://`: CPU ÷ one process's, where it is greatest | ≤ 1.30 | 1.50 | **short** |
| fan-out, Two processes, chanx over `redis://`: CPU ÷ one process's, where it is greatest | ≤ 1.30 | 1.30 | met |
| an idle authenticated connection in one group, after an exchange | ≤ 2,400 bytes | 2,400 bytes | met |
| handshake, session from SQLite: CPU | ≤ 60.00 µs | 61.00 µs | **short** |
| handshake, session from a cache: CPU | ≤ 25.00 µs | 24.00 µs | met |
| idle authenticated connections alive at the end | ≥ 250,000 | 249,999 | **short** |
| growth, echo among 15,000: CPU ÷ among 1,000 | 0.80–1.20 | 1.30 | **short** |
| growth, delivery among 15,000: CPU ÷ among 1,000 | 0.80–1.20 | 0.80 | met |
| growth, leaving and joining among 15,000: CPU ÷ among 1,000 | 0.80–1.20 | 0.70 | **short** |

Not measured in this run:

- echo, 512 connections, 16 in flight, a reply to each: CPU ÷ Bun, ≤ 0.90
- echo, 512 connections, 16 in flight, a reply and its completion: CPU ÷ Bun with a reply alone, ≤ 1.30
- fan-out, Two processes, chanx over `redis+sharded://`: CPU ÷ one process's, where it is greatest, ≤ 1.30
";
        assert_eq!(Shown(nearly_all()).to_string(), expected);
    }

    #[test]
    fn where_all_was_measured_nothing_is_missing() {
        let mut results = nearly_all();
        let mut add = |work, kind| results.add(work, kind, Sample::default().with(Figure::Cpu, 1.0));
        for (answer, kind) in
            [(Answer::Reply, Kind::Chanx), (Answer::Reply, Kind::Bun), (Answer::ReplyAndCompletion, Kind::Chanx)]
        {
            add(Work::Echo { connections: 512, in_flight: 16, answer }, kind);
        }
        add(Work::Fanout { layer: Layer::Sharded, members: 1000, outstanding: 1 }, Kind::Chanx);
        let text = Shown(results).to_string();
        assert!(text.ends_with("|\n") && !text.contains("Not measured"), "{text}");
    }

    #[test]
    fn there_is_nothing_to_say_where_nothing_was_measured() {
        assert_eq!(Shown(Results::default()).to_string(), "");
        assert_eq!(Shown(results(&[(Kind::Bun, 3.0)])).to_string(), "");
    }

    #[test]
    fn digits_are_shown_where_they_matter() {
        assert_eq!([99.994, 100.0, 1234.5].map(number), ["99.99", "100", "1,235"]);
    }
}
