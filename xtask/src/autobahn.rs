//! Runs the cases of the Autobahn test suite against the raw echo of the conformance application, over a socket, with
//! compressed messages and their contexts.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::programs;
use crate::python::Environment;
use crate::server::Server;
use crate::shell::Shell;
use crate::steps::Outcome;

/// The runner of the cases.
const PROJECT: &str = "conformance/autobahn";

/// What has to be there if the installation is whole.
const IMPORTS: &str = "import kosoku";

/// A database, without which no server of the application starts.
const TABLES: &str = "conformance/fixture/fixture.sqlite3";

/// The longest messages of the suite have 16 MiB.
const LONGEST: &str = "16777216";

/// Runs all cases. Red if one of them fails for which `run.py` does not know a fault of the runner.
pub(crate) fn check(shell: &Shell) -> Outcome {
    let environment = Environment::new(shell, "autobahn", PROJECT, IMPORTS);
    environment.prepare(shell)?;
    let folder = shell.fresh_folder("run")?;
    let (tables, database) = (shell.root().join(TABLES), folder.join("server.sqlite3"));
    fs::copy(&tables, &database).map_err(|error| Failure::path(&tables, &error))?;
    let program = programs::build(shell, &["conformance"])?.join("conformance");
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    let server = Server::chanx(&program, &folder, &settings(&database))?;
    let mut run = shell.command(environment.python());
    run.arg(shell.root().join(PROJECT).join("run.py"));
    run.arg(format!("ws://{}/ws/raw/", server.address())).arg(folder.join("reports"));
    let output = shell.read(run)?;
    let counts = output.lines().last().ok_or_else(|| Failure::new("the runner said nothing"))?;
    Ok(Some(counts.to_owned()))
}

fn settings(database: &Path) -> Vec<(String, String)> {
    let database = format!("sqlite://{}", database.display());
    [
        ("CHANX_SECRET_KEY", "autobahn-autobahn-autobahn-autobahn-autobahn-autobahn"),
        ("CHANX_DATABASE_URL", &*database),
        ("CHANX_ALLOW_MISSING_ORIGIN", "true"),
        ("CHANX_COMPRESSION", "true"),
        ("CHANX_COMPRESSION_THRESHOLD", "0"),
        ("CHANX_MAX_COMPRESSION_CONTEXTS", "100"),
        ("CHANX_MAX_MESSAGE_SIZE", LONGEST),
        ("CHANX_MAX_OUTGOING_MESSAGE_SIZE", LONGEST),
        ("CHANX_LOG_FILTER", "warn"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
