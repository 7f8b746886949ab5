//! Proves that chanx-core stays a protocol without I/O: none of its dependencies runs tasks or opens sockets.

use std::collections::BTreeSet;

use crate::failure::Failure;
use crate::shell::Shell;
use crate::steps::Outcome;

/// Crates that chanx-core must not reach, however indirectly.
const FORBIDDEN: &[&str] = &["async-std", "axum", "hyper", "mio", "smol", "socket2", "tokio"];

/// Asks cargo for the tree of chanx-core with all its features, without dependencies for tests.
pub(crate) fn check(shell: &Shell) -> Outcome {
    let mut tree = shell.cargo(&["tree", "--package", "chanx-core", "--all-features"]);
    tree.args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
    let tree = shell.read(tree)?;
    match forbidden(&tree).as_slice() {
        [] => Ok(None),
        [first, ..] => Err(Failure::new(format!(
            "chanx-core depends on {first}: see cargo tree --package chanx-core --invert {first}"
        ))),
    }
}

/// The forbidden crates in a tree that has one package on each line, its name first.
fn forbidden(tree: &str) -> Vec<&str> {
    let packages: BTreeSet<_> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    packages.into_iter().filter(|name| FORBIDDEN.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_count() {
        assert_eq!(forbidden("chanx-core v0.1.0\nserde v1.0.0\ntokio-like v1.0.0\n"), Vec::<&str>::new());
        assert_eq!(forbidden("chanx-core v0.1.0\ntokio v1.0.0 (*)\nmio v1.0.0\ntokio v1.0.0\n"), ["mio", "tokio"]);
    }
}
