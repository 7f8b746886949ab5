//! The layer of `redis+sharded://` against real servers and clusters.

#[path = "../subscribed/mod.rs"]
mod subscribed;
#[path = "../support/mod.rs"]
mod support;

mod cluster;
mod clustered;
mod single;

use support::{Process, RedisServer};

/// How addresses begin.
const SCHEME: &str = "redis+sharded";

/// A process at one server, with these options behind its address.
fn process_at(server: &RedisServer, rest: &str) -> Process {
    Process::of(&server.url(SCHEME, rest))
}
