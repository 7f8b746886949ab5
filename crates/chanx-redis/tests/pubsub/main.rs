//! The layer of `redis+pubsub://` against real servers.

#[path = "../subscribed/mod.rs"]
mod subscribed;
#[path = "../support/mod.rs"]
mod support;

mod exchange;
mod foreign;
mod trouble;

use support::{Process, RedisServer};

/// How addresses begin.
const SCHEME: &str = "redis+pubsub";

/// A process at one server, with these options behind its address.
fn process_at(server: &RedisServer, rest: &str) -> Process {
    Process::of(&server.url(SCHEME, rest))
}

/// How many processes are subscribed to a channel in Redis.
async fn subscribers(server: &RedisServer, channel: &str) -> usize {
    let (_, count): (String, usize) = server.command(&["PUBSUB", "NUMSUB", channel]).await;
    count
}
