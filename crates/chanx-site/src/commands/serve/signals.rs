//! Signals that ask the process to end.

use crate::commands::error::CommandError;

/// A signal that came.
#[derive(Clone, Copy, Debug)]
pub(super) enum Signal {
    Interrupt,
    #[cfg(unix)]
    Terminate,
}

impl Signal {
    /// The end of the process because of it, with the exit code that a shell gives to the signal.
    pub(super) fn at_once(self) -> CommandError {
        let number = match self {
            Self::Interrupt => 2,
            #[cfg(unix)]
            Self::Terminate => 15,
        };
        CommandError::EndedAtOnce { code: 128 + number }
    }
}

/// Ctrl-C and SIGTERM.
#[cfg(unix)]
pub(super) struct Signals {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// Signals count from now on.
    pub(super) fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let heed = |kind| signal(kind).inspect_err(|error| tracing::warn!(%error, "cannot wait for a signal")).ok();
        Self { interrupt: heed(SignalKind::interrupt()), terminate: heed(SignalKind::terminate()) }
    }

    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            () = received(self.interrupt.as_mut()) => Signal::Interrupt,
            () = received(self.terminate.as_mut()) => Signal::Terminate,
        }
    }
}

#[cfg(unix)]
async fn received(signal: Option<&mut tokio::signal::unix::Signal>) {
    let received = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if received.is_none() {
        std::future::pending::<()>().await;
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(super) fn new() -> Self {
        Self
    }

    pub(super) async fn next(&mut self) -> Signal {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "cannot wait for Ctrl-C");
            std::future::pending::<()>().await;
        }
        Signal::Interrupt
    }
}
