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
#[cfg(test)]
mod values;

use std::process::ExitCode;

use chanx_site::Project;

fn main() -> ExitCode {
    Project::new("conformance")
        .version(env!("CARGO_PKG_VERSION"))
        .description(
            "What the conformance cases need: messages of every type, all ways to get in, and all that can go wrong.",
        )
        .websockets(routing::routes)
        .pages(|_| effects::router().merge(trigger::router()))
        .run()
}
