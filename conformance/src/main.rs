//! The application that the conformance cases talk to.
//!
//! What it does is written down in `cases/` and in the reference application; only what cases need is here.

mod consumers;
mod effects;
mod messages;
mod permissions;
mod rooms;
mod routing;
mod types;

use std::process::ExitCode;

use chanx_site::Project;

fn main() -> ExitCode {
    Project::new("conformance").websockets(routing::routes).pages(|_| effects::router()).run()
}
