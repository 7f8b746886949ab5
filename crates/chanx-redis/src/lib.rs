//! Channel layers over Redis or Valkey: groups and channels that all processes of a site share, Python's included.
//!
//! | address | a process of chanx shares it with | how |
//! |---|---|---|
//! | `redis://` | `channels_redis.core.RedisChannelLayer` | sorted sets; messages wait for a slow process |
//! | `redis+pubsub://` | `channels_redis.pubsub.RedisPubSubChannelLayer` | publish and subscribe; less traffic, nothing waits |
//! | `redis+sharded://` | other processes of chanx | sharded publish and subscribe, for clusters |
//!
//! Names, keys, formats and encryption are those of channels_redis 4.3 to the byte.

mod codec;
mod config;
mod connection;
mod core;
mod outage;
mod pace;
mod pubsub;
mod ring;
mod sharded;
mod trouble;

use std::sync::Arc;

use chanx_core::layer::ChannelLayer;

pub use config::{Address, Config, Mode, Serializer, UrlError};

/// The channel layer with this address.
///
/// ```text
/// redis[s][+pubsub|+sharded]://[[user]:password@]host[:port][,host[:port]…][/database][?option=value&…]
/// redis[+pubsub|+sharded]+unix://[[user]:password@]/path/of/socket[?db=0&…]
/// ```
///
/// `rediss` is TLS. Several hosts are independent servers that share the names among them, in the same order everywhere,
/// as with channels_redis; with the option `sentinel` they are the sentinels (port 26379), with `+sharded` some nodes of one
/// cluster. Special characters are written in percent form, also in options, where `+` is a plus sign.
///
/// | option | default | meaning |
/// |---|---|---|
/// | `prefix` | `asgi` | what all keys and channels in Redis begin with |
/// | `capacity` | `100` | how many messages may wait for one process (`redis://` only) |
/// | `expiry` | `60` | after how many seconds they are dropped (`redis://` only) |
/// | `group_expiry` | `86400` | after how many seconds the memberships of a process that died end (`redis://` only) |
/// | `serializer` | `msgpack` | or `json` |
/// | `encryption_key` | | encrypts messages; may be repeated: the first encrypts, each decrypts |
/// | `sentinel` | | the name under which the sentinels know the server |
/// | `sentinel_password` | | the password of the sentinels themselves |
/// | `timeout` | `2` | after how many seconds an operation counts as failed |
/// | `db` | `0` | the database, where the path has no place for it |
/// | `ca_file` | the system's | the authorities (PEM) that are trusted with TLS |
///
/// Nothing happens yet: the layer connects when it is first used.
///
/// # Errors
/// A URL that does not follow this grammar.
pub fn connect(url: &str) -> Result<Arc<dyn ChannelLayer>, UrlError> {
    Config::from_url(url).map(Config::layer)
}

impl Config {
    /// The layer that is told this. It connects when it is first used.
    pub fn layer(self) -> Arc<dyn ChannelLayer> {
        match self.mode {
            Mode::Core => Arc::new(core::CoreLayer::new(self)),
            Mode::PubSub => Arc::new(pubsub::PubSubLayer::new(self)),
            Mode::Sharded => Arc::new(sharded::ShardedLayer::new(self)),
        }
    }
}

/// For the project's own tests with random bytes.
#[doc(hidden)]
pub mod fuzzing {
    use chanx_core::layer::LayerMessage;
    use serde_json::{Map, Value};

    use crate::codec::Codec;
    use crate::{Config, Serializer};

    fn codec(serializer: Serializer) -> Option<Codec> {
        let config = Config::from_url("redis://localhost").ok()?;
        Some(Codec::new(&config.serializer(serializer)))
    }

    /// The message that these bytes are.
    pub fn read(serializer: Serializer, bytes: &[u8]) -> Option<Map<String, Value>> {
        codec(serializer)?.decode(bytes, None).ok()
    }

    /// The bytes of a message.
    pub fn write(serializer: Serializer, message: &LayerMessage) -> Option<Vec<u8>> {
        let codec = codec(serializer)?;
        codec.plain(&codec.draft(message).ok()?).ok()
    }
}
