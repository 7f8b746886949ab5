//! What the server held over time, and whether it gave it back.

use super::server::Holding;

/// Allocators keep pages, and do not find the same places twice: that much more memory is no leak.
const SHARE: f64 = 0.1;
const LEAST: u64 = 8 << 20;
/// What may wait for one client that does not read: output in a buffer of twice its bound, and deliveries (docs/limits.md).
const FOR_A_SLOW_READER: u64 = 3 << 20;

/// All processes at one time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Seconds since the begin.
    pub(super) at: f64,
    pub(super) held: Holding,
}

/// What one round took and left.
#[derive(Clone, Debug, Default)]
pub(super) struct Round {
    pub(super) peak: Holding,
    pub(super) rest: Holding,
    /// The memory at each look.
    resident: Vec<u64>,
}

impl Round {
    /// The greatest of each figure.
    pub(super) fn reach(&mut self, held: Holding) {
        let peak = &mut self.peak;
        peak.descriptors = peak.descriptors.max(held.descriptors);
        peak.threads = peak.threads.max(held.threads);
        peak.resident = peak.resident.max(held.resident);
        peak.figures.tasks = peak.figures.tasks.max(held.figures.tasks);
        self.resident.push(held.resident);
        let open = peak.figures.open().max(held.figures.open());
        (peak.figures.connected, peak.figures.disconnected) = (open, 0);
    }

    /// The median of the memory. How high a peak is depends on how many slow readers are at their bound at the same time.
    pub(super) fn level(&self) -> u64 {
        let mut resident = self.resident.clone();
        resident.sort_unstable();
        resident.get(resident.len() / 2).copied().unwrap_or(0)
    }

    /// How a peak is more than what slow readers may make of the level.
    pub(super) fn excess(&self, slow: u32) -> Option<String> {
        let (level, peak) = (self.level(), self.peak.resident);
        let bound = level + LEAST.max(u64::from(slow) * FOR_A_SLOW_READER);
        let text =
            || format!("a round whose median was {} had a peak of {}, for {slow} slow readers", mib(level), mib(peak));
        (peak > bound).then(text)
    }
}

/// What keeps a process from being at rest; none if nothing does.
pub(super) fn unrest(held: Holding, base: Holding) -> Option<String> {
    let open = held.figures.open();
    let mut kept = Vec::new();
    if open > 0 {
        kept.push(format!("{open} consumers live on"));
    }
    for (what, now, before) in
        [("descriptors", held.descriptors, base.descriptors), ("tasks", held.figures.tasks, base.figures.tasks)]
    {
        if now > before {
            kept.push(format!("{now} {what} instead of {before}"));
        }
    }
    (!kept.is_empty()).then(|| kept.join(", "))
}

/// How the second of two equal rounds took more memory than the first.
pub(super) fn growth(first: &Round, second: &Round) -> Vec<String> {
    let figures =
        [("as the median", first.level(), second.level()), ("at rest", first.rest.resident, second.rest.resident)];
    let grown = figures.into_iter().filter(|(_, first, second)| *second > allowed(*first));
    grown
        .map(|(when, first, second)| format!("the second round held {} {when}, the first {}", mib(second), mib(first)))
        .collect()
}

fn allowed(first: u64) -> u64 {
    first + LEAST.max((first as f64 * SHARE) as u64)
}

pub(super) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::figures::Figures;

    fn holding(descriptors: u64, tasks: u64, open: u64) -> Holding {
        let figures = Figures { tasks, connected: 100 + open, disconnected: 100, too_slow: 0 };
        Holding { descriptors, threads: 4, resident: 0, figures }
    }

    #[test]
    fn a_process_is_at_rest_when_everything_is_as_it_was() {
        let base = holding(20, 5, 0);
        assert_eq!(unrest(holding(20, 5, 0), base), None);
        assert_eq!(unrest(holding(19, 4, 0), base), None);
        for (held, what) in
            [(holding(21, 5, 0), "descriptors"), (holding(20, 6, 0), "tasks"), (holding(20, 5, 1), "consumers")]
        {
            assert!(unrest(held, base).is_some_and(|kept| kept.contains(what)), "{what}");
        }
    }

    /// With so many MiB most of the time, at the peak, and at rest.
    fn round(level: u64, peak: u64, rest: u64) -> Round {
        let of = |mib: u64| Holding { resident: mib << 20, ..Holding::default() };
        let mut round = Round { rest: of(rest), ..Round::default() };
        [level, peak, level, level].into_iter().for_each(|mib| round.reach(of(mib)));
        round
    }

    #[test]
    fn memory_that_grows_from_round_to_round_is_seen() {
        assert_eq!(growth(&round(200, 250, 60), &round(219, 300, 67)), [""; 0]);
        assert!(growth(&round(200, 250, 60), &round(221, 250, 60))[0].contains("as the median"));
        assert!(growth(&round(200, 250, 60), &round(200, 250, 69))[0].contains("at rest"));
        assert_eq!(growth(&round(200, 250, 60), &round(300, 300, 100)).len(), 2);
    }

    #[test]
    fn a_peak_may_be_what_slow_readers_hold() {
        assert_eq!(round(200, 230, 60).excess(10), None);
        assert!(round(200, 231, 60).excess(10).is_some_and(|text| text.contains("a peak of 231.0 MiB")));
        assert_eq!(round(200, 208, 60).excess(0), None);
    }

    #[test]
    fn a_peak_is_the_greatest_of_each_figure() {
        let mut round = Round::default();
        round.reach(holding(30, 5, 7));
        round.reach(holding(20, 9, 3));
        assert_eq!((round.peak.descriptors, round.peak.figures.tasks, round.peak.figures.open()), (30, 9, 7));
    }
}
