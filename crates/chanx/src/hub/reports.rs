//! What happens to very many connections for one cause: one line in the log for each endpoint and minute, and none for each
//! connection.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// For how long a line speaks.
const WINDOW: Duration = Duration::from_mins(1);

/// The lines so far: as many as there are endpoints, times the kinds.
#[derive(Debug, Default)]
pub(crate) struct Reports(Mutex<Vec<Report>>);

#[derive(Debug)]
struct Report {
    endpoint: Box<str>,
    kind: Trouble,
    since: Instant,
    /// How often it happened since the line.
    times: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// An event that the endpoint does not declare, or that has faults.
    Event,
    /// A group message of this kind.
    Message,
    /// A group message or an event that is longer than one may be.
    TooLarge,
    /// A message of other applications that share the layer.
    Foreign,
    /// A handler that went on for too long after the end of its connection.
    GivenUp,
}

impl Reports {
    /// Notes one more. Yields how many there were since the last line, if it is time for a line. The caller writes it, so
    /// that the lock is not held meanwhile.
    pub(crate) fn note(&self, endpoint: &str, kind: Trouble) -> Option<u64> {
        let (now, mut reports) = (Instant::now(), self.reports());
        let Some(report) = reports.iter_mut().find(|report| report.kind == kind && *report.endpoint == *endpoint)
        else {
            reports.push(Report { endpoint: endpoint.into(), kind, since: now, times: 0 });
            return Some(1);
        };
        report.times += 1;
        if now.saturating_duration_since(report.since) < WINDOW {
            return None;
        }
        report.since = now;
        Some(std::mem::take(&mut report.times))
    }

    fn reports(&self) -> MutexGuard<'_, Vec<Report>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_line_in_a_minute_counts_those_since_the_last() {
        let reports = Reports::default();
        let note = |endpoint| reports.note(endpoint, Trouble::Event);
        assert_eq!([note("Chat"), note("Chat"), note("Chat")], [Some(1), None, None]);
        assert_eq!([note("Echo"), reports.note("Chat", Trouble::Message)], [Some(1), Some(1)]);
        advance(WINDOW).await;
        assert_eq!([note("Chat"), note("Chat"), note("Echo")], [Some(3), None, Some(1)]);
    }
}
