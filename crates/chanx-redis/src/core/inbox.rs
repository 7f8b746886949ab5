//! Fetching messages that wait for this process, and handing them over.

use std::time::Duration;

use chanx_core::layer::{LayerMessage, Pressure, Receiver};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Pipeline, from_redis_value};
use serde_json::Value;

use super::Shared;
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

impl Shared {
    /// Hands over what arrives at a server, until the connection is of no use.
    pub(super) async fn receive(&self, receiver: &dyn Receiver, mut connection: MultiplexedConnection) -> Trouble {
        let commands = fetching(&self.names.own_key());
        loop {
            match self.fetch(&mut connection, &commands).await {
                Ok(values) => self.deliver_all(receiver, &values).await,
                Err(trouble) => return trouble,
            }
        }
    }

    /// Waits for a message, and takes what is there with it.
    async fn fetch(
        &self,
        connection: &mut MultiplexedConnection,
        commands: &Pipeline,
    ) -> Result<Vec<Vec<u8>>, Trouble> {
        let answers = connection.req_packed_commands(commands, 0, commands.len());
        let answers = Deadline::after(WAIT + self.config.timeout).of(answers).await??;
        let answers = answers.into_iter().map(checked).collect::<Result<Vec<_>, _>>()?;
        values(answers).ok_or_else(Trouble::nonsense)
    }

    /// Nothing is waited for between messages that came together, so that their frames leave together, unless members have
    /// little room left.
    async fn deliver_all(&self, receiver: &dyn Receiver, values: &[Vec<u8>]) {
        for value in values {
            self.deliver(receiver, value).await;
        }
    }

    /// Hands one message over, and lets others run where much waits.
    async fn deliver(&self, receiver: &dyn Receiver, value: &[u8]) {
        match self.read(value) {
            Ok((message, addressees)) => {
                let pressure = addressees.iter().map(|name| self.hand_over(receiver, name, &message)).max();
                relieve(pressure.unwrap_or(Pressure::Low)).await;
            }
            Err(error) => {
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

/// Both commands leave together, and Redis runs the second one right after the first: whatever waits by then comes in one
/// journey, and nobody is told of the first message before the others are here.
fn fetching(key: &str) -> Pipeline {
    let mut commands = Pipeline::with_capacity(2);
    commands.cmd("BZPOPMIN").arg(key).arg(WAIT.as_secs());
    commands.cmd("ZPOPMIN").arg(key).arg(BATCH);
    commands
}

/// The values in the answers to [`fetching`], in the order of their scores.
fn values(answers: Vec<redis::Value>) -> Option<Vec<Vec<u8>>> {
    let [first, more] = <[redis::Value; 2]>::try_from(answers).ok()?;
    let first: Option<(String, Vec<u8>, String)> = from_redis_value(first).ok()?;
    let more: Vec<(Vec<u8>, String)> = from_redis_value(more).ok()?;
    let more = more.into_iter().map(|(value, _)| value);
    Some(first.into_iter().map(|(_, value, _)| value).chain(more).collect())
}

/// One name, or a list of names.
fn names(value: Value) -> Option<Vec<String>> {
    let text = |value| if let Value::String(text) = value { Some(text) } else { None };
    match value {
        Value::Array(names) => names.into_iter().map(text).collect(),
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
        assert_eq!(names(json!(["a", "b"])), Some(vec!["a".to_owned(), "b".to_owned()]));
        for value in [json!(1), json!(null), json!(["a", 1]), json!({"a": 1}), json!([["a"]])] {
            assert_eq!(names(value), None);
        }
    }
}
