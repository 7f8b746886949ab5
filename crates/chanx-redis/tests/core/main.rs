//! The layer of `redis://` against real servers.

#[path = "../support/mod.rs"]
mod support;

mod exchange;
mod foreign;
mod servers;
mod together;
mod trouble;

use chanx_core::layer::GroupName;
use support::{Process, RedisServer};

/// A process at one server, with these options behind its address.
fn process_at(server: &RedisServer, rest: &str) -> Process {
    Process::of(&server.url("redis", rest))
}

/// The members of a group in Redis.
async fn members(server: &RedisServer, group: &GroupName) -> Vec<String> {
    server.command(&["ZRANGE", &format!("asgi:group:{group}"), "0", "-1"]).await
}
