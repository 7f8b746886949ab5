//! The faults found so far, with a bound on the memory that they take.

use super::fault::{Fault, Segment};
use super::wording::Complaint;

/// How much memory the faults of a message may take, in bytes: each repeats the keys on its path, and those are the
/// client's choice.
const MOST: usize = 1 << 20;
/// What a fault takes without its texts, in bytes, roughly.
const FAULT: usize = 64;

pub(super) struct Findings {
    faults: Vec<Fault>,
    weight: usize,
    most: usize,
}

impl Findings {
    /// For a report.
    pub(super) fn all() -> Self {
        Self { faults: Vec::new(), weight: 0, most: MOST }
    }

    /// For a yes or no: full after the first fault.
    pub(super) fn first() -> Self {
        Self { most: 1, ..Self::all() }
    }

    /// Whether there is no use in looking further.
    pub(super) fn is_full(&self) -> bool {
        self.weight >= self.most
    }

    pub(super) fn len(&self) -> usize {
        self.faults.len()
    }

    pub(super) fn add(&mut self, complaint: Complaint, loc: &[Segment]) {
        if self.is_full() {
            return;
        }
        let keys: usize = loc.iter().map(Segment::weight).sum();
        self.weight += FAULT + size_of_val(loc) + keys + complaint.msg.len();
        self.faults.push(Fault::new(complaint.kind, loc.iter().cloned(), complaint.msg));
    }

    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }
}
