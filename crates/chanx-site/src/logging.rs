//! What the program writes to its log: lines for people on a terminal, JSON for machines otherwise. Knows no request.
//!
//! Whatever takes the log may be slow, full or gone: lines wait in a queue with a bound, the setting
//! `max_queued_log_bytes`, and a thread writes them. Lines that find no room, or that cannot be written, are lost, and the
//! log tells how many as soon as it can be written. A quarter of the queue is for warnings and errors.

mod lines;
mod panics;
mod queue;
mod writer;

use std::io::{self, IsTerminal};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chanx::settings::{LogFormat, Settings};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::Subscriber;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::util::SubscriberInitExt;

use lines::{Human, Json, WITHOUT_SPANS};
use queue::{Queue, ToQueue};

/// How long the end of the process waits for a log that is slow.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// The queue of this process.
static QUEUE: OnceLock<Arc<Queue>> = OnceLock::new();

/// Sends all events of this process, and its panics, to standard error, as the settings `log_format`, `log_filter` and
/// `max_queued_log_bytes` say. [`flush`] belongs to the end of the program.
///
/// The filter has the syntax of [`EnvFilter`], such as `info,chanx=debug`. Where it is the setting's
/// default, the variable `RUST_LOG` decides, if there is one.
///
/// Lines of connections begin with a [label](chanx::ConnectionLabel), which takes less memory than a span. A filter that names
/// the target `chanx::connection`, as in `info,chanx::connection=info`, brings their spans back, for code that passes the
/// current span on to tasks of its own.
///
/// An application that has installed a subscriber of its own before keeps it.
///
/// # Errors
/// The filter cannot be read, or the system has no room for a thread.
pub fn install(settings: &Settings) -> Result<(), LoggingError> {
    let filter = filter(&settings.log_filter, std::env::var(EnvFilter::DEFAULT_ENV).ok())?;
    let ansi = io::stderr().is_terminal();
    let is_human = match settings.log_format {
        LogFormat::Human => true,
        LogFormat::Json => false,
        _ => ansi,
    };
    let queue = Arc::new(Queue::new(settings.max_queued_log_bytes));
    let lines = Subscriber::builder()
        .with_env_filter(filter)
        .with_writer(ToQueue(Arc::clone(&queue)))
        .log_internal_errors(false);
    let installed = if is_human {
        lines.with_ansi(ansi).event_format(Human::default()).finish().try_init()
    } else {
        lines.fmt_fields(JsonFields::new()).event_format(Json::default()).finish().try_init()
    };
    // An error means that there is a subscriber already.
    if installed.is_ok() {
        writer::start(Arc::clone(&queue), standard_error(), is_human).map_err(LoggingError::Thread)?;
        panics::log();
        // Empty until now, as there was no subscriber.
        let _ = QUEUE.set(queue);
    }
    Ok(())
}

/// Waits until everything that was logged is written, for at most a second: a log that is not read does not keep the
/// process.
///
/// Programs made with [`Project`](crate::Project) do so at their end.
pub fn flush() {
    if let Some(queue) = QUEUE.get() {
        queue.flush(FLUSH_TIMEOUT);
    }
}

/// Standard error without the lock that all users of [`io::stderr`] share: the writer may wait long in a write.
#[cfg(unix)]
fn standard_error() -> Box<dyn io::Write + Send> {
    use std::fs::File;
    use std::os::fd::AsFd;

    match io::stderr().as_fd().try_clone_to_owned() {
        Ok(descriptor) => Box::new(File::from(descriptor)),
        Err(_) => Box::new(io::stderr()),
    }
}

#[cfg(not(unix))]
fn standard_error() -> Box<dyn io::Write + Send> {
    Box::new(io::stderr())
}

fn filter(setting: &str, variable: Option<String>) -> Result<EnvFilter, LoggingError> {
    let variable = variable.filter(|_| setting == Settings::default().log_filter);
    let filter = variable.filter(|filter| !filter.trim().is_empty()).unwrap_or_else(|| setting.to_owned());
    let declined = if filter.contains("chanx::connection") { "" } else { WITHOUT_SPANS };
    EnvFilter::try_new(format!("{filter},{declined}"))
        .map_err(|source| LoggingError::Filter { filter, source: Box::new(source) })
}

/// Why the log could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoggingError {
    /// `log_filter` or `RUST_LOG` is malformed.
    #[error("the log filter {filter:?} is wrong; write it as in \"info\" or \"info,chanx=debug\"")]
    Filter {
        /// The filter.
        filter: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The thread that writes the log could not be started.
    #[error("cannot start the thread that writes the log")]
    Thread(#[source] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_replaces_the_default_only() {
        let chosen = |setting, variable: &str| filter(setting, Some(variable.to_owned())).unwrap().to_string();
        assert_eq!(chosen("info", "chanx=debug"), "chanx::connection=off,chanx=debug");
        assert_eq!(chosen("info", " "), "chanx::connection=off,info");
        assert_eq!(chosen("warn", "chanx=debug"), "chanx::connection=off,warn");
    }

    #[test]
    fn connections_have_spans_where_the_filter_names_them() {
        let of = |setting| filter(setting, None).unwrap().to_string();
        assert_eq!(of("info,chanx::connection=info"), "chanx::connection=info,info");
    }

    #[test]
    fn a_wrong_filter_is_named() {
        let error = filter("chanx=loud", None).unwrap_err().to_string();
        assert!(error.contains("chanx=loud"), "{error}");
    }
}
