//! What a layer over Redis can be told: where the servers are, and channels_redis's settings with its defaults.

mod error;
mod url;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use error::UrlError;

/// No message is longer, encrypted or not.
pub(crate) const LONGEST_MESSAGE: usize = 32 * 1024 * 1024;

/// No time limit is shorter.
const SHORTEST: Duration = Duration::from_millis(1);

/// No time limit is longer.
const LONGEST: Duration = Duration::from_secs(3600);

/// Which of the ways through Redis a layer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// `redis://`: sorted sets, as `channels_redis.core.RedisChannelLayer` uses them.
    Core,
    /// `redis+pubsub://`: publish and subscribe, as `channels_redis.pubsub.RedisPubSubChannelLayer` does.
    PubSub,
    /// `redis+sharded://`: sharded publish and subscribe, for Redis 7, Valkey and their clusters. Python has no such layer.
    Sharded,
}

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Serializer {
    /// MessagePack, channels_redis's default.
    MsgPack,
    /// JSON, `serializer_format="json"` in channels_redis.
    Json,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// A name or an IP address (IPv6 without brackets), and a port.
    Tcp {
        /// The name or the address.
        host: String,
        /// The port.
        port: u16,
    },
    /// The path of a socket.
    Unix(PathBuf),
}

/// Everything that a layer is told. All processes that share groups must be told the same.
///
/// ```
/// use std::time::Duration;
/// use chanx_redis::Config;
///
/// let config = Config::from_url("redis://localhost/1?capacity=500")?.expiry(Duration::from_secs(30));
/// let layer = config.layer();
/// # Ok::<(), chanx_redis::UrlError>(())
/// ```
#[derive(Clone)]
pub struct Config {
    pub(crate) mode: Mode,
    pub(crate) addresses: Vec<Address>,
    pub(crate) tls: bool,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) cert_file: Option<PathBuf>,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) database: i64,
    pub(crate) sentinel: Option<String>,
    pub(crate) sentinel_password: Option<String>,
    pub(crate) prefix: String,
    pub(crate) capacity: usize,
    pub(crate) expiry: Duration,
    pub(crate) group_expiry: Duration,
    pub(crate) serializer: Serializer,
    pub(crate) encryption_keys: Vec<Vec<u8>>,
    pub(crate) timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) dead_after: Duration,
    pub(crate) max_message: usize,
    pub(crate) max_queue: usize,
    pub(crate) max_sending: usize,
}

impl Config {
    /// The settings in a URL; see [`crate::connect`] for its grammar.
    ///
    /// # Errors
    /// A URL that does not follow it.
    pub fn from_url(url: &str) -> Result<Self, UrlError> {
        url::read(url)
    }

    /// The defaults, which are channels_redis's, with these servers.
    pub(crate) fn new(mode: Mode, addresses: Vec<Address>) -> Self {
        Self {
            mode,
            addresses,
            tls: false,
            ca_file: None,
            cert_file: None,
            key_file: None,
            user: None,
            password: None,
            password_file: None,
            database: 0,
            sentinel: None,
            sentinel_password: None,
            prefix: "asgi".to_owned(),
            capacity: 100,
            expiry: Duration::from_secs(60),
            group_expiry: Duration::from_secs(86_400),
            serializer: Serializer::MsgPack,
            encryption_keys: Vec::new(),
            timeout: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(2),
            dead_after: Duration::from_secs(10),
            max_message: if mode == Mode::Core { LONGEST_MESSAGE } else { 4 * 1024 * 1024 },
            max_queue: 64 * 1024 * 1024,
            max_sending: 16 * 1024 * 1024,
        }
    }

