//! A table for each work: one line for each server, in the order of [`Kind`].

use std::fmt;

use super::names;
use super::results::Results;
use crate::sample::Figure;
use crate::servers::Kind;
use crate::work::Work;

/// The servers that the others are held against, where they were measured.
const YARDSTICKS: [Kind; 2] = [Kind::Bun, Kind::Floor];

pub(super) fn write(f: &mut fmt::Formatter<'_>, results: &Results) -> fmt::Result {
    let mut family = "";
    for work in results.works() {
        if names::family(work) != family {
            family = names::family(work);
            writeln!(f, "\n## {family}")?;
        }
        Table::new(results, work).write(f)?;
    }
    Ok(())
}

struct Table<'a> {
    results: &'a Results,
    work: Work,
    figures: Vec<Figure>,
    /// The figure that the table is about.
    main: Figure,
    yardsticks: Vec<Kind>,
}

impl<'a> Table<'a> {
    fn new(results: &'a Results, work: Work) -> Self {
        let has_redis = matches!(work, Work::Fanout { layer, .. } if layer.needs_redis());
        let figures = results.figures_of(work).into_iter().filter(|figure| *figure != Figure::RedisCpu || has_redis);
        let figures: Vec<_> = figures.collect();
        let kinds = results.kinds_of(work);
        let mut yardsticks: Vec<_> = YARDSTICKS.into_iter().filter(|kind| kinds.contains(kind)).collect();
        if yardsticks.is_empty() && kinds.contains(&Kind::AxumBroadcast) {
            yardsticks.push(Kind::AxumBroadcast);
        }
        let main = if figures.contains(&Figure::Cpu) { Figure::Cpu } else { Figure::Bytes };
        Self { results, work, figures, main, yardsticks }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n### {}\n", names::title(self.work))?;
        write!(f, "| server ")?;
        for figure in &self.figures {
            write!(f, "| {} ", names::column(*figure, self.work.unit()))?;
            if *figure == self.main {
                self.yardsticks.iter().try_for_each(|kind| write!(f, "| × {} ", kind.name()))?;
            }
        }
        writeln!(f, "|\n|---{}|", "|--:".repeat(self.figures.len() + self.yardsticks_shown()))?;
        self.results.kinds_of(self.work).into_iter().try_for_each(|kind| self.line(f, kind))
    }

    fn yardsticks_shown(&self) -> usize {
        if self.figures.contains(&self.main) { self.yardsticks.len() } else { 0 }
    }

    fn line(&self, f: &mut fmt::Formatter<'_>, kind: Kind) -> fmt::Result {
        write!(f, "| {} ", kind.name())?;
        for figure in &self.figures {
            write!(f, "| {} ", self.cell(kind, *figure))?;
            if *figure == self.main {
                self.yardsticks.iter().try_for_each(|yardstick| write!(f, "| {} ", self.ratio(kind, *yardstick)))?;
            }
        }
        writeln!(f, "|")
    }

    fn cell(&self, kind: Kind, figure: Figure) -> String {
        let Some(median) = self.results.median(self.work, kind, figure) else { return "–".to_owned() };
        let median = names::value(figure, median);
        match self.results.spread(self.work, kind, figure) {
            Some((least, greatest)) if figure == self.main || figure == Figure::P99 => {
                format!("{median} ({}–{})", names::value(figure, least), names::value(figure, greatest))
            }
            _ => median,
        }
    }

    fn ratio(&self, kind: Kind, yardstick: Kind) -> String {
        let ratio = self.results.ratio(self.main, (self.work, kind), (self.work, yardstick));
        ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Layer;
    use crate::sample::Sample;
    use crate::work::{Answer, Login};

    struct Shown(Results);

    impl fmt::Display for Shown {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write(f, &self.0)
        }
    }

