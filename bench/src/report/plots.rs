//! Which plots there are.

use super::names;
use super::plot::{Bar, Chart, Role};
use super::results::Results;
use crate::layer::Layer;
use crate::sample::Figure;
use crate::servers::Kind;
use crate::work::{Answer, Login, Work};

/// The plots of all that was measured with more than one server, with the names of their files.
pub(super) fn charts(results: &Results) -> Vec<(&'static str, Chart)> {
    let echo = |in_flight| Work::Echo { connections: 512, in_flight, answer: Answer::Reply };
    let fanout = |members, outstanding| Work::Fanout { layer: Layer::Memory, members, outstanding };
    let idle = Work::Idle { connections: 10_000, login: Login::Nobody };
    let wanted = [
        ("echo-1.svg", "Echo: CPU", echo(1), Figure::Cpu),
        ("echo-16.svg", "Echo: CPU", echo(16), Figure::Cpu),
        ("echo-p99.svg", "Echo: p99", echo(1), Figure::P99),
        ("fanout-1.svg", "Fan-out: CPU", fanout(10_000, 1), Figure::Cpu),
        ("fanout-4.svg", "Fan-out: CPU", fanout(1000, 4), Figure::Cpu),
        ("memory.svg", "Idle: memory", idle, Figure::Bytes),
    ];
    let chart = |(file, title, work, figure)| (file, chart(results, title, work, figure));
    wanted.into_iter().map(chart).filter(|(_, chart)| chart.bars.len() > 1).collect()
}

fn chart(results: &Results, title: &str, work: Work, figure: Figure) -> Chart {
    let axis = match figure {
        Figure::Cpu => "server CPU in microseconds for each, less is better",
        Figure::P99 => "milliseconds that 99 of 100 stay within, less is better",
        _ => "bytes for each connection, less is better",
    };
    let mut bars: Vec<_> =
        results.kinds_of(work).into_iter().filter_map(|kind| bar(results, work, kind, figure)).collect();
    bars.sort_by(|one, other| one.value.total_cmp(&other.value));
    Chart { title: format!("{title}, {}", names::title(work)), axis, bars }
}

fn bar(results: &Results, work: Work, kind: Kind, figure: Figure) -> Option<Bar> {
    let value = results.median(work, kind, figure)?;
    let role = match kind {
        Kind::Chanx => Role::Own,
        Kind::Floor | Kind::FloorJoined => Role::Yardstick,
        _ => Role::Peer,
    };
    Some(Bar { label: kind.name(), value, text: names::value(figure, value), role })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn the_cheapest_comes_first() {
        let work = Work::Fanout { layer: Layer::Memory, members: 1000, outstanding: 4 };
        let mut results = Results::default();
        for (kind, cpu) in [(Kind::Chanx, 1.1), (Kind::Floor, 2.0), (Kind::Bun, 1.0)] {
            results.add(work, kind, Sample::default().with(Figure::Cpu, cpu));
        }
        let charts = charts(&results);
        let [("fanout-4.svg", chart)] = &charts[..] else { panic!("{charts:?}") };
        let bars: Vec<_> = chart.bars.iter().map(|bar| (bar.label, bar.text.as_str(), bar.role)).collect();
        assert_eq!(
            bars,
            [("bun", "1.00", Role::Peer), ("chanx", "1.10", Role::Own), ("floor", "2.00", Role::Yardstick)]
        );
    }

    #[test]
    fn one_server_alone_makes_no_plot() {
        let work = Work::Echo { connections: 512, in_flight: 1, answer: Answer::Reply };
        let mut results = Results::default();
        results.add(work, Kind::Chanx, Sample::default().with(Figure::Cpu, 1.0).with(Figure::P99, 1.0));
        assert!(charts(&results).is_empty());
        results.add(work, Kind::FloorJoined, Sample::default().with(Figure::P99, 2.0));
        let charts = charts(&results);
        let [("echo-p99.svg", chart)] = &charts[..] else { panic!("{charts:?}") };
        assert_eq!(chart.bars[1].role, Role::Yardstick);
    }

    #[test]
    fn each_file_shows_what_it_is_named_for() {
        let works = [
            Work::Echo { connections: 512, in_flight: 1, answer: Answer::Reply },
            Work::Echo { connections: 512, in_flight: 16, answer: Answer::Reply },
            Work::Fanout { layer: Layer::Memory, members: 10_000, outstanding: 1 },
            Work::Fanout { layer: Layer::Memory, members: 1000, outstanding: 4 },
            Work::Idle { connections: 10_000, login: Login::Nobody },
        ];
        let figures = [Figure::Cpu, Figure::P50, Figure::P99, Figure::BytesBefore, Figure::Bytes];
        let mut results = Results::default();
        for (number, work) in works.into_iter().enumerate() {
            let sample = figures
                .into_iter()
                .enumerate()
                .fold(Sample::default(), |sample, (place, figure)| sample.with(figure, (10 * number + place) as f64));
            results.add(work, Kind::Chanx, sample.clone());
            results.add(work, Kind::Bun, sample);
        }
        let charts = charts(&results);
        let shown: Vec<_> = charts.iter().map(|(file, chart)| (*file, chart.bars[0].value, chart.axis)).collect();
        let cpu = "server CPU in microseconds for each, less is better";
        assert_eq!(
            shown,
            [
                ("echo-1.svg", 0.0, cpu),
                ("echo-16.svg", 10.0, cpu),
                ("echo-p99.svg", 2.0, "milliseconds that 99 of 100 stay within, less is better"),
                ("fanout-1.svg", 20.0, cpu),
                ("fanout-4.svg", 30.0, cpu),
                ("memory.svg", 44.0, "bytes for each connection, less is better"),
            ]
        );
        assert_eq!(charts[2].1.title, "Echo: p99, 512 connections, 1 in flight, a reply to each");
    }
}
