//! What the program writes to its log: lines for people on a terminal, JSON for machines otherwise. Knows no request.

use std::io::{self, IsTerminal};

use chanx::settings::{LogFormat, Settings};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::Subscriber;
use tracing_subscriber::util::SubscriberInitExt;

/// Sends all events of this process to standard error.
///
/// `filter` has the syntax of [`EnvFilter`], such as `info,chanx=debug`. Where it is the setting's
/// default, the variable `RUST_LOG` decides, if there is one.
///
/// An application that has installed a subscriber of its own before keeps it.
///
/// # Errors
/// The filter cannot be read.
pub fn install(format: LogFormat, filter: &str) -> Result<(), LoggingError> {
    let filter = self::filter(filter, std::env::var(EnvFilter::DEFAULT_ENV).ok())?;
    let ansi = io::stderr().is_terminal();
    let lines = Subscriber::builder().with_env_filter(filter).with_writer(io::stderr);
    let is_human = match format {
        LogFormat::Human => true,
        LogFormat::Json => false,
        _ => ansi,
    };
    // An error means that there is a subscriber already.
    let _ = if is_human {
        lines.with_target(false).with_ansi(ansi).finish().try_init()
    } else {
        lines.json().flatten_event(true).with_current_span(false).finish().try_init()
    };
    Ok(())
}

fn filter(setting: &str, variable: Option<String>) -> Result<EnvFilter, LoggingError> {
    let variable = variable.filter(|_| setting == Settings::default().log_filter);
    let filter = variable.filter(|filter| !filter.trim().is_empty()).unwrap_or_else(|| setting.to_owned());
    EnvFilter::try_new(&filter).map_err(|source| LoggingError::Filter { filter, source: Box::new(source) })
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_replaces_the_default_only() {
        let chosen = |setting, variable: &str| filter(setting, Some(variable.to_owned())).unwrap().to_string();
        assert_eq!(chosen("info", "chanx=debug"), "chanx=debug");
        assert_eq!(chosen("info", " "), "info");
        assert_eq!(chosen("warn", "chanx=debug"), "warn");
    }

    #[test]
    fn a_wrong_filter_is_named() {
        let error = filter("chanx=loud", None).unwrap_err().to_string();
        assert!(error.contains("chanx=loud"), "{error}");
    }
}
