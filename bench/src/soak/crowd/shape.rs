//! How many clients do what, and which groups there are.

use std::ops::Range;

/// How many clients do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::soak) struct Shape {
    /// Members that stay.
    pub(super) steady: u32,
    pub(super) churners: u32,
    pub(super) slow: u32,
    pub(super) malformed: u32,
    /// The groups of those that stay, each with a client that sends to it.
    pub(super) groups: u32,
    /// The groups of those that come and go.
    pub(super) visited: u32,
}

impl Shape {
    /// For so many connections at a time.
    pub(in crate::soak) fn of(connections: u32) -> Self {
        let share = |divisor: u32, least: u32| (connections / divisor).max(least);
        let (churners, slow, malformed) = (share(10, 4), share(100, 2), share(100, 2));
        let (groups, visited) = (share(50, 2), share(200, 1));
        let others = churners + slow + malformed + groups + visited + 1;
        Self { steady: connections.saturating_sub(others).max(2 * groups), churners, slow, malformed, groups, visited }
    }

    pub(in crate::soak) fn slow(&self) -> u32 {
        self.slow
    }

    /// The group of a member that stays. Members of each group are spread over all processes.
    pub(super) fn group_of(&self, number: u32) -> u32 {
        number % self.groups
    }

    pub(super) fn visited(&self) -> Range<u32> {
        self.groups..self.groups + self.visited
    }

    /// The group of the slow readers, in which most is said.
    pub(super) fn loud(&self) -> u32 {
        self.groups + self.visited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_clients_together_are_as_many_as_was_asked_for() {
        for connections in [100, 1000, 5000] {
            let Shape { steady, churners, slow, malformed, groups, visited } = Shape::of(connections);
            // One client speaks to each group, that of the slow readers included.
            assert_eq!(steady + churners + slow + malformed + groups + visited + 1, connections);
        }
    }

    #[test]
    fn each_kind_is_there_however_few_there_are() {
        let shape = Shape::of(1);
        let counts = [shape.steady, shape.churners, shape.slow, shape.malformed, shape.groups, shape.visited];
        assert!(counts.iter().all(|count| *count > 0), "{shape:?}");
        assert!(shape.visited().all(|group| group >= shape.groups && group < shape.loud()));
    }
}
