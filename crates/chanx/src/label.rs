//! What the log calls a connection, on each of its lines.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::future::Either;
use tokio::task_local;
use tracing::{Instrument, Span};

task_local! {
    static CURRENT: ConnectionLabel;
}

/// What the log calls a connection: its id, and the path of its request.
///
/// Each connection is offered to the log as a span `websocket` of the target `chanx::connection`, with the fields `id` and
/// `path`, which subscribers print on each of its lines. For those of `tracing-subscriber` a span costs some 400 bytes for
/// each connection, and time at each turn. So a subscriber may decline it, for instance by the filter
/// `info,chanx::connection=off`, and take the label of the task that logs instead. The log of chanx-site does so.
///
/// ```
/// use chanx::ConnectionLabel;
///
/// /// What a formatter of log lines writes before the text of an event.
/// fn write_connection(line: &mut impl std::fmt::Write) -> std::fmt::Result {
///     let Some(label) = ConnectionLabel::current() else { return Ok(()) };
///     write!(line, "websocket{{id={:?} path={:?}}}: ", label.id(), label.path())
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionLabel {
    /// The id, a space and the path: one allocation for each connection.
    text: Arc<str>,
}

impl ConnectionLabel {
    pub(crate) fn new(prefix: &str, number: u64, path: &str) -> Self {
        Self { text: format!("{prefix}-{number} {path}").into() }
    }

    /// The label of the connection whose task calls this, or the work that it [spawned](crate::Context::spawn). There is
    /// none outside of these, nor where the connection has a span.
    pub fn current() -> Option<Self> {
        CURRENT.try_get().ok()
    }

    /// The name of the connection, unlike that of any other.
    pub fn id(&self) -> &str {
        self.parts().0
    }

    /// The path of the request, without its query; where it is long, the beginning.
    pub fn path(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        // An id has no spaces.
        self.text.split_once(' ').unwrap_or((&self.text, ""))
    }

    /// The name of the connection's session; its first word begins the ids of failures.
    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The span of the connection; disabled where no subscriber wants one.
    fn span(&self) -> Span {
        tracing::info_span!(target: "chanx::connection", "websocket", id = self.id(), path = self.path())
    }

    /// Runs something whose lines carry the label.
    pub(crate) fn around<T>(&self, run: impl FnOnce() -> T) -> T {
        let span = self.span();
        if span.is_disabled() { CURRENT.sync_scope(self.clone(), run) } else { span.in_scope(run) }
    }

    /// Spawns the task of a connection, whose lines carry the label.
    pub(crate) fn spawn(self, task: impl Future<Output = ()> + Send + 'static) {
        let span = self.span();
        if span.is_disabled() {
            tokio::spawn(CURRENT.scope(self, task));
        } else {
            // In a box, so that there is one kind of such tasks for all consumers.
            let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(task);
            tokio::spawn(task.instrument(span));
        }
    }
}

/// Work beside the task of a connection, whose lines carry the same label.
pub(crate) fn inherit<F: Future>(work: F) -> impl Future<Output = F::Output> {
    match ConnectionLabel::current() {
        Some(label) => Either::Left(CURRENT.scope(label, work)),
        None => Either::Right(work.in_current_span()),
    }
}

impl fmt::Debug for ConnectionLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionLabel").field("id", &self.id()).field("path", &self.path()).finish()
    }
}
