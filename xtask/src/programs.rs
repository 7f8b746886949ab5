//! Programs of the workspace that steps run.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::shell::Shell;

/// Builds them, and gives the folder where they are. Cargo puts them beside this program.
pub(crate) fn build(shell: &Shell, packages: &[&str]) -> Result<PathBuf, Failure> {
    let mut build = shell.cargo(&["build"]);
    for package in packages {
        build.args(["--package", package]);
    }
    shell.run(build)?;
    let this = std::env::current_exe()
        .map_err(|error| Failure::new(format!("the path of this program is unknown: {error}")))?;
    Ok(this.parent().map_or_else(PathBuf::new, Path::to_path_buf))
}
