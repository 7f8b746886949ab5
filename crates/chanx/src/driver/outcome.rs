//! What the failure of a handler, or of what comes before and after them, leads to: one table.

use crate::consumer::HandlerError;
use crate::hub::Trouble;
use crate::mounted::Mounted;
use crate::shared::SharedSession;
use chanx_core::session::Session;

use super::connection::Ran;

/// What the driver was doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Authentication, permissions, the object.
    Admission,
    /// `connect`, `build_groups`, `post_authentication`.
    Opening,
    /// A message is read into its type.
    Reading,
    /// `receive_message`.
    Message,
    /// `receive_event`, `messages_missed`.
    Event,
    /// `disconnected`.
    Farewell,
}

/// How it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Something was sent into a closed connection; not necessarily this one.
    Closed,
    Error,
    Panic,
    TimedOut,
    Abandoned,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// Nothing: the failure is a consequence of the end.
    Ignore,
    /// A line in the log, as few as [`Trouble`] gets: the connection has ended already.
    GiveUp,
    /// An error in the log, of which the client learns nothing.
    Note,
    /// An error in the log, and an `error` with its id for the client.
    Answer,
    /// An error in the log, and the end of the connection with 1011.
    Close,
    /// The same after an `authentication` of 500.
    Refuse,
}

/// What ends a connection, by its settings.
#[derive(Clone, Copy, Debug)]
struct Closing {
    panics: bool,
    /// Failures of messages.
    failures: bool,
}

fn action(phase: Phase, kind: Kind, is_ending: bool, closing: Closing) -> Action {
    match (phase, kind) {
        (_, Kind::Abandoned) => Action::GiveUp,
        (_, Kind::Closed) if is_ending => Action::Ignore,
        (Phase::Admission, _) => Action::Refuse,
        (Phase::Opening, _) => Action::Close,
        (Phase::Farewell, _) => Action::Note,
        (_, Kind::Panic) if closing.panics => Action::Close,
        (Phase::Reading | Phase::Message, _) if closing.failures => Action::Close,
        (Phase::Reading | Phase::Message, _) => Action::Answer,
        (Phase::Event, _) => Action::Note,
    }
}

/// The value, if there is one; otherwise the failure is dealt with.
pub(super) fn settle<T>(
    phase: Phase,
    ran: Ran<Result<T, HandlerError>>,
    session: &SharedSession,
    mounted: &Mounted,
) -> Option<T> {
    let (kind, text) = match ran {
        Ran::Finished(Ok(value)) => return Some(value),
        Ran::Finished(Err(error)) if is_closed(&error, session) => (Kind::Closed, error.report()),
        Ran::Finished(Err(error)) => (Kind::Error, error.report()),
        Ran::Panicked(panic) => (Kind::Panic, panic),
        Ran::TimedOut => (Kind::TimedOut, late(phase).to_owned()),
        Ran::Abandoned => (Kind::Abandoned, String::new()),
    };
    let mut session = session.borrow_mut();
    let closing = Closing { panics: session.config().panic_closes, failures: session.config().failure_closes };
    let action = action(phase, kind, session.is_ending(), closing);
    match action {
        Action::GiveUp => report_given_up(phase, mounted),
        action => perform(action, phase, &text, &mut session),
    }
    None
}

/// Very many clients may leave at once.
fn report_given_up(phase: Phase, mounted: &Mounted) {
    let Some(times) = mounted.note(Trouble::GivenUp) else { return };
    let endpoint = mounted.endpoint.name();
    tracing::warn!(endpoint, ?phase, times, "a handler was given up after the end of its connection");
}

/// Whether a handler failed because something was sent into a closed connection. Where only the text of the error says so, a
/// send of this connection's own must have been refused.
fn is_closed(error: &HandlerError, session: &SharedSession) -> bool {
    error.is_closed() || session.borrow().has_refused() && error.reads_like_closed()
}

fn late(phase: Phase) -> &'static str {
    match phase {
        Phase::Admission | Phase::Opening => "it took longer than the setting `admission_timeout` allows",
        _ => "it took longer than the setting `handler_timeout` allows",
    }
}

fn perform(action: Action, phase: Phase, error: &str, session: &mut Session) {
    match action {
        Action::Ignore | Action::GiveUp => {}
        Action::Note => {
            let (message_id, id) = (session.message_id(), session.failed_event());
            tracing::error!(id, message_id, ?phase, error, "a handler failed");
        }
        Action::Answer if phase == Phase::Reading => {
            let id = session.failed();
            tracing::error!(id, message_id = session.message_id(), error, "a message could not be read");
        }
        Action::Answer => {
            let (message_id, id) = (session.message_id(), session.failed());
            tracing::error!(id, message_id, error, "a handler failed");
        }
        Action::Close => {
            let id = session.fail();
            tracing::error!(id, ?phase, error, "the connection failed");
        }
        Action::Refuse => {
            let id = session.fail_authentication();
            tracing::error!(id, error, "authentication failed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [Kind; 5] = [Kind::Closed, Kind::Error, Kind::Panic, Kind::TimedOut, Kind::Abandoned];

    #[test]
    fn every_failure_of_every_phase_has_its_consequence() {
        use Action::{Answer, Close, GiveUp, Ignore, Note, Refuse};
        for (phase, alive, ending, lenient_panic) in [
            (Phase::Admission, [Refuse, Refuse, Refuse, Refuse, GiveUp], Ignore, Refuse),
            (Phase::Opening, [Close, Close, Close, Close, GiveUp], Ignore, Close),
            (Phase::Reading, [Answer, Answer, Close, Answer, GiveUp], Ignore, Answer),
            (Phase::Message, [Answer, Answer, Close, Answer, GiveUp], Ignore, Answer),
            (Phase::Event, [Note, Note, Close, Note, GiveUp], Ignore, Note),
            (Phase::Farewell, [Note, Note, Note, Note, GiveUp], Ignore, Note),
        ] {
            let closing = Closing { panics: true, failures: false };
            assert_eq!(KINDS.map(|kind| action(phase, kind, false, closing)), alive, "{phase:?}");
            assert_eq!(action(phase, Kind::Closed, true, closing), ending, "{phase:?}");
            let closing = Closing { panics: false, failures: false };
            assert_eq!(action(phase, Kind::Panic, false, closing), lenient_panic, "{phase:?}");
        }
    }

    #[test]
    fn where_no_error_can_be_told_a_failed_message_closes() {
        use Action::{Close, GiveUp, Ignore, Note};
        let closing = Closing { panics: true, failures: true };
        for phase in [Phase::Reading, Phase::Message] {
            assert_eq!(KINDS.map(|kind| action(phase, kind, false, closing)), [Close, Close, Close, Close, GiveUp]);
            assert_eq!(action(phase, Kind::Closed, true, closing), Ignore, "{phase:?}");
        }
        assert_eq!(action(Phase::Event, Kind::Error, false, closing), Note);
    }
}
