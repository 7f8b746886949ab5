//! What happens, made of a seed, and made smaller when it goes wrong.

/// How many connections, groups and servers there are at most.
pub(crate) const SLOTS: usize = 6;
pub(crate) const GROUPS: usize = 3;
pub(crate) const SERVERS: usize = 2;

/// One thing that happens. What makes no sense where it stands, such as a word of a connection that is closed, is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Open {
        slot: usize,
        server: usize,
    },
    Join {
        slot: usize,
        group: usize,
    },
    Leave {
        slot: usize,
        group: usize,
    },
    Send {
        slot: usize,
        group: usize,
        exclude_current: bool,
    },
    /// A message from the server itself.
    Announce {
        server: usize,
        group: usize,
    },
    Close {
        slot: usize,
    },
    /// The client is gone without a word.
    Vanish {
        slot: usize,
    },
    /// The server ends, and another takes its place.
    Drain {
        server: usize,
    },
    /// Lets everything run a little.
    Pause {
        turns: usize,
    },
    /// The store has trouble of this kind.
    Disturb {
        kind: usize,
    },
    /// Waits until all that was begun is over.
    Settle,
}

/// A sequence of numbers that look random (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }
}

/// So many steps, the same for the same seed; with trouble of the store of this many kinds.
pub(crate) fn steps(seed: u64, count: usize, kinds_of_trouble: usize) -> Vec<Step> {
    let mut numbers = Numbers(seed);
    let opened = (0..SLOTS).map(|slot| Step::Open { slot, server: slot % SERVERS });
    let mut steps: Vec<_> = opened.chain([Step::Settle]).collect();
    while steps.len() < count {
        steps.push(step(&mut numbers, kinds_of_trouble));
    }
    steps.push(Step::Settle);
    steps
}

fn step(numbers: &mut Numbers, kinds_of_trouble: usize) -> Step {
    let (slot, group, server) = (numbers.below(SLOTS), numbers.below(GROUPS), numbers.below(SERVERS));
    match numbers.below(100) {
        0..20 => Step::Join { slot, group },
        20..30 => Step::Leave { slot, group },
        30..62 => Step::Send { slot, group, exclude_current: numbers.below(2) == 0 },
        62..68 => Step::Announce { server, group },
        68..72 => Step::Close { slot },
        72..76 => Step::Vanish { slot },
        76..84 => Step::Open { slot, server },
        84..86 => Step::Drain { server },
        86..90 => Step::Pause { turns: 1 + numbers.below(6) },
        90 if kinds_of_trouble > 0 => Step::Disturb { kind: numbers.below(kinds_of_trouble) },
        _ => Step::Settle,
    }
}
