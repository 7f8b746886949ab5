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
}
