//! Why a server is not measured.

use std::io;

use thiserror::Error;

use crate::load::LoadError;
use crate::process::ProcessError;
use crate::sessions::SessionsError;

/// Why a server is not measured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum MeasureError {
    #[error("a process cannot be started")]
    Process(#[from] ProcessError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("the users cannot be made")]
    Sessions(#[from] SessionsError),
    #[error("what the system says of the servers cannot be read")]
    System(#[source] io::Error),
    #[error("a part of the fleet said `{answer}`")]
    Holder { answer: String },
    #[error("the server's processor time does not stand still")]
    Restless,
}
