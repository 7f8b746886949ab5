//! Lets programs that others wrote read the AsyncAPI documents of the applications: the official parser, and the generator
//! of clients that Chanx brings.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::node::Packages;
use crate::programs;
use crate::python::Environment;
use crate::shell::Shell;
use crate::steps::Outcome;

const APPLICATIONS: &[&str] = &["echo", "chat", "conformance"];

/// Those whose generated clients can be imported. The generator writes a type that contains itself, which conformance has,
/// as a class that is named before it is there.
const IMPORTABLE: &[&str] = &["echo", "chat"];

const FORMATS: &[&str] = &["json", "yaml"];

/// What reads the documents.
const PROJECT: &str = "xtask/asyncapi";

/// What has to be there if the installation is whole.
const IMPORTS: &str = "import chanx.cli.main";

/// Writes each document in each format, and lets both read it.
pub(crate) fn check(shell: &Shell) -> Outcome {
    let programs = programs::build(shell, APPLICATIONS)?;
    let folder = shell.fresh_folder("documents")?;
    let documents = APPLICATIONS.iter().flat_map(|application| FORMATS.iter().map(move |format| (application, format)));
    let documents = documents
        .map(|(application, format)| document(shell, &programs.join(application), &folder, format))
        .collect::<Result<Vec<_>, _>>()?;
    Packages::prepare(shell)?.run(shell, &format!("{PROJECT}/parse.mjs"), &documents)?;
    generate(shell, &folder)?;
    Ok(Some(format!("{} documents", documents.len())))
}

/// Writes a document, without the developer's own settings.
fn document(shell: &Shell, program: &Path, folder: &Path, format: &str) -> Result<PathBuf, Failure> {
    let path = folder.join(program.file_name().unwrap_or_default()).with_extension(format);
    let mut write = shell.command(program);
    write.args(["asyncapi", "--format", format, "--output"]).arg(&path).env_clear().current_dir(folder);
    shell.run(write)?;
    Ok(path)
}

/// Makes clients in Python of the documents in JSON, which have to compile.
fn generate(shell: &Shell, folder: &Path) -> Result<(), Failure> {
    let environment = Environment::new(shell, "asyncapi", PROJECT, IMPORTS);
    environment.prepare(shell)?;
    let clients = shell.fresh_folder("clients")?;
    let declared = shell.fresh_folder("declared")?;
    for application in APPLICATIONS {
        let document = declared.join(application).with_extension("json");
        let mut select = shell.command(environment.python());
        select.arg("-B").arg(Path::new(PROJECT).join("declared.py"));
        select.arg(folder.join(application).with_extension("json")).arg(&document);
        shell.run(select)?;
        let mut generate = shell.command(environment.python().with_file_name("chanx"));
        generate.args(["generate-client", "--no-format", "--no-readme", "--schema"]);
        generate.arg(document).arg("--output").arg(clients.join(application));
        shell.run(generate)?;
    }
    let mut compile = shell.command(environment.python());
    compile.args(["-m", "compileall", "-q"]).arg(&clients);
    shell.run(compile)?;
    let mut import = shell.command(environment.python());
    import.arg("-B").arg(Path::new(PROJECT).join("generated.py")).arg(&clients).args(IMPORTABLE);
    shell.run(import)
}