    /// What all keys and channels in Redis begin with: `asgi`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// How many messages may wait for one process (mode [`Mode::Core`]): 100.
    #[must_use]
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }

    /// How long a message waits for a process that does not fetch it (mode [`Mode::Core`]), in whole seconds: 60.
    #[must_use]
    pub fn expiry(mut self, expiry: Duration) -> Self {
        self.expiry = whole_seconds(expiry);
        self
    }

    /// How long the memberships of a process that vanished remain (mode [`Mode::Core`]), in whole seconds: a day. Living
    /// processes of this crate renew theirs in time; Python's do not, so that it must outlast their connections.
    #[must_use]
    pub fn group_expiry(mut self, group_expiry: Duration) -> Self {
        self.group_expiry = whole_seconds(group_expiry);
        self
    }

    /// How messages are written: [`Serializer::MsgPack`].
    #[must_use]
    pub fn serializer(mut self, serializer: Serializer) -> Self {
        self.serializer = serializer;
        self
    }

    /// The keys of encryption, channels_redis's `symmetric_encryption_keys`: the first encrypts, each decrypts. None: no
    /// encryption, the default.
    #[must_use]
    pub fn encryption_keys<K: Into<Vec<u8>>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.encryption_keys = keys.into_iter().map(Into::into).collect();
        self
    }

    /// How long sending may take before it counts as failed: 2 seconds. An hour at most, like the other times.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.clamp(SHORTEST, LONGEST);
        self
    }

    /// How long each step of making a connection may take: 2 seconds.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout.clamp(SHORTEST, LONGEST);
        self
    }

    /// After how long without any answer a connection is given up: 10 seconds. A server that is busy for a shorter time, as
    /// with a slow script or a snapshot, keeps its subscribers.
    #[must_use]
    pub fn dead_after(mut self, time: Duration) -> Self {
        self.dead_after = time.clamp(SHORTEST, LONGEST);
        self
    }

    /// How many bytes a message may have in Redis: 32 MiB, which is the most, in mode [`Mode::Core`], 4 MiB in the others.
    ///
    /// Redis disconnects a subscriber for which more than `client-output-buffer-limit pubsub` waits, 32 MiB at once or 8 MiB
    /// for a minute by default. Raise that setting of Redis together with this option.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes.clamp(1, LONGEST_MESSAGE);
        self
    }

    /// How many bytes may be on their way to a server at once: 16 MiB. Other senders wait, for as long as sending may take; a
    /// longer message goes alone.
    #[must_use]
    pub fn max_sending(mut self, bytes: usize) -> Self {
        self.max_sending = bytes.max(1);
        self
    }

    /// How many bytes of messages may wait in this process for their delivery (modes [`Mode::PubSub`] and
    /// [`Mode::Sharded`]): 64 MiB. What comes when that is full is dropped, and the members are told that they missed something.
    #[must_use]
    pub fn max_queue(mut self, bytes: usize) -> Self {
        self.max_queue = bytes.max(1);
        self
    }

    /// A file with the certificates (PEM) of the authorities that are trusted instead of the system's.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// The files with this process's own certificate and its key (PEM), which a server with `tls-auth-clients yes` asks for.
    #[must_use]
    pub fn client_certificate(mut self, cert_file: impl Into<PathBuf>, key_file: impl Into<PathBuf>) -> Self {
        self.cert_file = Some(cert_file.into());
        self.key_file = Some(key_file.into());
        self
    }

    /// A file whose first line is the password, instead of one in the URL. It is read for each new connection, so a token that
    /// expires can be replaced while the process runs.
    #[must_use]
    pub fn password_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.password_file = Some(path.into());
        self
    }
}

fn whole_seconds(duration: Duration) -> Duration {
    Duration::from_secs(duration.as_secs().max(1))
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("mode", &self.mode)
            .field("addresses", &self.addresses)
            .field("tls", &self.tls)
            .field("database", &self.database)
            .field("sentinel", &self.sentinel)
            .field("prefix", &self.prefix)
            .field("capacity", &self.capacity)
            .field("expiry", &self.expiry)
            .field("group_expiry", &self.group_expiry)
            .field("serializer", &self.serializer)
            .field("is_encrypted", &!self.encryption_keys.is_empty())
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("dead_after", &self.dead_after)
            .field("max_message", &self.max_message)
            .field("max_queue", &self.max_queue)
            .field("max_sending", &self.max_sending)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests;
