//! The echo application: a page behind a login, and a socket that echoes under the user's name.
//!
//! `cargo run -p echo` sets everything up for development; `cargo run -p echo -- --help` lists the management commands.

mod echo;
mod settings;
mod urls;

use std::process::ExitCode;

use chanx::Endpoint;
use chanx::routing::{Routes, include, path};
use chanx_site::Project;

fn main() -> ExitCode {
    application().run()
}

/// All parts of the application, for `main` and for tests.
fn application() -> Project {
    Project::new("echo")
        .version(env!("CARGO_PKG_VERSION"))
        .description("A page behind a login, and a socket that echoes under the user's name.")
        .settings(settings::adjust)
        .websockets(websockets)
        .pages(|_| urls::router())
        .templates(echo::TEMPLATES)
        .assets(echo::ASSETS)
        .link("Echo", "/echo/")
}

/// Sockets live under `/ws/`.
fn websockets() -> Routes<Endpoint> {
    Routes::new([path("ws/", include(echo::routing::router()))])
}
