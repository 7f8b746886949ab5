//! Development commands of the workspace: `cargo xtask test` checks all that has to hold before a change is merged.

mod args;
mod asyncapi;
mod autobahn;
mod channels_redis;
mod checks;
mod compression;
mod conformance;
mod core_edges;
mod django;
mod failure;
mod instructions;
mod limits;
mod long;
mod mutants;
mod node;
mod programs;
mod python;
mod server;
mod shell;
mod steps;
mod tools;
mod values;

use std::process::ExitCode;

use args::Request;

fn main() -> ExitCode {
    match args::parse(std::env::args().skip(1)) {
        Ok(Request::Help) => {
            print!("{}\n{}", args::USAGE, steps::overview());
            ExitCode::SUCCESS
        }
        Ok(Request::Test { all, only }) => steps::run_all(steps::chosen(all, &only)),
        Ok(Request::Conformance(selection)) => {
            steps::run_one("conformance", |shell| conformance::replay(shell, &selection))
        }
        Ok(Request::Instructions { accept: false }) => steps::run_one("instructions", instructions::check),
        Ok(Request::Instructions { accept: true }) => steps::run_one("instructions", instructions::accept),
        Ok(Request::Mutants { only }) => steps::run_one("mutants", |shell| mutants::check(shell, &only)),
        Err(error) => {
            eprint!("{error}\n\n{}", args::USAGE);
            ExitCode::from(2)
        }
    }
}
