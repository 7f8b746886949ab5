//! What the command line asks for.

use std::fmt;

use crate::conformance::Selection;
use crate::steps;

/// How the program is called.
pub(crate) const USAGE: &str = "\
usage: cargo xtask test [--all] [--only STEP]…                  check everything, the long steps too, or these steps
       cargo xtask conformance [--profile NAME] [--only GLOB]   replay the conformance cases
       cargo xtask instructions [--accept]                      count what the protocol does, or accept the counts
       cargo xtask mutants [--only TEXT]                        change the driver, which its model must notice
       cargo xtask help                                         explain the steps
";

/// One valid command line.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    /// Explain the commands and the steps.
    Help,
    /// Run these steps of the test command; if the list is empty, those that are not long, or all.
    Test { all: bool, only: Vec<String> },
    /// Replay these conformance cases.
    Conformance(Selection),
    /// Count instructions, and compare the counts or accept them.
    Instructions { accept: bool },
    /// Try the changes of the driver whose names contain this text.
    Mutants { only: String },
}

/// Why a command line is not valid.
#[derive(Debug, PartialEq)]
pub(crate) enum ArgsError {
    NoCommand,
    UnknownCommand(String),
    UnknownOption(String),
    MissingValue(&'static str),
    UnknownStep(String),
}

impl fmt::Display for ArgsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCommand => write!(f, "no command given"),
            Self::UnknownCommand(name) => write!(f, "unknown command {name}"),
            Self::UnknownOption(name) => write!(f, "unknown option {name}"),
            Self::MissingValue(option) => write!(f, "{option} needs a value"),
            Self::UnknownStep(name) => {
                write!(f, "no step is called {name}: one of {}", steps::names())
            }
        }
    }
}

/// Reads a command line without the program's own name.
pub(crate) fn parse(mut args: impl Iterator<Item = String>) -> Result<Request, ArgsError> {
    match args.next().as_deref() {
        None => Err(ArgsError::NoCommand),
        Some("help" | "--help" | "-h") => Ok(Request::Help),
        Some("test") => test(args),
        Some("conformance") => selection(args),
        Some("instructions") => instructions(args),
        Some("mutants") => mutants(args),
        Some(other) => Err(ArgsError::UnknownCommand(other.to_owned())),
    }
}

fn test(mut args: impl Iterator<Item = String>) -> Result<Request, ArgsError> {
    let mut all = false;
    let mut only = Vec::new();
    while let Some(option) = args.next() {
        match option.as_str() {
            "--all" => all = true,
            "--only" => only.push(step(value("--only", args.next())?)?),
            _ => return Err(ArgsError::UnknownOption(option)),
        }
    }
    Ok(Request::Test { all, only })
}

fn selection(mut args: impl Iterator<Item = String>) -> Result<Request, ArgsError> {
    let mut selection = Selection::default();
    while let Some(option) = args.next() {
        match option.as_str() {
            "--profile" => selection.profile = Some(value("--profile", args.next())?),
            "--only" => selection.only = Some(value("--only", args.next())?),
            _ => return Err(ArgsError::UnknownOption(option)),
        }
    }
    Ok(Request::Conformance(selection))
}

fn instructions(args: impl Iterator<Item = String>) -> Result<Request, ArgsError> {
    let mut accept = false;
    for option in args {
        match option.as_str() {
            "--accept" => accept = true,
            _ => return Err(ArgsError::UnknownOption(option)),
        }
    }
    Ok(Request::Instructions { accept })
}

fn mutants(mut args: impl Iterator<Item = String>) -> Result<Request, ArgsError> {
    let mut only = String::new();
    while let Some(option) = args.next() {
        match option.as_str() {
            "--only" => only = value("--only", args.next())?,
            _ => return Err(ArgsError::UnknownOption(option)),
        }
    }
    Ok(Request::Mutants { only })
}

fn value(option: &'static str, given: Option<String>) -> Result<String, ArgsError> {
    given.ok_or(ArgsError::MissingValue(option))
}

fn step(name: String) -> Result<String, ArgsError> {
    if steps::all().any(|step| step.name == name) { Ok(name) } else { Err(ArgsError::UnknownStep(name)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, ArgsError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    fn only(steps: &[&str]) -> Request {
        Request::Test { all: false, only: steps.iter().copied().map(str::to_owned).collect() }
    }

    #[test]
    fn commands_and_their_options() {
        assert_eq!(parsed("help"), Ok(Request::Help));
        assert_eq!(parsed("test"), Ok(only(&[])));
        assert_eq!(parsed("test --only fmt --only docs"), Ok(only(&["fmt", "docs"])));
        assert_eq!(parsed("test --only fuzz-long"), Ok(only(&["fuzz-long"])));
        assert_eq!(parsed("test --all"), Ok(Request::Test { all: true, only: vec![] }));
        assert_eq!(parsed("conformance"), Ok(Request::Conformance(Selection::default())));
        let selection = Selection { profile: Some("base".into()), only: Some("echo-*".into()) };
        assert_eq!(parsed("instructions"), Ok(Request::Instructions { accept: false }));
        assert_eq!(parsed("mutants"), Ok(Request::Mutants { only: String::new() }));
        assert_eq!(parsed("mutants --only flush"), Ok(Request::Mutants { only: "flush".into() }));
        assert_eq!(parsed("instructions --accept"), Ok(Request::Instructions { accept: true }));
        assert_eq!(parsed("conformance --only echo-* --profile base"), Ok(Request::Conformance(selection)));
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(parsed(""), Err(ArgsError::NoCommand));
        assert_eq!(parsed("tset"), Err(ArgsError::UnknownCommand("tset".into())));
        assert_eq!(parsed("test --fast"), Err(ArgsError::UnknownOption("--fast".into())));
        assert_eq!(parsed("test --only"), Err(ArgsError::MissingValue("--only")));
        assert_eq!(parsed("instructions --only x"), Err(ArgsError::UnknownOption("--only".into())));
        assert_eq!(parsed("test --only lint"), Err(ArgsError::UnknownStep("lint".into())));
        assert_eq!(parsed("conformance --profile"), Err(ArgsError::MissingValue("--profile")));
    }
}
