//! Changes of the driver, of which the model must notice each: a model that notices nothing is worth nothing.

mod list;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::failure::{Failure, line};
use crate::shell::Shell;
use crate::steps::Outcome;
use list::Mutant;

/// A change may make the driver run in circles.
const PATIENCE: Duration = Duration::from_secs(120);
/// What is not copied.
const LEFT_OUT: [&str; 2] = ["target", ".git"];

/// Tries all changes.
pub(crate) fn all(shell: &Shell) -> Outcome {
    check(shell, "")
}

/// Tries those changes whose names contain a text.
pub(crate) fn check(shell: &Shell, only: &str) -> Outcome {
    let tree = shell.fresh_folder("tree")?;
    copy(shell.root(), &tree)?;
    let mutants: Vec<_> = list::read_all(&tree)?.into_iter().filter(|mutant| mutant.name.contains(only)).collect();
    let model = Model { shell, tree };
    if !model.is_green(&model.build()?)? {
        return Err(Failure::new("the model fails although nothing was changed"));
    }
    let mut unnoticed = Vec::new();
    for mutant in &mutants {
        let is_noticed = model.notices(mutant)?;
        println!("{} {}", if is_noticed { "noticed  " } else { "UNNOTICED" }, mutant.name);
        if !is_noticed {
            unnoticed.push(format!("  {}", mutant.name));
        }
    }
    match unnoticed.as_slice() {
        [] => Ok(Some(format!("{} changes of the driver were noticed", mutants.len()))),
        names => Err(Failure::new(format!("of {} changes these go unnoticed:\n{}", mutants.len(), names.join("\n")))),
    }
}

/// The model in a copy of the workspace, whose files may be changed.
struct Model<'a> {
    shell: &'a Shell,
    tree: PathBuf,
}

impl Model<'_> {
    fn notices(&self, mutant: &Mutant) -> Result<bool, Failure> {
        let path = self.tree.join(&mutant.file);
        let original = read(&path)?;
        write(&path, &mutant.apply(&original)?)?;
        let built = self.build();
        write(&path, &original)?;
        Ok(!self.is_green(&built?)?)
    }

    /// The program of the model, built from the copy.
    fn build(&self) -> Result<PathBuf, Failure> {
        let mut build = self.cargo(&["test", "--package=chanx", "--test=model", "--no-run"]);
        build.arg("--message-format=json-render-diagnostics");
        let messages = self.shell.read(build)?;
        let path = messages.lines().filter_map(|line| line.split_once(r#""executable":""#)).next_back();
        let path = path.and_then(|(_, rest)| rest.split_once('"'));
        path.map(|(path, _)| path.into()).ok_or_else(|| Failure::new("cargo does not say what it built"))
    }

    fn cargo(&self, args: &[&str]) -> Command {
        let mut cargo = self.shell.cargo(args);
        // Not the workspace's own folder: cargo gives the same names to what it builds from either, and would take one for the other.
        cargo.current_dir(&self.tree).env("CARGO_TARGET_DIR", self.tree.with_file_name("target"));
        cargo
    }

    fn is_green(&self, program: &Path) -> Result<bool, Failure> {
        let mut model = self.shell.command(program);
        model.arg("what_must_be_true_of_every_run").env("MODEL_BRIEF", "1");
        let child = self.shell.start(&mut model)?;
        Ok(wait(child, &model)?.is_some_and(|status| status.success()))
    }
}

/// Waits for the end, which is forced after a while.
fn wait(mut child: Child, command: &Command) -> Result<Option<ExitStatus>, Failure> {
    let failed = |error: io::Error| Failure::new(format!("{}: {error}", line(command)));
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return Ok(Some(status));
        }
        sleep(Duration::from_millis(50));
    }
    child.kill().and_then(|()| child.wait()).map_err(failed)?;
    Ok(None)
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::path(from, &error);
    for entry in fs::read_dir(from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(failed)?.is_dir() {
            fs::create_dir_all(&target).map_err(failed)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).map_err(failed)?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::path(path, &error))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::path(path, &error))
}
