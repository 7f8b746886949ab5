//! Holds random values against the published JSON Schema, the types of chanx and a real Pydantic. The test is Rust's and starts
//! the Python that is prepared here.

use crate::python::Environment;
use crate::shell::Shell;
use crate::steps::Outcome;

/// The generator, and what Pydantic calls the types.
const PROJECT: &str = "conformance/values";

/// What has to be there if the installation is whole.
const IMPORTS: &str = "import jsonschema, pydantic";

/// Where the test looks for its interpreter.
const PYTHON: &str = "CHANX_VALUES_PYTHON";

/// Runs the test that plain `cargo test` leaves out.
pub(crate) fn check(shell: &Shell) -> Outcome {
    let environment = Environment::new(shell, "values", PROJECT, IMPORTS);
    environment.prepare(shell)?;
    let mut run = shell.cargo(&["test", "--package", "conformance", "--bins", "--", "--ignored", "--nocapture"]);
    run.env(PYTHON, environment.python());
    let output = shell.read(run)?;
    let counts = output.lines().find(|line| line.contains(" values: "));
    Ok(counts.map(|line| line[line.find(|c: char| c.is_ascii_digit()).unwrap_or(0)..].to_owned()))
}
