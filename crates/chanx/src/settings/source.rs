//! Where the value of a setting comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::Settings;
use super::table::Key;

/// The place that decided a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Nobody did.
    Default,
    /// A line of the settings file.
    File {
        /// The file as it was named.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// A variable of the environment.
    Environment {
        /// Its name.
        variable: String,
    },
    /// The program, after loading.
    Code,
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File { path, line } => write!(formatter, "{}:{line}", path.display()),
            Self::Environment { variable } => formatter.write_str(variable),
            Self::Code => formatter.write_str("code"),
        }
    }
}

/// What loading did, to tell later which values the program has changed since.
#[derive(Clone, Default)]
pub(super) struct Provenance {
    pub(super) sources: BTreeMap<&'static str, Source>,
    loaded: Option<Box<Settings>>,
}

impl Settings {
    /// Takes the values as they are now for those that were loaded.
    pub(super) fn mark_loaded(&mut self) {
        self.provenance.loaded = Some(Box::new(self.clone()));
    }

    pub(super) fn source(&self, key: &Key) -> Source {
        let is_unchanged = match &self.provenance.loaded {
            Some(loaded) => (key.is_same)(self, loaded),
            None => (key.is_same)(self, &Self::default()),
        };
        match self.provenance.sources.get(key.name) {
            _ if !is_unchanged => Source::Code,
            Some(source) => source.clone(),
            None => Source::Default,
        }
    }
}
