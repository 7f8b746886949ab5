//! Side-by-side measurements of chanx and its peers, all of them on this machine and in one run.
//!
//! `README.md` says how to run it and what the figures mean.
//!
//! - [`work::Work`] is what is measured, [`servers::Kind`] with whom: `name()`, `can(work)`, and `command(…)`, the
//!   process to start. A server prints its address as its first line, and ends when its standard input does.
//! - [`servers`] says what servers are to answer at which path, [`load::Dialect`] in which words.
//! - [`measure::measure`] does one work with one server once, and yields a [`sample::Sample`]: a value for each
//!   [`sample::Figure`] that the work has.
//! - [`run`] goes through works and servers in rounds, and gives each sample to [`report::Report`]:
//!   `Report::new(header)`, `add(work, kind, sample)`, `leave_out(kind, why)`, `Display`.
//!
//! [`soak`] measures nothing: it finds out whether chanx loses or keeps anything under all that can happen to it.

mod cli;
mod error;

mod plan;
mod run;

mod sample;
mod work;

mod measure;
mod report;

mod deployment;
mod foreign;
mod layer;
mod load;
mod servers;

mod hold;
mod sessions;
mod soak;

mod cores;
mod cpu;
mod histogram;
mod machine;
mod memory;
mod process;
mod redis_server;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Task};

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Measure(what) => run::run(&what.into_plan()),
        Task::Soak(options) => soak::soak(&options).map_err(error::Error::from),
        Task::SoakSite(options) => return soak::run_site(options.command),
        Task::Hold(options) => hold::hold(&options).map_err(error::Error::Hold),
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
