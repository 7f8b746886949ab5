//! Side-by-side measurements of chanx and its peers, all of them on this machine and in one run.
//!
//! `README.md` says how to run it and what the figures mean.

mod cli;
mod error;

mod fanout;
mod load;
mod report;
mod setting;

mod servers;

mod cores;
mod cpu;
mod histogram;
mod machine;
mod process;
mod redis_server;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Task};

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Fanout(options) => fanout::run(&options),
        Task::Serve(options) => servers::serve(&options).map_err(error::Error::from),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {}", error::with_causes(&error));
            ExitCode::FAILURE
        }
    }
}
