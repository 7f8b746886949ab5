//! The chat application: rooms with members, history, presence and private messages.
//!
//! `cargo run -p chat` sets everything up for development, people and conversations included; `cargo run -p chat -- --help`
//! lists the management commands.
//!
//! A message's way: the page sends it (`static/chat.js`), [`consumer`] keeps it in the [`history`] and gives it to the
//! group of its room. What [`pages`] do to a room reaches its open sockets as events.

mod access;
mod budget;
mod clock;
mod consumer;
mod groups;
mod history;
mod members;
mod messages;
mod migrations;
mod pages;
mod people;
mod presence;
mod rooms;
mod routing;
mod seed;
mod settings;
mod words;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use chanx::Endpoint;
use chanx::routing::{Routes, include, path};
use chanx_site::Project;

use presence::Presence;

fn main() -> ExitCode {
    application().run()
}

/// All parts of the application, for `main` and for tests.
fn application() -> Project {
    Project::new("chat")
        .version(env!("CARGO_PKG_VERSION"))
        .description("Rooms with members, a history, presence and private messages.")
        .settings(settings::adjust)
        .migrations(migrations::ALL)
        .state(|site| Presence::start(site.database().pool(), site.channels()))
        .websockets(websockets)
        .pages(|_| pages::router())
        .templates(pages::TEMPLATES)
        .assets(pages::ASSETS)
        .command("seed", "Fill an empty chat with rooms and, for development, with people who talk", seed::run)
        .development(seed::if_empty)
        .link("Chat", "/chat/")
}

/// Sockets live under `/ws/`.
fn websockets() -> Routes<Endpoint> {
    Routes::new([path("ws/", include(routing::router()))])
}
