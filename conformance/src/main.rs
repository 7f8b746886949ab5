//! The application that the conformance cases talk to.
//!
//! Only what the cases need is here; what they expect is written down in `cases/`.

mod consumers;
mod effects;
mod messages;
mod permissions;
mod rooms;
mod routing;
mod trigger;
mod types;

use std::process::ExitCode;

use chanx_site::Project;

fn main() -> ExitCode {
    Project::new("conformance").websockets(routing::routes).pages(|_| effects::router().merge(trigger::router())).run()
}
