//! Fetching messages that wait for this process, and handing them over.

use std::collections::HashSet;
use std::time::Duration;

use chanx_core::layer::{LayerMessage, Pressure, Receiver};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{FromRedisValue, Pipeline, from_redis_value};
use serde_json::Value;

use super::Shared;
use super::names::Names;
use super::send::without_salt;
use crate::codec::{ADDRESSEE, DecodeError};
use crate::connection::Deadline;
use crate::pace::relieve;
use crate::trouble::{Trouble, checked};

/// How many messages are fetched at once, beside the one that was waited for.
const BATCH: usize = 64;

/// How long Redis lets us wait for a message. A connection that is dead unnoticed swallows messages no longer than that.
const WAIT: Duration = Duration::from_secs(2);

/// How much older than `expiry` an encrypted message may be, as in channels_redis.
const GRACE: Duration = Duration::from_secs(10);

/// A message, or a reason not to take one, and to whom it goes.
type Delivery = Result<(LayerMessage, Vec<String>), Box<dyn std::error::Error + Send + Sync>>;

/// The result of one round trip. Messages that were fetched are there even if a later command failed.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// Messages, in the order of their scores.
    values: Vec<Vec<u8>>,
    /// The number of the echo, if that arrived.
    pub(super) echo: Option<u64>,
    /// How many messages waited.
    waiting: usize,
    pub(super) trouble: Option<Trouble>,
}

impl Shared {
    /// Waits for a message, and takes what is there with it.
    pub(super) async fn fetch(&self, connection: &mut MultiplexedConnection) -> Fetched {
        let commands = fetching(&self.names);
        let answers = connection.req_packed_commands(&commands, 0, commands.len());
        match Deadline::after(WAIT + self.config.dead_after).of(answers).await {
            Ok(Ok(answers)) => Fetched::new(&self.names, answers),
            Ok(Err(error)) => Fetched { trouble: Some(error.into()), ..Fetched::default() },
            Err(trouble) => Fetched { trouble: Some(trouble), ..Fetched::default() },
        }
    }

    /// Nothing is waited for between messages that came together, so that their frames leave together, unless members have
    /// little room left.
    pub(super) async fn deliver_all(&self, receiver: &dyn Receiver, server: usize, fetched: &Fetched) {
        for value in &fetched.values {
            self.deliver(receiver, server, value).await;
        }
        // Senders, Python's among them, drop what finds the key full.
        if fetched.waiting >= self.config.capacity {
            self.standings[server].lose();
            if let Some(times) = self.own_overflow.happened() {
                let waiting = fetched.waiting;
                tracing::warn!(
                    waiting,
                    times,
                    "so many messages wait for this process that some may have been dropped"
                );
            }
        }
    }

    /// Hands one message over, and lets others run where much waits.
    async fn deliver(&self, receiver: &dyn Receiver, server: usize, value: &[u8]) {
        match self.read(value) {
            Ok((message, addressees)) => {
                let pressure = addressees.iter().map(|name| self.hand_over(receiver, name, &message)).max();
                relieve(pressure.unwrap_or(Pressure::Low)).await;
            }
            Err(error) => {
                // Its members are unknown, so all are told.
                self.standings[server].lose();
                if let Some(times) = self.garbage.happened() {
                    tracing::warn!(%error, times, "something that is no message arrived through the channel layer");
                }
            }
        }
    }

    fn hand_over(&self, receiver: &dyn Receiver, name: &str, message: &LayerMessage) -> Pressure {
        match self.members.group_of(name) {
            Some(group) => receiver.group_message(&group, message),
            None => receiver.channel_message(name, message),
        }
    }

    fn read(&self, value: &[u8]) -> Delivery {
        let mut object = self.codec.decode(without_salt(value), Some(self.config.expiry + GRACE))?;
        let addressees = object.shift_remove(ADDRESSEE).and_then(names).ok_or(DecodeError::Addressee)?;
        Ok((LayerMessage::from_object(object)?, addressees))
    }
}

/// The commands leave together, and Redis runs those behind the first one right after it: whatever waits by then comes in
/// one round trip, and no member sees the first message before the others are here. The number that waits is asked right
/// before they are fetched, when it is highest.
fn fetching(names: &Names) -> Pipeline {
    let key = names.own_key();
    let mut commands = Pipeline::with_capacity(3);
    // The echo comes first, or it would wait as long as there are messages.
    commands.cmd("BZPOPMIN").arg(names.echo_key()).arg(&key).arg(WAIT.as_secs());
    commands.cmd("ZCOUNT").arg(&key).arg("-inf").arg("+inf");
    commands.cmd("ZPOPMIN").arg(&key).arg(BATCH);
    commands
}

impl Fetched {
    /// What the answers to [`fetching`] say.
    fn new(names: &Names, answers: Vec<redis::Value>) -> Self {
        let mut fetched = Self::default();
        let Ok([first, waiting, more]) = <[redis::Value; 3]>::try_from(answers) else {
            fetched.trouble = Some(Trouble::nonsense());
            return fetched;
        };
        let first: Option<(String, Vec<u8>, f64)> = fetched.take(first).flatten();
        let waiting: Option<usize> = fetched.take(waiting);
        let more: Option<Vec<(Vec<u8>, redis::Value)>> = fetched.take(more);
        match first {
            // Its score is its number.
            Some((key, _, number)) if key == names.echo_key() => fetched.echo = Some(number as u64),
            first => fetched.values.extend(first.map(|(_, value, _)| value)),
        }
        fetched.waiting = waiting.unwrap_or(0) + fetched.values.len();
        fetched.values.extend(more.into_iter().flatten().map(|(value, _)| value));
        fetched
    }

    /// Reads an answer, or remembers the first trouble.
    fn take<T: FromRedisValue>(&mut self, answer: redis::Value) -> Option<T> {
        let result = checked(answer).and_then(|value| from_redis_value(value).map_err(|_| Trouble::nonsense()));
        result.map_err(|trouble| self.trouble.get_or_insert(trouble)).ok()
    }
}

/// One name, or a list of names.
fn names(value: Value) -> Option<Vec<String>> {
    let text = |value| if let Value::String(text) = value { Some(text) } else { None };
    match value {
        // A name counts once, as a member of a group does.
        Value::Array(names) => {
            let mut names: Vec<String> = names.into_iter().map(text).collect::<Option<_>>()?;
            let mut known = HashSet::new();
            names.retain(|name| known.insert(name.clone()));
            Some(names)
        }
        name => text(name).map(|name| vec![name]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_goes_to_one_channel_or_to_several() {
        assert_eq!(names(json!("a")), Some(vec!["a".to_owned()]));
        assert_eq!(names(json!(["b", "a", "b"])), Some(vec!["b".to_owned(), "a".to_owned()]));
        for value in [json!(1), json!(null), json!(["a", 1]), json!({"a": 1}), json!([["a"]])] {
            assert_eq!(names(value), None);
        }
    }
}
