//! The script that leaves messages for processes.

use redis::{Cmd, Value};
use sha1::{Digest, Sha1};

use super::clock::Score;
use crate::config::Config;
use crate::connection::{Deadline, Link};
use crate::trouble::Trouble;

/// For each key: adds the message unless too many wait, and drops what is too old. A key that is unusable is not in
/// the way of the others. Returns how many were too full, and the last error or nothing.
///
/// Adding comes first because Redis lets a script go beyond its memory once it has written anything.
const PUT: &str = "\
local n = #KEYS
local capacity, now, expiry, cutoff = tonumber(ARGV[n + 1]), ARGV[n + 2], ARGV[n + 3], ARGV[n + 4]
local function put(key, value)
  local is_full = redis.call('ZCOUNT', key, '(' .. cutoff, '+inf') >= capacity
  if not is_full then
    redis.call('ZADD', key, now, value)
    redis.call('EXPIRE', key, expiry)
  end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', cutoff)
  return is_full and 1 or 0
end
local over, failure = 0, false
for i = 1, n do
  local ok, result = pcall(put, KEYS[i], ARGV[i])
  if ok then over = over + result
  else failure = type(result) == 'table' and result.err or tostring(result) end
end
return {over, failure}";

/// A message for one key.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) key: String,
    pub(super) value: Vec<u8>,
}

/// What became of parcels.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// For how many there was no room.
    pub(super) over: usize,
    /// Why others were not taken.
    pub(super) trouble: Option<Trouble>,
}

/// Leaves messages, all with this time, and each once at most.
pub(super) async fn put(
    link: &Link,
    parcels: &[Parcel],
    score: Score,
    config: &Config,
    deadline: Deadline,
) -> Result<Outcome, Trouble> {
    let digest: String = Sha1::digest(PUT).iter().map(|byte| format!("{byte:02x}")).collect();
    let result = link.command(&command("EVALSHA", &digest, parcels, score, config), deadline).await;
    match result {
        // Nothing was done.
        Err(Trouble::Refused(reason)) if reason.starts_with("NOSCRIPT") => {
            outcome(link.command(&command("EVAL", PUT, parcels, score, config), deadline).await?)
        }
        result => outcome(result?),
    }
}

fn command(name: &str, script: &str, parcels: &[Parcel], score: Score, config: &Config) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(script).arg(parcels.len());
    for parcel in parcels {
        command.arg(&parcel.key);
    }
    for parcel in parcels {
        command.arg(&parcel.value);
    }
    let cutoff = score.before(config.expiry).to_text();
    command.arg(config.capacity).arg(score.to_text()).arg(config.expiry.as_secs()).arg(cutoff);
    command
}

fn outcome(value: Value) -> Result<Outcome, Trouble> {
    let (over, failure): (usize, Option<String>) = redis::from_redis_value(value).map_err(|_| Trouble::nonsense())?;
    Ok(Outcome { over, trouble: failure.map(|text| Trouble::of_script(&text)) })
}
