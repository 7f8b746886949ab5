//! Runs the commands of one step, with everything that they print going to the step's log.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::failure::{Failure, line};

/// The place where one step works.
pub(crate) struct Shell {
    root: PathBuf,
    log: PathBuf,
    output: File,
}

impl Shell {
    /// Opens an empty log for the step, below the workspace's target folder.
    pub(crate) fn open(step: &str) -> Result<Self, Failure> {
        let root = workspace_root();
        let folder = root.join("target/xtask");
        fs::create_dir_all(&folder).map_err(|error| Failure::path(&folder, &error))?;
        let log = folder.join(step).with_extension("log");
        let output = File::create(&log).map_err(|error| Failure::path(&log, &error))?;
        Ok(Self { root, log, output })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Everything that the step's commands have printed so far.
    pub(crate) fn log(&self) -> String {
        fs::read(&self.log).map_or_else(|error| Failure::path(&self.log, &error).to_string(), |bytes| text(&bytes))
    }

    /// An empty folder for the step's files, without what an earlier run left in it.
    pub(crate) fn fresh_folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.log.with_extension("").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|error| Failure::path(&folder, &error))?;
        }
        fs::create_dir_all(&folder).map_err(|error| Failure::path(&folder, &error))?;
        Ok(folder)
    }

    /// A command in the workspace's root that reads no input.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).stdin(Stdio::null());
        command
    }

    /// The cargo that runs this program.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let mut command = self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(args);
        command
    }

    /// Runs a command that has to succeed.
    pub(crate) fn run(&self, mut command: Command) -> Result<(), Failure> {
        self.announce(&command)?;
        let status = command
            .stdout(self.sink()?)
            .stderr(self.sink()?)
            .status()
            .map_err(|error| Failure::not_started(&command, &error))?;
        if status.success() { Ok(()) } else { Err(Failure::ended(&command, status)) }
    }

    /// Starts a command that may fail, and that somebody else waits for.
    pub(crate) fn start(&self, command: &mut Command) -> Result<Child, Failure> {
        self.announce(command)?;
        command.stdout(self.sink()?).stderr(self.sink()?);
        command.spawn().map_err(|error| Failure::not_started(command, &error))
    }

    /// Runs a command that has to succeed, and returns its standard output.
    pub(crate) fn read(&self, mut command: Command) -> Result<String, Failure> {
        let output = self.collect(&mut command)?;
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(Failure::ended(&command, output.status)) }
    }

    /// Runs a command that may fail, and returns its standard output, which is in the log as well.
    pub(crate) fn output(&self, command: &mut Command) -> Result<String, Failure> {
        self.collect(command).map(|output| text(&output.stdout))
    }

    fn collect(&self, command: &mut Command) -> Result<Output, Failure> {
        self.announce(command)?;
        command.stderr(self.sink()?);
        let output = command.output().map_err(|error| Failure::not_started(command, &error))?;
        self.write(&output.stdout)?;
        Ok(output)
    }

    fn announce(&self, command: &Command) -> Result<(), Failure> {
        self.write(format!("$ {}\n", line(command)).as_bytes())
    }

    fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        (&self.output).write_all(bytes).map_err(|error| Failure::path(&self.log, &error))
    }

    /// The log as a stream for a child; all share one position in the file.
    fn sink(&self) -> Result<File, Failure> {
        self.output.try_clone().map_err(|error| Failure::path(&self.log, &error))
    }
}

/// Whether a command starts and succeeds; what it prints is of no interest.
pub(crate) fn succeeds(mut command: Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
