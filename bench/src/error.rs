//! What can go wrong in a run.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::load::LoadError;
use crate::measure::MeasureError;
use crate::servers::ServeError;
use crate::soak::SoakError;

/// Why there are no figures.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum Error {
    #[error("the cores cannot be chosen")]
    Cores(#[source] io::Error),
    #[error("{server} is not measured ({work})")]
    Measure { server: &'static str, work: String, source: MeasureError },
    #[error("the connections cannot be held")]
    Hold(#[source] LoadError),
    #[error("the report cannot be written to {path}")]
    Output { path: PathBuf, source: io::Error },
    #[error("the soak failed")]
    Soak(#[from] SoakError),
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// An error with what lies behind it, in one line.
pub(crate) fn with_causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
