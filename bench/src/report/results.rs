//! The samples of a run, and what they come to.

use std::collections::{BTreeMap, BTreeSet};

use crate::sample::{Figure, Sample};
use crate::servers::Kind;
use crate::work::Work;

/// All samples, by what was measured and with whom.
#[derive(Debug, Default)]
pub(super) struct Results {
    samples: BTreeMap<(Work, Kind), Vec<Sample>>,
}

impl Results {
    pub(super) fn add(&mut self, work: Work, kind: Kind, sample: Sample) {
        self.samples.entry((work, kind)).or_default().push(sample);
    }

    /// The value in the middle of all rounds; none if this was not measured.
    pub(super) fn median(&self, work: Work, kind: Kind, figure: Figure) -> Option<f64> {
        median(self.values(work, kind, figure))
    }

    /// The least and the greatest value; none if there was one round.
    pub(super) fn spread(&self, work: Work, kind: Kind, figure: Figure) -> Option<(f64, f64)> {
        let values = self.values(work, kind, figure);
        let least = values.iter().copied().min_by(f64::total_cmp)?;
        let greatest = values.iter().copied().max_by(f64::total_cmp)?;
        (values.len() > 1).then_some((least, greatest))
    }

    /// How many times the figure of one is that of another.
    pub(super) fn ratio(&self, figure: Figure, of: (Work, Kind), to: (Work, Kind)) -> Option<f64> {
        Some(self.median(of.0, of.1, figure)? / self.median(to.0, to.1, figure)?)
    }

    /// Everything that was measured.
    pub(super) fn works(&self) -> BTreeSet<Work> {
        self.samples.keys().map(|(work, _)| *work).collect()
    }

    /// Everybody who was measured.
    pub(super) fn kinds(&self) -> BTreeSet<Kind> {
        self.samples.keys().map(|(_, kind)| *kind).collect()
    }

    /// With whom this was measured.
    pub(super) fn kinds_of(&self, work: Work) -> BTreeSet<Kind> {
        self.samples.keys().filter(|(found, _)| *found == work).map(|(_, kind)| *kind).collect()
    }

    /// Which figures there are of this.
    pub(super) fn figures_of(&self, work: Work) -> BTreeSet<Figure> {
        let of_work = self.samples.iter().filter(|((found, _), _)| *found == work);
        of_work.flat_map(|(_, samples)| samples).flat_map(Sample::figures).map(|(figure, _)| figure).collect()
    }

    fn values(&self, work: Work, kind: Kind, figure: Figure) -> Vec<f64> {
        let samples = self.samples.get(&(work, kind)).into_iter().flatten();
        samples.filter_map(|sample| sample.get(figure)).collect()
    }
}

/// The value in the middle, or the mean of the two there.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.len().saturating_sub(1) / 2, values.len() / 2);
    Some((values.get(low)? + values.get(high)?) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_value_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![7.0]), Some(7.0));
        assert_eq!(median(vec![]), None);
    }

    #[test]
    fn there_is_a_spread_where_there_are_rounds() {
        let (work, mut results) = (Work::Fleet { connections: 1 }, Results::default());
        results.add(work, Kind::Chanx, Sample::default().with(Figure::Cpu, 2.0));
        assert_eq!(results.spread(work, Kind::Chanx, Figure::Cpu), None);
        results.add(work, Kind::Chanx, Sample::default().with(Figure::Cpu, 1.0));
        assert_eq!(results.spread(work, Kind::Chanx, Figure::Cpu), Some((1.0, 2.0)));
        assert_eq!(results.median(work, Kind::Chanx, Figure::P50), None);
    }

    #[test]
    fn each_work_and_each_server_has_its_own_figures() {
        let (few, many) = (Work::Fleet { connections: 1 }, Work::Fleet { connections: 2 });
        let mut results = Results::default();
        for (work, kind, figure, value) in [
            (few, Kind::Chanx, Figure::Cpu, 6.0),
            (few, Kind::Bun, Figure::Cpu, 5.0),
            (many, Kind::Chanx, Figure::Cpu, 4.0),
            (many, Kind::Floor, Figure::Cpu, 3.0),
            (many, Kind::Floor, Figure::P99, 2.0),
        ] {
            results.add(work, kind, Sample::default().with(figure, value));
        }
        assert_eq!(results.ratio(Figure::Cpu, (few, Kind::Chanx), (many, Kind::Floor)), Some(2.0));
        assert_eq!(results.ratio(Figure::Cpu, (few, Kind::Chanx), (many, Kind::Bun)), None);
        assert!(results.kinds_of(few).into_iter().eq([Kind::Chanx, Kind::Bun]));
        assert!(results.kinds_of(many).into_iter().eq([Kind::Chanx, Kind::Floor]));
        assert!(results.figures_of(few).into_iter().eq([Figure::Cpu]));
        assert!(results.figures_of(many).into_iter().eq([Figure::Cpu, Figure::P99]));
    }
}
