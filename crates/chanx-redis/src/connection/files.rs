//! Files that are read anew for each connection, so that what they hold can be replaced while the process runs.

use std::fs;
use std::path::Path;

use crate::trouble::Trouble;

/// A small local file, once for each connection: not worth another thread.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    fs::read(path).map_err(|error| Trouble::Refused(format!("{}: {error}", path.display())))
}

/// The first line of a file.
pub(super) fn first_line(path: &Path) -> Result<String, Trouble> {
    let text = String::from_utf8(read(path)?).map_err(|_| Trouble::Refused(format!("{}: no text", path.display())))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(Trouble::Refused(format!("{}: its first line is empty", path.display()))),
    }
}
