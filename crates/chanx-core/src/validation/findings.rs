//! The faults found so far, with a bound on the memory that they take.

use super::fault::{Fault, Segment};
use super::wording::Complaint;

/// How many bytes the faults of a message may take, for each fault that may be reported: a fault repeats the keys on its path,
/// and those are the client's choice. The fault that passes the bound is the last.
const MOST_FOR_EACH: usize = 1 << 10;
/// The same for all faults together.
const MOST: usize = 1 << 20;
/// What a fault takes without its texts, in bytes, roughly.
const FAULT: usize = 64;

pub(super) struct Findings {
    faults: Vec<Fault>,
    weight: usize,
    max_weight: usize,
    max_faults: usize,
}

impl Findings {
    /// For a report.
    pub(super) fn all(max_faults: usize) -> Self {
        let max_weight = max_faults.saturating_mul(MOST_FOR_EACH).min(MOST);
        Self { faults: Vec::new(), weight: 0, max_weight, max_faults }
    }

    /// For a yes or no: full after the first fault.
    pub(super) fn first() -> Self {
        Self::all(1)
    }

    /// Whether there is no use in looking further.
    pub(super) fn is_full(&self) -> bool {
        self.faults.len() >= self.max_faults || self.weight >= self.max_weight
    }

    pub(super) fn len(&self) -> usize {
        self.faults.len()
    }

    pub(super) fn add(&mut self, complaint: Complaint, loc: &[Segment]) {
        if self.is_full() {
            return;
        }
        let fault = Fault::new(complaint.kind, loc.iter().map(Segment::shortened), complaint.msg);
        let keys: usize = fault.loc.iter().map(Segment::weight).sum();
        self.weight += FAULT + size_of_val(&*fault.loc) + keys + fault.msg.len();
        self.faults.push(fault);
    }

    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }
}
