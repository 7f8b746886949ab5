//! Why settings cannot be loaded.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::Source;

/// Why settings cannot be loaded. No message quotes a secret.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The settings file cannot be read.
    #[error("cannot read the settings file {}", path.display())]
    Read {
        /// The file as it was named.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The settings file is not TOML.
    #[error("{place}: {reason}")]
    Syntax {
        /// The file and the line.
        place: Source,
        /// What is wrong there.
        reason: String,
    },
    /// A key that no setting has.
    #[error("{place}: unknown setting \"{name}\": {advice}")]
    Unknown {
        /// Where the key stands.
        place: Source,
        /// The key as written.
        name: String,
        /// The key that may be meant, or all of them.
        advice: String,
    },
    /// One source sets the same setting twice, under its two names.
    #[error("{place}: \"{key}\" is already set by {earlier}: remove one of them")]
    Twice {
        /// Where the second value stands.
        place: Source,
        /// The setting.
        key: &'static str,
        /// Where the first value stands.
        earlier: Source,
    },
    /// A value that the setting cannot have.
    #[error("{place}: {key} {reason}")]
    Invalid {
        /// Where the value stands.
        place: Source,
        /// The setting.
        key: &'static str,
        /// What is allowed, and what is there unless it is secret.
        reason: String,
    },
    /// A variable of the environment is not Unicode.
    #[error("{variable}: the value is not valid Unicode")]
    NotUnicode {
        /// The variable.
        variable: String,
    },
}
