//! What the server held over time, and whether it gave it back.

use super::server::Holding;

/// Allocators keep pages, and do not find the same places twice: that much more memory is no leak.
const SHARE: f64 = 0.1;
const LEAST: u64 = 8 << 20;

/// All processes at one time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Seconds since the begin.
    pub(super) at: f64,
    pub(super) held: Holding,
}

/// What one round took and left.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Round {
    pub(super) peak: Holding,
    pub(super) rest: Holding,
}

impl Round {
    /// The greatest of each figure.
    pub(super) fn reach(&mut self, held: Holding) {
        let peak = &mut self.peak;
        peak.descriptors = peak.descriptors.max(held.descriptors);
        peak.threads = peak.threads.max(held.threads);
        peak.resident = peak.resident.max(held.resident);
        peak.figures.tasks = peak.figures.tasks.max(held.figures.tasks);
        let open = peak.figures.open().max(held.figures.open());
        (peak.figures.connected, peak.figures.disconnected) = (open, 0);
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
    let figures = [
        ("at its peak", first.peak.resident, second.peak.resident),
        ("at rest", first.rest.resident, second.rest.resident),
    ];
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

    #[test]
    fn memory_that_grows_from_round_to_round_is_seen() {
        let round = |peak: u64, rest: u64| {
            let of = |mib: u64| Holding { resident: mib << 20, ..Holding::default() };
            Round { peak: of(peak), rest: of(rest) }
        };
        assert_eq!(growth(&round(200, 60), &round(219, 67)).len(), 0);
        assert!(growth(&round(200, 60), &round(221, 60))[0].contains("at its peak"));
        assert!(growth(&round(200, 60), &round(200, 69))[0].contains("at rest"));
        assert_eq!(growth(&round(200, 60), &round(300, 100)).len(), 2);
    }

    #[test]
    fn a_peak_is_the_greatest_of_each_figure() {
        let mut round = Round::default();
        round.reach(holding(30, 5, 7));
        round.reach(holding(20, 9, 3));
        assert_eq!((round.peak.descriptors, round.peak.figures.tasks, round.peak.figures.open()), (30, 9, 7));
    }
}
