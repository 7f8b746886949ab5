//! Channel layers over Redis or Valkey: groups and channels that all processes of a site share, Python's included.
//!
//! | address | a process of chanx shares it with | how |
//! |---|---|---|
//! | `redis://` | `channels_redis.core.RedisChannelLayer` | sorted sets; messages wait for a slow process |
//! | `redis+pubsub://` | `channels_redis.pubsub.RedisPubSubChannelLayer` | publish and subscribe; less traffic, nothing waits |
//! | `redis+sharded://` | other processes of chanx | sharded publish and subscribe, for clusters |
//!
//! Names, keys, formats and encryption are those of channels_redis 4.3 to the byte.
//!
//! # Losses over `redis://`
//!
//! | lost | its members | its sender |
//! |---|---|---|
//! | messages for a process of chanx for which `capacity` messages wait | are told when the process next fetches messages | is told: `LayerError::PassedOver` or `Full`; Python's `group_send` says nothing |
//! | messages for a process of Python for which `capacity` messages wait | are not told by channels_redis | sees a line in the log; `Full` if it was for one channel |
//! | messages that expired because a process stood still | are told when it goes on | is not told |
//! | memberships that the server lost or evicted, and messages sent meanwhile | are told within 10 seconds, as members again | is told if its own process was a member |
//! | messages that a breaking connection swallowed | are told when the process receives again | is not told |
//! | messages in a form or a key of encryption that a process does not know | are told at once | is not told |
//! | messages that Redis evicted from the key of a process, or lost in a failover | are told if the memberships or the heartbeat went, too | is not told |
//!
//! Members are told by [`Receiver::missed`](chanx_core::layer::Receiver::missed), at most once a second, for all members of a
//! process. What cannot be known: whether Redis threw away nothing but messages that waited; whether a process with another
//! `capacity` than this one dropped something; whether messages expired where `expiry` is shorter than 15 seconds. All keys
//! expire, so that Redis may evict any of them with `maxmemory-policy` `volatile-*` or `allkeys-*`: use `noeviction`, which
//! tells the sender.
//!
//! # Channels of chanx in Python's groups
//!
//! Python may add the channel of a chanx connection to a group by name. If that connection has joined the same group itself,
//! it gets each message of it twice over `redis://`: the group knows the channel and the process as two members.
//!
//! # Access rules for `redis://`
//!
//! With Redis's ACLs the user needs the keys `<prefix>specific.*` and `<prefix>:group:*` (`~asgi*`) and the commands that
//! [`connect`] lists.
//!
//! # Threads
//!
//! All layers of a process share a few threads (`chanx-redis`), on which their connections, timers and background tasks run
//! until the process ends. So a layer can be used from everywhere: from every runtime, also one that lives shorter than the
//! layer, and from a thread without a runtime, which waits with any executor's `block_on`:
//!
//! ```no_run
//! use std::sync::Arc;
//! use chanx_core::layer::{GroupName, LayerMessage};
//! use futures_executor::block_on; // `futures::executor::block_on`
//!
//! let layer = chanx_redis::connect("redis://localhost")?;
//! let message = LayerMessage::Other(serde_json::Map::new());
//! block_on(layer.group_send(&GroupName::new("lobby")?, Arc::new(message)))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod codec;
mod config;
mod connection;
mod core;
mod outage;
mod pace;
mod pubsub;
mod ring;
mod runtime;
mod sharded;
mod trouble;

use std::sync::Arc;

use chanx_core::layer::ChannelLayer;

pub use config::{Address, Config, Mode, Serializer, UrlError};
use runtime::Anywhere;

