//! Each failure has its line in the log, and each warning and error its failure.

use std::collections::BTreeSet;

use tracing::Level;

use super::Part;
use crate::journal::{Kind, What};
use crate::table::{Follows, line};

impl<'a> Part<'a> {
    /// Each failure has its line, and each warning and error its failure.
    pub(super) fn check_log(&mut self) {
        let mut claimed = BTreeSet::new();
        for index in 0..self.own.len() {
            let next = self.own.get(index + 1).map(|(_, entry)| &entry.what);
            let expected: Vec<_> = match &self.own[index].1.what {
                What::SpawnFailed(Kind::Closed) => vec![None],
                What::SpawnFailed(_) => vec![Some((Level::ERROR, "spawned work failed", None))],
                _ => match self.end_at(index) {
                    Some((phase, ..)) => self.follows(index).into_iter().map(|follows| line(follows, phase)).collect(),
                    None => continue,
                },
            };
            let found = match next {
                Some(What::Log(line)) if line.level <= Level::WARN => {
                    Some((line.level, line.text.as_str(), line.field("phase")))
                }
                _ => None,
            };
            if found.is_some() {
                claimed.insert(index + 1);
            }
            let what = self.own[index].1.what.clone();
            let is_told_elsewhere =
                found.is_none() && self.follows(index).contains(&Follows::GivenUp) && self.has_told();
            self.require(expected.contains(&found) || is_told_elsewhere, || {
                format!("{what:?} is followed by {next:?}, not by {expected:?}")
            });
        }
        let mut ids = BTreeSet::new();
        for index in 0..self.own.len() {
            if let What::Log(line) = &self.own[index].1.what
                && line.level <= Level::WARN
                && !claimed.contains(&index)
            {
                self.fault(format!("a line without a failure: {line:?}"));
            }
            // What is told at the end may have the number of what ended it.
            if let What::Log(line) = &self.own[index].1.what
                && line.level == Level::ERROR
                && !matches!(line.field("phase"), Some("Farewell"))
                && let Some(id) = line.field("id")
            {
                self.require(ids.insert(id), || format!("two failures are called {id}"));
            }
        }
    }

    /// Whether a line says that a handler of this kind of consumer was given up. There is one for each of them and minute.
    fn has_told(&self) -> bool {
        self.all.iter().any(|entry| {
            let endpoint = |of: usize| self.plan.connections[of].endpoint;
            let is_same = entry.of.is_some_and(|of| endpoint(of).is_bare == self.connection.endpoint.is_bare);
            is_same && matches!(&entry.what, What::Log(line) if line.text.contains("was given up"))
        })
    }
}
