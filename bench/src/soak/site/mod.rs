//! A process of the server: a site as applications have it, with all settings but one at their defaults.
//!
//! Each line on its standard input is answered by a line with its [`Figures`]. It ends with its standard input.

mod member;
mod messages;
mod tally;

use std::io::{self, BufRead};
use std::process::ExitCode;

use chanx::Consumer as _;
use chanx::routing::{Routes, path};
use chanx_site::Project;
use tokio::runtime::{Handle, RuntimeMetrics};

use super::figures::Figures;
use crate::cli::SiteCommand;
use member::Member;
use tally::Tally;

/// Where its sockets are.
pub(super) const PATH: &str = "/soak/";

/// Is such a process, or makes its database.
pub(crate) fn run(command: SiteCommand) -> ExitCode {
    crate::cores::allow_many_sockets();
    match command {
        SiteCommand::Migrate => project().run_with(["soak", "migrate"]),
        SiteCommand::Runserver => project().run_with(["soak", "runserver", "127.0.0.1:0"]),
    }
}

fn project() -> Project {
    Project::new("soak")
        // The load is no page of this site.
        .settings(|settings| settings.allow_missing_origin = true)
        .websockets(|| Routes::new([path("soak/", Member::endpoint())]))
        .state(|_| {
            let (tally, metrics) = (Tally::default(), Handle::current().metrics());
            let told = tally.clone();
            std::thread::spawn(move || tell(&told, &metrics));
            tally
        })
}

/// Answers each line of the input, and ends the process with it.
fn tell(tally: &Tally, metrics: &RuntimeMetrics) {
    // An input that fails is one that has ended.
    for _ in io::stdin().lock().lines().map_while(Result::ok) {
        println!("{}", Figures { tasks: metrics.num_alive_tasks() as u64, ..tally.figures() });
    }
    std::process::exit(0);
}