/// The channel layer with this address.
///
/// ```text
/// redis[s][+pubsub|+sharded]://[[user]:password@|user@]host[:port][,host[:port]…][/database][?option=value&…]
/// redis[+pubsub|+sharded]+unix://[[user]:password@|user@]/path/of/socket[?db=0&…]
/// ```
///
/// `rediss` is TLS. Several hosts are independent servers that share the names among them, in the same order everywhere,
/// as with channels_redis; with the option `sentinel` they are the sentinels (port 26379), with `+sharded` some nodes of one
/// cluster. A user without a password needs the option `password_file`. Special characters are written in percent form, also in options, where `+` is a plus sign.
///
/// | option | default | meaning |
/// |---|---|---|
/// | `prefix` | `asgi` | what all keys and channels in Redis begin with |
/// | `capacity` | `100` | how many messages may wait for one process (`redis://` only) |
/// | `expiry` | `60` | after how many seconds they are dropped (`redis://` only) |
/// | `group_expiry` | `86400` | after how many seconds the memberships of a process that died end (`redis://` only) |
/// | `max_sending` | `16777216` | how many bytes may be on their way to a server at once; other senders wait |
/// | `serializer` | `msgpack` | or `json` |
/// | `encryption_key` | | encrypts messages; may be repeated: the first encrypts, each decrypts |
/// | `sentinel` | | the name under which the sentinels know the server |
/// | `sentinel_password` | | the password of the sentinels themselves |
/// | `timeout` | `2` | after how many seconds sending counts as failed |
/// | `connect_timeout` | `2` | after how many seconds a step of making a connection counts as failed |
/// | `dead_after` | `10` | after how many seconds without any answer a connection is replaced |
/// | `max_message` | `33554432`, else `4194304` | how many bytes a message may have in Redis: the first for `redis://`, the second for the others |
/// | `max_queue` | `67108864` | how many bytes of messages may wait for their delivery in this process (not `redis://`) |
/// | `db` | `0` | the database, where the path has no place for it |
/// | `ca_file` | the system's | the authorities (PEM) that are trusted with TLS |
/// | `cert_file`, `key_file` | | the process's own certificate and its key (PEM), for a server that asks for one |
/// | `password_file` | | a file whose first line is the password, read for each new connection: a token that expires can be replaced there |
///
/// Nothing happens yet: the layer connects when it is first used.
///
/// **Long messages.** Redis ends the connection of a subscriber for which more waits than its setting
/// `client-output-buffer-limit pubsub` allows, by default 32 MiB at once or 8 MiB for a minute, and with it all its subscriptions.
/// With a larger `max_message` for `redis+pubsub://` or `redis+sharded://`, that setting has to be several times as large.
///
/// **Certificates in a cluster.** A server's certificate has to name what the client connects to. Where `CLUSTER SLOTS` gives
/// addresses and the certificates give names, set `cluster-announce-hostname` and `cluster-preferred-endpoint-type hostname`
/// in the nodes (Redis 7).
///
/// **Access rules.** The user of `redis://` needs the commands `ZADD`, `ZREM`, `ZRANGE`, `ZSCORE`, `ZCOUNT`, `ZREMRANGEBYSCORE`,
/// `ZPOPMIN`, `BZPOPMIN`, `EXPIRE`, `DEL`, `EVAL`, `EVALSHA`, `SELECT` and `PING` (`TIME` is used if it is allowed), and the
/// keys `~<prefix>*`; of `redis+pubsub://` `SUBSCRIBE`, `UNSUBSCRIBE`, `PSUBSCRIBE`, `PUBLISH` and `PING`, and *all* channels (`allchannels`); of `redis+sharded://`
/// `SSUBSCRIBE`, `SUNSUBSCRIBE`, `SPUBLISH`, `CLUSTER|SLOTS`, `CLUSTER|INFO` and `PING`, and the channels
/// `&<prefix>:group:*` and `&<prefix>:process:*`. `ROLE` is asked, too; where it is refused, a master that became a replica goes
/// unnoticed.
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
            Mode::Core => Arc::new(Anywhere(core::CoreLayer::new(self))),
            Mode::PubSub => Arc::new(Anywhere(pubsub::PubSubLayer::new(self))),
            Mode::Sharded => Arc::new(Anywhere(sharded::ShardedLayer::new(self))),
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
