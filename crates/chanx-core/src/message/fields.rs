//! Reading the fields of a message whose action is known, picking out the envelope on the way.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{CowStrDeserializer, MapAccessDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::strict::Strict;
use crate::wire::{ENVELOPE_VERSION, Envelope, PAYLOAD, REFERENCE, VERSION};

/// The fields of one message that are still to be read.
///
/// The envelope keys are taken out; keys that nothing declares are passed over, unless the message reads all of its
/// fields with [`Fields::whole`]. Of two equal payloads the last counts, as in Python's `json`.
#[derive(Debug)]
pub struct Fields<'a, A> {
    map: A,
    envelope: &'a mut Envelope,
    keys: KeyReader<'a>,
}

impl<'a, 'de, A: MapAccess<'de>> Fields<'a, A> {
    pub(crate) fn new(map: A, envelope: &'a mut Envelope, keys: KeyReader<'a>) -> Self {
        Self { map, envelope, keys }
    }

    /// A message without content.
    ///
    /// # Errors
    /// A payload that is not null.
    pub fn nothing(self) -> Result<(), A::Error> {
        self.optional_payload(|| ())
    }

    /// A payload that must be there.
    ///
    /// # Errors
    /// A missing payload, or one that is no `T`.
    pub fn payload<T: Deserialize<'de>>(mut self) -> Result<T, A::Error> {
        self.last_payload()?.ok_or_else(|| A::Error::missing_field(PAYLOAD))
    }

    /// A payload that may be left out.
    ///
    /// # Errors
    /// A payload that is no `T`.
    pub fn optional_payload<T: Deserialize<'de>>(mut self, default: impl FnOnce() -> T) -> Result<T, A::Error> {
        Ok(self.last_payload()?.unwrap_or_else(default))
    }

    /// All fields beside the action and the envelope, as one `T`.
    ///
    /// # Errors
    /// Whatever `T` refuses.
    pub fn whole<T: Deserialize<'de>>(self) -> Result<T, A::Error> {
        T::deserialize(Strict(MapAccessDeserializer::new(self)))
    }

    /// The answer to an action that is not one of the set.
    ///
    /// # Errors
    /// Always.
    pub fn unknown_action<T>(self) -> Result<T, A::Error> {
        Err(A::Error::custom("unknown action"))
    }

    fn last_payload<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, A::Error> {
        let mut payload = None;
        while let Some(key) = self.next_own_key()? {
            match key {
                Key::Payload => payload = Some(self.map.next_value_seed(Strict(PhantomData))?),
                _ => drop(self.map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(payload)
    }

    /// The next key that belongs to the message itself; the envelope's are read here.
    fn next_own_key(&mut self) -> Result<Option<Key<'de>>, A::Error> {
        while let Some(key) = self.map.next_key_seed(self.keys)? {
            match key {
                Key::Action if self.keys.action_is_known => drop(self.map.next_value::<IgnoredAny>()?),
                Key::Action => return Err(A::Error::custom("the action is named twice")),
                Key::Reference => self.envelope.reference = self.map.next_value()?,
                Key::Version => self.envelope.versioned = read_version(&mut self.map)?,
                own => return Ok(Some(own)),
            }
        }
        Ok(None)
    }
}

/// Reads the version; true if there is one. Null is none.
pub(crate) fn read_version<'de, A: MapAccess<'de>>(map: &mut A) -> Result<bool, A::Error> {
    match map.next_value_seed(Strict(PhantomData::<Option<u64>>))? {
        None => Ok(false),
        Some(ENVELOPE_VERSION) => Ok(true),
        Some(_) => Err(A::Error::custom("unknown envelope version")),
    }
}

/// Hands the message's own fields to a struct's `Deserialize`.
impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.next_own_key()? {
            None => Ok(None),
            Some(Key::Payload) => seed.deserialize(CowStrDeserializer::new(Cow::Borrowed(PAYLOAD))).map(Some),
            Some(Key::Other(name)) => seed.deserialize(CowStrDeserializer::new(name)).map(Some),
            Some(_) => Err(A::Error::custom("an envelope key among the fields")),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// A key of a message.
#[derive(Debug)]
pub(crate) enum Key<'de> {
    Action,
    Payload,
    Reference,
    Version,
    Other(Cow<'de, str>),
}

/// Tells keys apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyReader<'a> {
    /// `None` if there is none among the keys, so that any key may be a field.
    pub(crate) action_key: Option<&'a str>,
    /// Whether the action was found by an earlier look, so that its key is passed over.
    pub(crate) action_is_known: bool,
}

impl<'de> DeserializeSeed<'de> for KeyReader<'_> {
    type Value = Key<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key<'de>, D::Error> {
        deserializer.deserialize_str(KeyVisitor { action_key: self.action_key, lifetime: PhantomData })
    }
}

struct KeyVisitor<'a, 'de> {
    action_key: Option<&'a str>,
    lifetime: PhantomData<&'de ()>,
}

impl<'de> KeyVisitor<'_, 'de> {
    fn classify<'x>(&self, key: &str, other: impl FnOnce() -> Cow<'x, str>) -> Key<'x> {
        match key {
            key if Some(key) == self.action_key => Key::Action,
            PAYLOAD => Key::Payload,
            REFERENCE => Key::Reference,
            VERSION => Key::Version,
            _ => Key::Other(other()),
        }
    }
}

impl<'de> Visitor<'de> for KeyVisitor<'_, 'de> {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Key<'de>, E> {
        Ok(self.classify(key, || Cow::Borrowed(key)))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Key<'de>, E> {
        Ok(self.classify(key, || Cow::Owned(key.to_owned())))
    }
}
