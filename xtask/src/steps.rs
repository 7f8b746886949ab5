//! The steps of the test command, and how their results are shown: a line for each, and everything about a red one.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use crate::failure::Failure;
use crate::shell::Shell;
use crate::{
    asyncapi, autobahn, channels_redis, checks, compression, conformance, core_edges, django, instructions, limits,
    long, mutants, tools, values,
};

/// One part of the test command.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    about: &'static str,
    run: fn(&Shell) -> Outcome,
}

/// A green step may have something to say, in a few words.
pub(crate) type Outcome = Result<Option<String>, Failure>;

/// The steps in their order: what the others need, what is quick to fail, what is slow.
const USUAL: &[Step] = &[
    Step { name: "tools", about: "installs the Debian packages that the tests need", run: tools::install },
    Step { name: "fmt", about: "the code is formatted", run: checks::fmt },
    Step { name: "core", about: "chanx-core depends on no runtime and no socket", run: core_edges::check },
    Step { name: "limits", about: "docs/limits.md names everything that a peer can make grow", run: limits::check },
    Step { name: "deny", about: "licenses, advisories and sources of the dependencies", run: checks::deny },
    Step { name: "clippy", about: "the compiler and clippy have no warnings", run: checks::clippy },
    Step { name: "tests", about: "unit, integration and documentation tests", run: checks::tests },
    Step { name: "docs", about: "the documentation builds without warnings", run: checks::docs },
    Step {
        name: "instructions",
        about: "the protocol takes no more instructions and allocations than were accepted",
        run: instructions::check,
    },
    Step {
        name: "conformance",
        about: "the recorded cases, against a server for each profile",
        run: conformance::check,
    },
    Step {
        name: "values",
        about: "random values through JSON Schema, chanx's types and a real Pydantic",
        run: values::check,
    },
    Step { name: "autobahn", about: "the cases of the Autobahn test suite against a raw echo", run: autobahn::check },
    Step { name: "django", about: "chanx and a real Django on one database", run: django::check },
    Step {
        name: "redis",
        about: "the Redis layers beside a real channels_redis and Chanx",
        run: channels_redis::check,
    },
    Step { name: "compression", about: "compressed messages with a real Python client", run: compression::check },
    Step { name: "asyncapi", about: "programs of others read the AsyncAPI documents", run: asyncapi::check },
    Step { name: "browser", about: "the examples in headless Chromium", run: checks::browser },
];

/// The steps that take many minutes each: they look for what is rare.
const LONG: &[Step] = &[
    Step { name: "fuzz-long", about: "long: two million random inputs for each target", run: long::fuzz },
    Step { name: "model-long", about: "long: ten million steps of the model of the driver", run: long::model },
    Step {
        name: "soak",
        about: "long: 5,000 clients for ten minutes, a Redis that is killed each minute",
        run: long::soak,
    },
    Step { name: "mutants", about: "long: each change of the driver is noticed by its model", run: mutants::all },
    Step { name: "floats-long", about: "long: ten million floats there and back", run: long::floats },
];

/// The steps of these names; without names the usual ones, or `every` one.
pub(crate) fn chosen(every: bool, names: &[String]) -> impl Iterator<Item = &'static Step> {
    let is_chosen = move |step: &&Step| names.is_empty() || names.iter().any(|name| name == step.name);
    let long = if every || !names.is_empty() { LONG } else { &[] };
    USUAL.iter().chain(long).filter(is_chosen)
}

/// The usual steps, and then the long ones.
pub(crate) fn all() -> impl Iterator<Item = &'static Step> {
    USUAL.iter().chain(LONG)
}

/// The names of all steps, for messages.
pub(crate) fn names() -> String {
    all().map(|step| step.name).collect::<Vec<_>>().join(", ")
}

/// A line about each step.
pub(crate) fn overview() -> String {
    all().fold("steps:\n".to_owned(), |mut text, step| {
        let _ = writeln!(text, "  {:<12} {}", step.name, step.about);
        text
    })
}

/// Runs the steps one after the other; a red one does not keep the rest from running.
pub(crate) fn run_all<'a>(steps: impl Iterator<Item = &'a Step>) -> ExitCode {
    let red: Vec<_> = steps.filter(|step| !is_green(step.name, step.run)).map(|step| step.name).collect();
    if red.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("\nfailed: {}", red.join(", "));
    ExitCode::FAILURE
}

/// Runs something as the only step.
pub(crate) fn run_one(name: &str, run: impl FnOnce(&Shell) -> Outcome) -> ExitCode {
    if is_green(name, run) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn is_green(name: &str, run: impl FnOnce(&Shell) -> Outcome) -> bool {
    // The name stands there before the step begins: whoever waits sees what for.
    print!("{name:<12} ");
    let _ = io::stdout().flush();
    let start = Instant::now();
    let result = Shell::open(name).map_err(|failure| failure.to_string()).and_then(|shell| judge(&shell, run));
    let seconds = start.elapsed().as_secs_f32();
    match &result {
        Ok(note) => println!("{}", format!("ok     {seconds:6.1} s  {note}").trim_end()),
        Err(story) => println!("FAILED {seconds:6.1} s  {story}"),
    }
    result.is_ok()
}

/// The note of a green step, or all that there is to know about a red one.
fn judge(shell: &Shell, run: impl FnOnce(&Shell) -> Outcome) -> Result<String, String> {
    run(shell).map(Option::unwrap_or_default).map_err(|failure| format!("{failure}\n{}", shell.log()))
}
