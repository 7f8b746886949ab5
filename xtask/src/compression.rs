//! Runs chanx beside a real client that compresses, Python's websockets. The tests are Rust's and start it; here is the Python
//! that they start.

use crate::python::Environment;
use crate::shell::Shell;
use crate::steps::Outcome;

/// The client.
const PROJECT: &str = "crates/chanx/tests/compression/python";

/// What has to be there if the installation is whole.
const IMPORTS: &str = "import websockets.sync.client";

/// Where the tests look for their interpreter.
const PYTHON: &str = "CHANX_WEBSOCKETS_PYTHON";

/// Runs the tests that plain `cargo test` leaves out because they need a Python package.
pub(crate) fn check(shell: &Shell) -> Outcome {
    let environment = Environment::new(shell, "compression", PROJECT, IMPORTS);
    environment.run_tests(shell, "chanx", "compression", PYTHON)?;
    Ok(None)
}
