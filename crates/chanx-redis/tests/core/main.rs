//! The layer of `redis://` against real servers.

#[path = "../support/mod.rs"]
mod support;

mod exchange;
mod foreign;
mod losses;
mod servers;
mod sessions;
mod together;
mod trouble;

use chanx_core::layer::GroupName;
use support::{Process, RedisServer};

/// A process at one server, with these options behind its address.
fn process_at(server: &RedisServer, rest: &str) -> Process {
    Process::of(&server.url("redis", rest))
}

/// The key at which messages wait for the process that has this channel.
fn key_of(channel: &str) -> String {
    format!("asgi{}!", channel.split('!').next().unwrap())
}

/// The members of a group in Redis.
async fn members(server: &RedisServer, group: &GroupName) -> Vec<String> {
    server.command(&["ZRANGE", &format!("asgi:group:{group}"), "0", "-1"]).await
}
