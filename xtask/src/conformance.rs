//! Replays the conformance cases: for each profile a server with its settings, a fresh database and, if it wants one, an
//! empty Redis, and `replay.py` against it.

mod profiles;
mod tally;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::programs;
use crate::server::Server;
use crate::shell::Shell;
use crate::steps::Outcome;
use profiles::Profiles;
use tally::Tally;

/// What stands in `profiles.json` for the address of a Redis.
const REDIS: &str = "{redis-server}";

/// Which cases to replay; all of them by default.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Selection {
    /// One profile of `conformance/profiles.json`.
    pub(crate) profile: Option<String>,
    /// A glob on the names of the cases.
    pub(crate) only: Option<String>,
}

/// Replays everything that is not put off as a whole profile.
pub(crate) fn check(shell: &Shell) -> Outcome {
    replay(shell, &Selection::default())
}

/// Replays the selected cases; red if one of them fails, or passes although `not-yet.txt` lists it.
pub(crate) fn replay(shell: &Shell, selection: &Selection) -> Outcome {
    let profiles = Profiles::parse(&shell.read(runner(shell, &["--list-profiles"]))?)?;
    let chosen = profiles.choose(selection.profile.as_deref())?;
    let program = build(shell)?;
    let mut total = Tally::default();
    let mut red = Vec::new();
    for profile in chosen {
        let tally = replay_profile(shell, &program, profile, selection.only.as_deref())?;
        if tally.failed > 0 {
            red.push(profile);
        }
        total += tally;
    }
    verdict(&total, &red, &profiles.put_off())
}

fn verdict(total: &Tally, red: &[&str], put_off: &str) -> Outcome {
    match red {
        [] if total.is_empty() => Err(Failure::new("no case has such a name")),
        [] => Ok(Some(format!("{total}; {put_off}"))),
        _ => Err(Failure::new(format!("{total}; red profiles: {}", red.join(", ")))),
    }
}

/// Builds the application that the cases talk to.
fn build(shell: &Shell) -> Result<PathBuf, Failure> {
    let folder = programs::build(shell, &["conformance"])?;
    Ok(folder.join("conformance").with_extension(std::env::consts::EXE_EXTENSION))
}

fn replay_profile(shell: &Shell, program: &Path, profile: &str, only: Option<&str>) -> Result<Tally, Failure> {
    let folder = shell.fresh_folder(profile)?;
    let mut environment = environment(shell, profile, &folder)?;
    // Ends after the server, which would complain.
    let _redis = redis_for(&mut environment, &folder)?;
    let server = Server::chanx(program, &folder, &environment)?;
    let base = format!("ws://{}", server.address());
    let mut replay = runner(shell, &["--profile", profile, "--base", &base]);
    if let Some(glob) = only {
        replay.args(["--only", glob]);
    }
    let output = shell.output(&mut replay)?;
    Tally::parse(&output).ok_or_else(|| server.failure("replay.py broke off; the server's log:"))
}

/// The profile's settings, and the location of a copy of the fixture database.
fn environment(shell: &Shell, profile: &str, folder: &Path) -> Result<Vec<(String, String)>, Failure> {
    let database = folder.join("fixture.sqlite3");
    let fixture = shell.root().join("conformance/fixture/fixture.sqlite3");
    fs::copy(&fixture, &database).map_err(|error| Failure::path(&fixture, &error))?;
    let lines = shell.read(runner(shell, &["--profile", profile, "--environment"]))?;
    let mut environment: Vec<_> = lines.lines().filter_map(|line| line.split_once('=')).map(owned).collect();
    environment.push(owned(("CHANX_DATABASE_URL", &format!("sqlite://{}", database.display()))));
    Ok(environment)
}

/// Starts a Redis, and writes its address into the settings, if they name one.
fn redis_for(environment: &mut [(String, String)], folder: &Path) -> Result<Option<Server>, Failure> {
    if !environment.iter().any(|(_, value)| value.contains(REDIS)) {
        return Ok(None);
    }
    let redis = Server::redis(folder)?;
    let address = redis.address().to_string();
    for (_, value) in environment {
        *value = value.replace(REDIS, &address);
    }
    Ok(Some(redis))
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn runner(shell: &Shell, args: &[&str]) -> Command {
    let mut command = shell.command("python3");
    command.args(["conformance/replay.py", "--not-yet", "conformance/not-yet.txt"]).args(args);
    command
}
