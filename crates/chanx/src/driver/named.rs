//! The name of a connection in the log: a span, which its task enters for each turn.
//!
//! Where a log is installed a span costs half a kilobyte. So the connections that ran last keep theirs, and the others make
//! theirs anew when they run again.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::Span;

use crate::handshake::Handshake;
use crate::routing::decode_path;

/// How many connections keep their spans. Of more than that few are busy at a time.
const KEPT: usize = 1024;

static SPANS: Shelf<Span, KEPT> = Shelf::new();

/// What a connection's span says, and where it is kept.
#[derive(Debug)]
pub(crate) struct Name {
    id: Arc<str>,
    handshake: Arc<Handshake>,
    ticket: u64,
}

impl Name {
    pub(crate) fn new(id: Arc<str>, handshake: Arc<Handshake>) -> Self {
        Self { id, handshake, ticket: 0 }
    }

    /// Runs something under this name.
    pub(crate) fn during<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let span = SPANS.take(self.ticket).unwrap_or_else(|| self.begin());
        let outcome = span.in_scope(run);
        SPANS.put(self.ticket, span);
        outcome
    }

    fn begin(&mut self) -> Span {
        self.ticket = SPANS.new_ticket();
        let path = decode_path(self.handshake.uri_path()).unwrap_or_default();
        tracing::info_span!("websocket", id = &*self.id, path = &*path)
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        drop(SPANS.take(self.ticket));
    }
}

/// A shelf with `N` places. What is put there last stays longest.
#[derive(Debug)]
struct Shelf<T, const N: usize> {
    places: [Mutex<Option<(u64, T)>>; N],
    tickets: AtomicU64,
}

impl<T, const N: usize> Shelf<T, N> {
    const fn new() -> Self {
        Self { places: [const { Mutex::new(None) }; N], tickets: AtomicU64::new(0) }
    }

    /// Nobody else ever has it. None is 0.
    fn new_ticket(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What was put there with this ticket, if it is still there.
    fn take(&self, ticket: u64) -> Option<T> {
        self.with_place(ticket, |place| place.take_if(|(owner, _)| *owner == ticket)).map(|(_, thing)| thing)
    }

    /// Puts something in the place of what has an older ticket. It is dropped if what is there has a newer one.
    fn put(&self, ticket: u64, thing: T) {
        let dropped = self.with_place(ticket, |place| match place {
            Some((newer, _)) if *newer > ticket => Some((ticket, thing)),
            older => older.replace((ticket, thing)),
        });
        drop(dropped);
    }

    fn with_place<R>(&self, ticket: u64, change: impl FnOnce(&mut Option<(u64, T)>) -> R) -> R {
        let place = &self.places[(ticket % N as u64) as usize];
        change(&mut place.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::routing::Parameters;

    #[test]
    fn what_was_put_last_stays_and_is_there_for_its_owner_alone() {
        let shelf = Shelf::<&str, 2>::new();
        let [first, second, third] = [(); 3].map(|()| shelf.new_ticket());
        assert_eq!(shelf.take(first), None);
        shelf.put(first, "first");
        shelf.put(second, "second");
        assert_eq!((shelf.take(second), shelf.take(second)), (Some("second"), None));
        shelf.put(third, "third");
        assert_eq!((shelf.take(first), shelf.take(0)), (None, None), "it had to make room");
        shelf.put(first, "first");
        assert_eq!((shelf.take(first), shelf.take(third)), (None, Some("third")), "the newer one stays");
        shelf.put(first, "first");
        assert_eq!(shelf.take(first), Some("first"));
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
    fn each_connection_has_its_own_name_however_many_there_are() {
        let lines = Lines::default();
        let writer = lines.clone();
        let log = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
        let _log = tracing::subscriber::set_default(log);
        let request = http::Request::get("/ws/caf%C3%A9/").body(()).unwrap();
        let handshake = Arc::new(Handshake::new(request.into_parts().0, Parameters::default(), Arc::default()));
        let name = |id: usize| Name::new(id.to_string().into(), Arc::clone(&handshake));
        let mut names: Vec<_> = (0..2 * KEPT).map(name).collect();
        for _ in 0..2 {
            for (id, name) in names.iter_mut().enumerate() {
                name.during(|| tracing::info!("the name is {id}."));
            }
        }
        let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        for (id, line) in (0..2 * KEPT).cycle().zip(log.lines()) {
            let (span, said) = (format!(r#"websocket{{id="{id}" path="/ws/café/"}}:"#), format!("the name is {id}."));
            assert!(line.contains(&span) && line.ends_with(&said), "{line}");
        }
        assert_eq!(log.lines().count(), 4 * KEPT);
    }
}
