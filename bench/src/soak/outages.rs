//! When Redis was away, and until when a loss has to be told.

use std::time::{Duration, Instant};

/// Within this time after a loss, or after the outage in which it falls, its members are told (docs of chanx-redis).
const TOLD_WITHIN: Duration = Duration::from_secs(10);
/// What a machine may take longer that has much else to do.
const SLACK: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(super) struct Outages(Vec<Outage>);

#[derive(Debug)]
struct Outage {
    begin: Instant,
    /// None while it lasts.
    end: Option<Instant>,
}

impl Outages {
    pub(super) fn begin(&mut self, now: Instant) {
        self.0.push(Outage { begin: now, end: None });
    }

    pub(super) fn end(&mut self, now: Instant) {
        if let Some(outage) = self.0.last_mut() {
            outage.end = Some(now);
        }
    }

    /// Until when the loss of a message is to be told that was accepted at this time. None while that is not known.
    pub(super) fn bound(&self, accepted: Instant) -> Option<Instant> {
        let mut bound = accepted + TOLD_WITHIN;
        for outage in &self.0 {
            if outage.begin <= bound {
                bound = bound.max(outage.end? + TOLD_WITHIN);
            }
        }
        Some(bound + SLACK)
    }

    /// The outages that began after this time and are over: when each began, and until when it is to be told.
    pub(super) fn since(&self, begin: Instant) -> impl Iterator<Item = (Instant, Instant)> {
        let later = self.0.iter().filter(move |outage| outage.begin > begin);
        later.filter_map(|outage| Some((outage.begin, self.bound(outage.end?)?)))
    }

    /// How long after the last message all losses are told, if there is no outage any more.
    pub(super) fn patience() -> Duration {
        TOLD_WITHIN + SLACK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_puts_the_bound_off_until_after_its_end() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut outages = Outages::default();
        assert_eq!(outages.bound(at(100)), Some(at(115)));
        outages.begin(at(105));
        assert_eq!(outages.bound(at(100)), None);
        assert_eq!(outages.bound(at(94)), Some(at(109)), "it was over before");
        outages.end(at(108));
        assert_eq!(outages.bound(at(100)), Some(at(123)));
        outages.begin(at(117));
        outages.end(at(118));
        assert_eq!(outages.bound(at(100)), Some(at(133)), "one outage after the other");
    }

    #[test]
    fn outages_are_to_be_told_after_their_end() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut outages = Outages::default();
        outages.begin(at(10));
        assert_eq!(outages.since(at(0)).count(), 0, "it lasts");
        outages.end(at(13));
        assert_eq!(outages.since(at(0)).collect::<Vec<_>>(), [(at(10), at(28))]);
        assert_eq!(outages.since(at(11)).count(), 0);
    }

    #[test]
    fn an_outage_that_is_over_puts_nothing_off() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut outages = Outages::default();
        outages.begin(at(0));
        outages.end(at(3));
        assert_eq!(outages.bound(at(20)), Some(at(35)));
    }
}
