//! Fetching messages that wait for this process, and handing them over.

use std::time::Duration;

use chanx_core::layer::{LayerMessage, Pressure, Receiver};
use redis::aio::MultiplexedConnection;
use redis::{Cmd, FromRedisValue};
use serde_json::Value;

use super::Shared;
use super::send::without_salt;
use crate::codec::{ADDRESSEE, DecodeError};
use crate::connection::Deadline;
use crate::pace::relieve;
use crate::trouble::Trouble;

/// How many messages are fetched at once, when more than one waits.
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
        loop {
            if let Err(trouble) = self.receive_burst(receiver, &mut connection).await {
                return trouble;
            }
        }
    }

    /// Waits for a message, and fetches what is there with it.
    async fn receive_burst(
        &self,
        receiver: &dyn Receiver,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), Trouble> {
        let key = self.names.own_key();
        let mut wait = redis::cmd("BZPOPMIN");
        wait.arg(&key).arg(WAIT.as_secs());
        let first: Option<(String, Vec<u8>, String)> = self.ask(connection, &wait, WAIT).await?;
        let Some((_, value, _)) = first else { return Ok(()) };
        self.deliver(receiver, &value).await;
        let mut more = redis::cmd("ZPOPMIN");
        more.arg(&key).arg(BATCH);
        loop {
            let batch: Vec<(Vec<u8>, String)> = self.ask(connection, &more, Duration::ZERO).await?;
            for (value, _) in &batch {
                self.deliver(receiver, value).await;
            }
            if batch.len() < BATCH {
                return Ok(());
            }
        }
    }

    async fn ask<T: FromRedisValue>(
        &self,
        connection: &mut MultiplexedConnection,
        command: &Cmd,
        wait: Duration,
    ) -> Result<T, Trouble> {
        Ok(Deadline::after(wait + self.config.timeout).of(command.query_async(connection)).await??)
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
