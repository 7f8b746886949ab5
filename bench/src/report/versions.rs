//! When and with what a run was made.

use std::process::Command;

use crate::foreign::Foreign;
use crate::machine::{first_line, version};
use crate::servers::{Kind, foreign};

/// What a server is made of, with versions.
pub(crate) fn of(kind: Kind) -> String {
    match foreign(kind) {
        Some(server) => of_foreign(kind, server),
        None if kind == Kind::Chanx => format!("{}{}", version("chanx"), commit()),
        None => of_crates(kind),
    }
}

fn of_foreign(kind: Kind, server: Foreign) -> String {
    let runtime = server.runtime().unwrap_or_else(|| "an unknown version".to_owned());
    let packages = packages(kind).iter().filter_map(|name| Some(format!("{name} {}", server.package(name)?)));
    packages.chain([runtime]).collect::<Vec<_>>().join(", ")
}

fn packages(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::NodeWs => &["ws"],
        Kind::SocketIo => &["socket.io"],
        Kind::Channels => &["channels", "Django", "uvicorn", "uvloop", "httptools"],
        Kind::ChanxPython => &["chanx", "channels", "pydantic", "uvicorn", "uvloop", "httptools"],
        _ => &[],
    }
}

fn of_crates(kind: Kind) -> String {
    let crates: &[_] = match kind {
        Kind::Fastwebsockets => &["fastwebsockets", "hyper"],
        Kind::TokioWebsockets => &["tokio-websockets"],
        Kind::Socketioxide => &["socketioxide", "axum"],
        Kind::Floor | Kind::FloorJoined | Kind::ChanxEpoll => &["mio"],
        Kind::ChanxUring => &["io-uring"],
        _ => &["axum"],
    };
    crates.iter().map(|name| version(name)).collect::<Vec<_>>().join(", ")
}

/// Which sources of chanx, where git knows it.
fn commit() -> String {
    let mut git = Command::new("git");
    git.args(["-C", env!("CARGO_MANIFEST_DIR"), "describe", "--always", "--dirty"]);
    first_line(&mut git).map_or(String::new(), |commit| format!(" at {commit}"))
}

pub(crate) fn date() -> String {
    first_line(Command::new("date").args(["-u", "+%Y-%m-%d"])).unwrap_or_else(|| "on an unknown day".to_owned())
}

/// The command that makes such a run.
pub(crate) fn command() -> String {
    let feature = if cfg!(feature = "peers") { " --features peers" } else { "" };
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    format!("cargo run --release -p bench{feature} -- {}", arguments.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_in_rust_are_of_the_lock_file() {
        assert!(of(Kind::Fastwebsockets).starts_with("fastwebsockets 0."));
        assert!(of(Kind::Chanx).starts_with("chanx 0."));
    }
}