    #[test]
    fn a_line_has_the_medians_the_spread_and_the_ratios() {
        let work = Work::Echo { connections: 64, in_flight: 1, answer: Answer::Reply };
        let mut results = Results::default();
        for (kind, cpu) in [(Kind::Chanx, 3.0), (Kind::Chanx, 1.0), (Kind::Chanx, 2.0), (Kind::Bun, 4.0)] {
            results.add(work, kind, Sample::default().with(Figure::PerSecond, 12_345.6).with(Figure::Cpu, cpu));
        }
        let expected = "\n## Echo\n\n### 64 connections, 1 in flight, a reply to each\n\n\
            | server | per second | CPU µs per message | × bun |\n|---|--:|--:|--:|\n\
            | chanx | 12,346 | 2.00 (1.00–3.00) | 0.50 |\n\
            | bun | 12,346 | 4.00 | 1.00 |\n";
        assert_eq!(Shown(results).to_string(), expected);
    }

    fn shown(work: Work, samples: &[(Kind, &[(Figure, f64)])]) -> String {
        let mut results = Results::default();
        for (kind, figures) in samples {
            let sample = figures.iter().fold(Sample::default(), |sample, (figure, value)| sample.with(*figure, *value));
            results.add(work, *kind, sample);
        }
        let text = Shown(results).to_string();
        text.lines().filter(|line| line.starts_with('|')).map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn the_tail_has_a_spread_and_what_was_not_measured_a_dash() {
        let work = Work::Echo { connections: 64, in_flight: 1, answer: Answer::Reply };
        let (first, second) = ([(Figure::Cpu, 1.0), (Figure::P99, 2.0)], [(Figure::Cpu, 1.0), (Figure::P99, 4.0)]);
        let expected = "| server | CPU µs per message | × bun | p99 ms |\n|---|--:|--:|--:|\n\
            | chanx | 1.00 (1.00–1.00) | – | 3.00 (2.00–4.00) |\n\
            | bun | – | – | 5.00 |\n";
        let samples = [(Kind::Chanx, &first[..]), (Kind::Chanx, &second), (Kind::Bun, &[(Figure::P99, 5.0)])];
        assert_eq!(shown(work, &samples), expected);
    }

    #[test]
    fn redis_has_a_column_where_it_has_a_part() {
        let figures: &[_] = &[(Figure::Cpu, 1.0), (Figure::RedisCpu, 0.25)];
        let fanout = |layer| Work::Fanout { layer, members: 1000, outstanding: 1 };
        let alone = "| server | CPU µs per delivery |\n|---|--:|\n| chanx | 1.00 |\n";
        assert_eq!(shown(fanout(Layer::Memory), &[(Kind::Chanx, figures)]), alone);
        let over_redis = "| server | CPU µs per delivery | Redis CPU µs |\n|---|--:|--:|\n| chanx | 1.00 | 0.250 |\n";
        assert_eq!(shown(fanout(Layer::Core), &[(Kind::Chanx, figures)]), over_redis);
    }

    #[test]
    fn broadcast_is_the_yardstick_where_there_is_no_better_one() {
        let work = Work::Fanout { layer: Layer::Memory, members: 1000, outstanding: 1 };
        let all = [Kind::Chanx, Kind::AxumBroadcast, Kind::Floor].map(|kind| (kind, &[(Figure::Cpu, 1.0)][..]));
        assert!(shown(work, &all[..2]).starts_with("| server | CPU µs per delivery | × axum-broadcast |\n"));
        assert!(shown(work, &all).starts_with("| server | CPU µs per delivery | × floor |\n"));
    }

    #[test]
    fn memory_is_about_bytes_and_a_table_without_its_figure_has_no_ratios() {
        let work = Work::Idle { connections: 1, login: Login::Nobody };
        let bytes: &[_] = &[(Figure::Base, 1.25), (Figure::Bytes, 2000.0)];
        let expected = "| server | MiB before | bytes per connection | × floor |\n|---|--:|--:|--:|\n\
            | chanx | 1.2 | 2,000 | 1.00 |\n| floor | 1.2 | 2,000 | 1.00 |\n";
        assert_eq!(shown(work, &[(Kind::Chanx, bytes), (Kind::Floor, bytes)]), expected);
        let alive: &[_] = &[(Figure::Alive, 1.0)];
        let expected = "| server | alive |\n|---|--:|\n| chanx | 1 |\n| floor | 1 |\n";
        assert_eq!(shown(work, &[(Kind::Chanx, alive), (Kind::Floor, alive)]), expected);
    }
}
