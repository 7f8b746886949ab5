//! Runs chanx beside a real Django on one database. The scenarios are Python programs; here is what they need.

use std::path::Path;

use crate::programs;
use crate::python::Environment;
use crate::shell::Shell;
use crate::steps::Outcome;

/// The Django site and the scenarios.
const PROJECT: &str = "crates/chanx-site/tests/django";

const SCENARIOS: &[&str] = &["test_chanx_first", "test_django_first", "test_login_pages"];

/// What has to be there if the installation is whole.
const IMPORTS: &str = "import django, rest_framework, argon2, bcrypt";

/// Runs each scenario in a process and a folder of its own.
pub(crate) fn check(shell: &Shell) -> Outcome {
    let environment = Environment::new(shell, "django", PROJECT, IMPORTS);
    environment.prepare(shell)?;
    let programs = programs::build(shell, &["echo", "conformance"])?;
    for scenario in SCENARIOS {
        let mut run = shell.command(environment.python());
        run.arg("-B").arg(Path::new(PROJECT).join("run.py")).arg(scenario);
        run.arg(shell.fresh_folder(scenario)?).arg(&programs);
        shell.run(run)?;
    }
    Ok(Some(format!("{} scenarios", SCENARIOS.len())))
}
