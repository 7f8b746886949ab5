//! Messages as bytes and back: the formats of channels_redis, with and without encryption.
//!
//! What is read may come from anybody who can write to the store. It is never trusted: length and depth are bounded,
//! and whatever has no counterpart in JSON is an error.

mod error;
mod fernet;
mod json;
mod msgpack;
mod number;

use std::time::Duration;

use chanx_core::layer::{LayerError, LayerMessage};
use serde_json::{Map, Value};

pub(crate) use error::{DecodeError, EncodeError};

use crate::config::{Config, LONGEST_MESSAGE, Serializer};
use fernet::Keyring;

/// No message is nested more deeply, which is what serde_json reads.
const MAX_DEPTH: usize = 127;

/// Under this key the core layer writes to whom a message goes.
pub(crate) const ADDRESSEE: &str = "__asgi_channel__";

/// A layer's format.
#[derive(Debug)]
pub(crate) struct Codec {
    serializer: Serializer,
    keyring: Option<Keyring>,
    /// How long what is written may be. What is read may have the length that any process allows.
    max_message: usize,
}

/// A message that is written but for its addressee, so that one that goes to many processes is written once.
#[derive(Debug)]
pub(crate) struct Draft {
    count: usize,
    /// The pairs of key and value, without what stands around them.
    entries: Vec<u8>,
}

impl Codec {
    pub(crate) fn new(config: &Config) -> Self {
        let keyring = Keyring::new(&config.encryption_keys);
        Self { serializer: config.serializer, keyring, max_message: config.max_message }
    }

    /// Writes a message but for its addressee.
    pub(crate) fn draft(&self, message: &LayerMessage) -> Result<Draft, LayerError> {
        number::check(message).map_err(LayerError::from)?;
        let object = message.to_object()?;
        if object.contains_key(ADDRESSEE) {
            return Err(EncodeError::Addressed.into());
        }
        if !object.values().all(|value| is_within(value, MAX_DEPTH - 1)) {
            return Err(EncodeError::TooDeep.into());
        }
        let mut entries = Vec::with_capacity(256);
        for (place, (key, value)) in object.iter().enumerate() {
            self.write_entry(&mut entries, place == 0, key, value);
        }
        Ok(Draft { count: object.len(), entries })
    }

    /// The bytes of a message without an addressee.
    pub(crate) fn plain(&self, draft: &Draft) -> Result<Vec<u8>, LayerError> {
        self.seal(self.enclose(draft.count, &draft.entries, &[]))
    }

    /// The bytes of a message with an addressee: the name of a channel, or a list of names.
    pub(crate) fn addressed(&self, draft: &Draft, addressee: &Value) -> Result<Vec<u8>, LayerError> {
        let mut entry = Vec::with_capacity(128);
        self.write_entry(&mut entry, draft.count == 0, ADDRESSEE, addressee);
        self.seal(self.enclose(draft.count + 1, &draft.entries, &entry))
    }

    /// Reads a message. An encrypted one must not be older than `max_age`, if there is one.
    pub(crate) fn decode(&self, bytes: &[u8], max_age: Option<Duration>) -> Result<Map<String, Value>, DecodeError> {
        if bytes.len() > LONGEST_MESSAGE {
            return Err(DecodeError::TooLong);
        }
        let Some(keyring) = &self.keyring else { return self.deserialize(bytes) };
        self.deserialize(&keyring.decrypt(bytes, max_age).ok_or(DecodeError::Encryption)?)
    }

    fn write_entry(&self, out: &mut Vec<u8>, is_first: bool, key: &str, value: &Value) {
        match self.serializer {
            Serializer::MsgPack => msgpack::write_entry(out, key, value),
            Serializer::Json => json::write_entry(out, is_first, key, value),
        }
    }

    fn enclose(&self, count: usize, entries: &[u8], last: &[u8]) -> Vec<u8> {
        match self.serializer {
            Serializer::MsgPack => [&msgpack::map_header(count), entries, last].concat(),
            Serializer::Json => [b"{", entries, last, b"}"].concat(),
        }
    }

    fn seal(&self, bytes: Vec<u8>) -> Result<Vec<u8>, LayerError> {
        let sealed = match &self.keyring {
            Some(keyring) => keyring.encrypt(&bytes),
            None => bytes,
        };
        if sealed.len() > self.max_message {
            return Err(EncodeError::TooLarge { size: sealed.len(), limit: self.max_message }.into());
        }
        Ok(sealed)
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<Map<String, Value>, DecodeError> {
        match self.serializer {
            Serializer::MsgPack => msgpack::read(bytes),
            Serializer::Json => json::read(bytes),
        }
    }
}

fn is_within(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(values) => depth > 0 && values.iter().all(|value| is_within(value, depth - 1)),
        Value::Object(entries) => depth > 0 && entries.values().all(|value| is_within(value, depth - 1)),
        _ => true,
    }
}

#[cfg(test)]
mod tests;
