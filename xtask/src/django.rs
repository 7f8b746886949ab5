//! Runs chanx beside a real Django on one database. The scenarios are Python programs; here is what they need.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::shell::{Shell, succeeds};
use crate::steps::Outcome;

/// The Django site and the scenarios.
const PROJECT: &str = "crates/chanx-site/tests/django";

const SCENARIOS: &[&str] = &["test_chanx_first", "test_django_first", "test_login_pages"];

/// What has to be there if the installation is whole.
const IMPORTS: &str = "import django, rest_framework, argon2, bcrypt";

const PIP_INSTALL: &[&str] =
    &["-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--no-deps", "--requirement"];

/// Runs each scenario in a process and a folder of its own.
pub(crate) fn check(shell: &Shell) -> Outcome {
    let environment = Environment::of(shell);
    environment.prepare(shell)?;
    let programs = build(shell)?;
    for scenario in SCENARIOS {
        let mut run = shell.command(environment.python());
        run.arg("-B").arg(Path::new(PROJECT).join("run.py")).arg(scenario);
        run.arg(shell.fresh_folder(scenario)?).arg(&programs);
        shell.run(run)?;
    }
    Ok(Some(format!("{} scenarios", SCENARIOS.len())))
}

/// Builds the programs that the scenarios start. Cargo puts them beside this program.
fn build(shell: &Shell) -> Result<PathBuf, Failure> {
    shell.run(shell.cargo(&["build", "--package", "echo", "--package", "conformance"]))?;
    let this = std::env::current_exe()
        .map_err(|error| Failure::new(format!("the path of this program is unknown: {error}")))?;
    Ok(this.parent().map_or_else(PathBuf::new, Path::to_path_buf))
}

/// A virtual environment below the target folder, with Django in the versions of `requirements.txt`.
struct Environment {
    folder: PathBuf,
    /// The versions that are wanted.
    wanted: PathBuf,
    /// The versions that were installed last, written when all of them were.
    installed: PathBuf,
}

impl Environment {
    fn of(shell: &Shell) -> Self {
        let folder = shell.root().join("target/django");
        let wanted = shell.root().join(PROJECT).join("requirements.txt");
        Self { installed: folder.join("requirements.txt"), folder, wanted }
    }

    fn python(&self) -> PathBuf {
        self.folder.join("bin/python")
    }

    /// Makes the environment anew, unless it is whole and up to date.
    fn prepare(&self, shell: &Shell) -> Result<(), Failure> {
        let wanted = fs::read(&self.wanted).map_err(|error| Failure::path(&self.wanted, &error))?;
        if fs::read(&self.installed).is_ok_and(|installed| installed == wanted) && self.works(shell) {
            return Ok(());
        }
        let mut create = shell.command("python3");
        create.args(["-m", "venv", "--clear"]).arg(&self.folder);
        shell.run(create)?;
        let mut install = shell.command(self.python());
        install.args(PIP_INSTALL).arg(&self.wanted);
        shell.run(install)?;
        fs::write(&self.installed, wanted).map_err(|error| Failure::path(&self.installed, &error))
    }

    /// Whether its interpreter, which belongs to the system, still finds what was installed.
    fn works(&self, shell: &Shell) -> bool {
        let mut import = shell.command(self.python());
        import.args(["-c", IMPORTS]);
        succeeds(import)
    }
}
