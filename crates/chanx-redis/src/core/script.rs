//! The scripts that remove dead members of a group, and leave messages for processes.

use std::sync::LazyLock;

use redis::{Cmd, Value};
use sha1::{Digest, Sha1};

use super::clock::Score;
use super::names::Names;
use crate::config::Config;
use crate::connection::{Deadline, Link};
use crate::trouble::Trouble;

/// The time before which something is too old: by the clock of the sender and by that of Redis, whichever allows more. A
/// sender whose clock is ahead then deletes nothing of others, and one whose clock is behind nothing of its own.
const CUTOFF: &str = "\
local function cutoff(now, age)
  local time = redis.pcall('TIME')
  if not time.err then now = math.min(now, tonumber(time[1]) + tonumber(time[2]) / 1e6) end
  return string.format('%.6f', now - age)
end
";

/// Drops the members that are too old and those of chanx's processes without a heartbeat, and returns the names of the
/// others, how many processes had no heartbeat, and an error or nothing.
const MEMBERS: &str = "\
local function read(key, prefix, oldest)
  redis.call('ZREMRANGEBYSCORE', key, 0, oldest)
  local members, gone = {}, 0
  for _, name in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    local process = string.match(name, '^(specific%.%x+!)chanx%.')
    if process and redis.pcall('ZCOUNT', prefix .. process .. 'alive', '-inf', '+inf') == 0 then
      redis.call('ZREM', key, name)
      gone = gone + 1
    else
      members[#members + 1] = name
    end
  end
  return {members, gone, false}
end
local ok, result = pcall(read, KEYS[1], ARGV[1], cutoff(tonumber(ARGV[2]), tonumber(ARGV[3])))
if ok then return result end
return {{}, 0, type(result) == 'table' and result.err or tostring(result)}";

/// For each key: adds the message unless too many wait, and drops what is too old. A key that is unusable is not in
/// the way of the others. Returns the numbers of those that were too full, and the last error or nothing.
///
/// Adding comes first because Redis lets a script go beyond its memory once it has written anything.
const PUT: &str = "\
local n = #KEYS
local capacity, score, expiry = tonumber(ARGV[n + 1]), ARGV[n + 2], tonumber(ARGV[n + 3])
local oldest
local function put(key, value)
  local waiting, is_full = redis.call('ZCOUNT', key, '-inf', '+inf'), false
  if waiting > 0 then oldest = oldest or cutoff(tonumber(ARGV[n + 4]), expiry) end
  if waiting >= capacity then is_full = redis.call('ZCOUNT', key, '(' .. oldest, '+inf') >= capacity end
  if not is_full then
    redis.call('ZADD', key, score, value)
    redis.call('EXPIRE', key, expiry)
  end
  if waiting > 0 then redis.call('ZREMRANGEBYSCORE', key, '-inf', oldest) end
  return is_full
end
local full, failure = {}, false
for i = 1, n do
  local ok, result = pcall(put, KEYS[i], ARGV[i])
  if not ok then failure = type(result) == 'table' and result.err or tostring(result)
  elseif result then full[#full + 1] = i - 1 end
end
return {full, failure}";

static READ_MEMBERS: LazyLock<Script> = LazyLock::new(|| Script::new(MEMBERS));
static PUT_ALL: LazyLock<Script> = LazyLock::new(|| Script::new(PUT));

/// A script, and the name under which a server may know it.
struct Script {
    text: String,
    digest: String,
}

/// A message for one key.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) key: String,
    pub(super) value: Vec<u8>,
}

/// What became of parcels.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Which of them found no room.
    pub(super) full: Vec<usize>,
    /// Why one of the others was refused.
    pub(super) refusal: Option<String>,
}

/// The members of a group that count.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Present {
    /// Their names, of which others may have written some that are no text.
    pub(super) names: Vec<Vec<u8>>,
    /// How many processes were forgotten because they are gone.
    pub(super) gone: usize,
}

/// Reads the members of the group at this key, and removes those that are gone or too old. That may be repeated.
pub(super) async fn tidy_members(link: &Link, key: &str, names: &Names, config: &Config) -> Result<Present, Trouble> {
    let arguments = |command: &mut Cmd| {
        command.arg(1).arg(key).arg(names.key(""));
        command.arg(Score::wall().to_text()).arg(config.group_expiry.as_secs());
    };
    let deadline = link.deadline();
    match READ_MEMBERS.run(link, &arguments, deadline, present).await {
        // A connection that broke while it was not used goes unnoticed until then.
        Err(Trouble::Lost(_)) => READ_MEMBERS.run(link, &arguments, deadline, present).await,
        result => result,
    }
}

