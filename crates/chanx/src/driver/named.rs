//! The name of a connection in the log: a span, which its task enters for each turn.
//!
//! Where a log is installed a span costs half a kilobyte. So a connection that runs rarely gives its span up, and makes it anew
//! for the next turn.

use std::sync::Arc;

use tracing::Span;

use crate::handshake::Handshake;
use crate::hub::Roster;
use crate::routing::decode_path;

/// How many turns a quiet connection has at most while the clock goes round once: it is ticked, pinged, and hears the answer.
const FEW: u8 = 4;

/// What a connection's span says, and the span while it is kept.
#[derive(Debug)]
pub(crate) struct Name {
    id: Arc<str>,
    handshake: Arc<Handshake>,
    clock: Arc<Roster>,
    span: Option<Box<Span>>,
    round: u32,
    /// The turns in this round of the clock, and in the one before.
    turns: u8,
    turns_before: u8,
}

impl Name {
    /// A connection that is not known to be quiet.
    pub(crate) fn new(id: Arc<str>, handshake: Arc<Handshake>, clock: Arc<Roster>) -> Box<Self> {
        let round = clock.round();
        Box::new(Self { id, handshake, clock, span: None, round, turns: 0, turns_before: u8::MAX })
    }

    /// Runs something under this name.
    pub(crate) fn during<T>(&mut self, run: impl FnOnce() -> T) -> T {
        self.count_turn();
        let span = self.span.take().unwrap_or_else(|| self.begin());
        let outcome = span.in_scope(run);
        self.span = (!self.is_quiet()).then_some(span);
        outcome
    }

    fn begin(&self) -> Box<Span> {
        let path = decode_path(self.handshake.uri_path()).unwrap_or_default();
        Box::new(tracing::info_span!("websocket", id = &*self.id, path = &*path))
    }

    fn count_turn(&mut self) {
        let round = self.clock.round();
        if round != self.round {
            self.turns_before = if round == self.round.wrapping_add(1) { self.turns } else { 0 };
            (self.round, self.turns) = (round, 0);
        }
        self.turns = self.turns.saturating_add(1);
    }

    fn is_quiet(&self) -> bool {
        self.turns.max(self.turns_before) <= FEW
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;
    use crate::routing::Parameters;

    fn name(clock: &Arc<Roster>) -> Box<Name> {
        let request = http::Request::get("/ws/caf%C3%A9/").body(()).unwrap();
        let handshake = Arc::new(Handshake::new(request.into_parts().0, Parameters::default(), Arc::default()));
        Name::new("7".into(), handshake, Arc::clone(clock))
    }

    #[test]
    fn who_runs_rarely_keeps_no_span() {
        let clock = Roster::new(Duration::from_secs(1));
        let mut name = name(&clock);
        let mut keeps_after = |turns: u8| {
            (0..turns).for_each(|_| name.during(|| ()));
            name.span.is_some()
        };
        assert!(keeps_after(1), "nothing is known in the first round");
        assert!(keeps_after(FEW));
        clock.go_round();
        assert!(keeps_after(1), "there were many turns in the round before");
        clock.go_round();
        assert!(!keeps_after(FEW), "few turns in two rounds");
        assert!(keeps_after(1), "one more than few");
        clock.go_round();
        assert!(keeps_after(1));
        clock.go_round();
        clock.go_round();
        assert!(!keeps_after(1), "none at all in the round before");
    }

    /// A writer that appends to what its clones have.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_has_the_name_whether_the_span_was_kept_or_not() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
        let _log = tracing::subscriber::set_default(log);
        let clock = Roster::new(Duration::from_secs(1));
        let mut name = name(&clock);
        for _ in 0..4 {
            name.during(|| tracing::info!("once"));
            name.during(|| tracing::info!("again"));
            clock.go_round();
        }
        let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(log.lines().all(|line| line.contains(r#"websocket{id="7" path="/ws/café/"}:"#)), "{log}");
        assert_eq!(log.lines().count(), 8);
    }
}
