//! Redis servers of a test, and how both sides are told of them.

use serde_json::{Value, json};

use crate::peer::{Peer, Program};
use crate::process::Process;
use crate::support::{RedisServer, until};

/// Which of channels_redis's two layers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Backend {
    Core,
    PubSub,
}

/// What both sides are told, in the same words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) backend: Backend,
    pub(crate) hosts: usize,
    pub(crate) prefix: &'static str,
    pub(crate) serializer: &'static str,
    pub(crate) keys: &'static [&'static str],
    pub(crate) capacity: usize,
}

impl Options {
    /// What channels_redis does by itself.
    pub(crate) fn new(backend: Backend) -> Self {
        Self { backend, hosts: 1, prefix: "asgi", serializer: "msgpack", keys: &[], capacity: 100 }
    }

    /// Everything that changes what stands in Redis, each by itself and once all together.
    pub(crate) fn variations(backend: Backend) -> Vec<Self> {
        let plain = Self::new(backend);
        let keys: &[&str] = &["the key & its #\u{e9}", "an older key"];
        vec![
            plain,
            Self { serializer: "json", ..plain },
            Self { keys, ..plain },
            Self { prefix: "other.site", ..plain },
            Self { hosts: 2, ..plain },
            Self { hosts: 3, prefix: "p", serializer: "json", keys, ..plain },
        ]
    }

    pub(crate) async fn start(self) -> Setup {
        let mut servers = Vec::new();
        for _ in 0..self.hosts {
            servers.push(RedisServer::start().await);
        }
        Setup { options: self, servers }
    }
}

/// Running servers, which end with their value.
pub(crate) struct Setup {
    options: Options,
    servers: Vec<RedisServer>,
}

impl Setup {
    /// A process of chanx.
    pub(crate) fn process(&self) -> Process {
        Process::start(&self.url())
    }

    /// A process of channels_redis.
    pub(crate) fn peer(&self) -> Peer {
        Peer::start(&self.python_options())
    }

    /// A program of this folder, with the options of a peer.
    pub(crate) fn program(&self, name: &'static str) -> Program {
        Program::start(name, &self.python_options())
    }

    /// The same servers, with other options.
    pub(crate) fn with(&self, change: impl FnOnce(&mut Options)) -> Differently<'_> {
        let mut options = self.options;
        change(&mut options);
        Differently { options, servers: &self.servers }
    }

    pub(crate) fn url(&self) -> String {
        self.with(|_| ()).url()
    }

    fn python_options(&self) -> Value {
        self.with(|_| ()).python_options()
    }

    /// Waits until this number of processes (publish and subscribe) or channels (core) are in the group.
    pub(crate) async fn until_members(&self, group: &str, number: usize) {
        let what = format!("{number} members of {group}");
        until(&what, || async { self.members(group).await == number }).await;
    }

    /// How many members `channels` of a Python process and any number of a chanx process make in a group of both.
    pub(crate) fn members_of(&self, channels: usize) -> usize {
        match self.options.backend {
            Backend::Core => channels + 1,
            Backend::PubSub => 2,
        }
    }

    /// How many messages wait for the process of this channel (core).
    pub(crate) async fn waiting_for(&self, channel: &str) -> usize {
        let process = channel.split_inclusive('!').next().unwrap_or(channel);
        zcard(&self.servers[0], &format!("{}{process}", self.options.prefix)).await
    }

    async fn members(&self, group: &str) -> usize {
        let mut members = 0;
        for server in &self.servers {
            members += match self.options.backend {
                Backend::Core => zcard(server, &format!("{}:group:{group}", self.options.prefix)).await,
                Backend::PubSub => numsub(server, &format!("{}__group__{group}", self.options.prefix)).await,
            };
        }
        members
    }
}

/// Servers and options of one of several parties that do not agree.
pub(crate) struct Differently<'a> {
    options: Options,
    servers: &'a [RedisServer],
}

impl Differently<'_> {
    pub(crate) fn process(&self) -> Process {
        Process::start(&self.url())
    }

    pub(crate) fn peer(&self) -> Peer {
        Peer::start(&self.python_options())
    }

    fn url(&self) -> String {
        let Options { backend, prefix, serializer, keys, capacity, .. } = self.options;
        let scheme = match backend {
            Backend::Core => "redis",
            Backend::PubSub => "redis+pubsub",
        };
        let hosts = self.hosts().join(",");
        let keys: String = keys.iter().map(|key| format!("&encryption_key={}", escaped(key))).collect();
        // Nothing here is about time: a busy machine may take its own.
        let limits = format!("timeout=20&capacity={capacity}");
        format!("{scheme}://{hosts}/0?{limits}&prefix={prefix}&serializer={serializer}{keys}")
    }

    fn python_options(&self) -> Value {
        let Options { backend, prefix, serializer, keys, capacity, .. } = self.options;
        let hosts: Vec<_> = self.hosts().iter().map(|host| format!("redis://{host}/0")).collect();
        let mut options = json!({
            "backend": match backend { Backend::Core => "core", Backend::PubSub => "pubsub" },
            "hosts": hosts,
            "prefix": prefix,
            "serializer_format": serializer,
            "symmetric_encryption_keys": keys,
        });
        if backend == Backend::Core {
            options["capacity"] = capacity.into();
        }
        options
    }

    fn hosts(&self) -> Vec<String> {
        self.servers.iter().map(RedisServer::address).collect()
    }
}

fn escaped(key: &str) -> String {
    key.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn zcard(server: &RedisServer, key: &str) -> usize {
    server.command(&["ZCARD", key]).await
}

async fn numsub(server: &RedisServer, channel: &str) -> usize {
    let (_, number): (String, usize) = server.command(&["PUBSUB", "NUMSUB", channel]).await;
    number
}