/// Leaves messages at a server, once each at most.
pub(super) async fn put(
    link: &Link,
    parcels: &[Parcel],
    score: Score,
    config: &Config,
    deadline: Deadline,
) -> Result<Outcome, Trouble> {
    let arguments = |command: &mut Cmd| {
        command.arg(parcels.len());
        for parcel in parcels {
            command.arg(&parcel.key);
        }
        for parcel in parcels {
            command.arg(&parcel.value);
        }
        command.arg(config.capacity).arg(score.to_text()).arg(config.expiry.as_secs()).arg(Score::wall().to_text());
    };
    PUT_ALL.run(link, &arguments, deadline, outcome).await
}

impl Script {
    fn new(text: &str) -> Self {
        let text = [CUTOFF, text].concat();
        let digest = Sha1::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { text, digest }
    }

    async fn run<T>(
        &self,
        link: &Link,
        arguments: &impl Fn(&mut Cmd),
        deadline: Deadline,
        read: fn(Value) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let command = |name, script: &str| {
            let mut command = redis::cmd(name);
            command.arg(script);
            arguments(&mut command);
            command
        };
        match link.script(&command("EVALSHA", &self.digest), deadline, read).await {
            // Nothing was done.
            Err(Trouble::Refused(reason)) if reason.starts_with("NOSCRIPT") => {
                link.script(&command("EVAL", &self.text), deadline, read).await
            }
            result => result,
        }
    }
}

fn present(value: Value) -> Result<Present, Trouble> {
    let answer = redis::from_redis_value(value).map_err(|_| Trouble::nonsense())?;
    let (names, gone, failure): (Vec<Vec<u8>>, usize, Option<String>) = answer;
    match failure {
        Some(text) => Err(Trouble::of_script(&text)),
        None => Ok(Present { names, gone }),
    }
}

/// What a key refuses is one process's trouble; anything else is the server's.
fn outcome(value: Value) -> Result<Outcome, Trouble> {
    let (full, failure): (Vec<usize>, Option<String>) =
        redis::from_redis_value(value).map_err(|_| Trouble::nonsense())?;
    match failure.map(|text| Trouble::of_script(&text)) {
        None => Ok(Outcome { full, refusal: None }),
        Some(Trouble::Refused(reason)) => Ok(Outcome { full, refusal: Some(reason) }),
        Some(trouble) => Err(trouble),
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use redis::{Client, ConnectionAddr, IntoConnectionInfo};

    use super::*;

    /// A server, which ends with its value.
    struct Server(Child);

    impl Drop for Server {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// What [`CUTOFF`] says for a sender whose clock is so many seconds ahead, as an age in seconds by the right clock.
    fn cutoff(connection: &mut redis::Connection, ahead: f64) -> f64 {
        let now = Score::wall().to_text().parse::<f64>().unwrap();
        let script = [CUTOFF, "return cutoff(tonumber(ARGV[1]), tonumber(ARGV[2]))"].concat();
        let mut command = redis::cmd("EVAL");
        let oldest: String = command.arg(script).arg(0).arg(now + ahead).arg(60).query(connection).unwrap();
        now - oldest.parse::<f64>().unwrap()
    }

    #[test]
    fn a_clock_that_is_wrong_makes_nothing_of_others_too_old() {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("redis.sock");
        let mut server = Command::new("redis-server");
        server.args(["--port", "0", "--save", "", "--dir"]).arg(directory.path()).arg("--unixsocket").arg(&socket);
        let _server = Server(server.stdout(Stdio::null()).spawn().unwrap());
        let info = ConnectionAddr::Unix(socket).into_connection_info().unwrap();
        let client = Client::open(info).unwrap();
        let mut connection = loop {
            match client.get_connection() {
                Ok(connection) => break connection,
                Err(_) => std::thread::yield_now(),
            }
        };
        let ages = [0.0, 3600.0, 100_000.0, -3600.0].map(|ahead| cutoff(&mut connection, ahead));
        for (age, expected) in ages.into_iter().zip([60.0, 60.0, 60.0, 3660.0]) {
            assert!((age - expected).abs() < 30.0, "{ages:?}");
        }
    }
}
