//! The layer of `redis+pubsub://`: publish and subscribe, as `channels_redis.pubsub` uses them.
//!
//! Nothing is stored in Redis, and what is sent while a process is away is lost to it, which
//! [`Receiver::missed`] tells. A process subscribes to each of its groups once, and to all its channels with one pattern.
//! Subscriptions are wishes (`wishes`), which a task for each server fulfills for as long as it takes (`subscriber`), over
//! one connection after the other (`line`). Those speak RESP3, which Redis has from version 6 on. `sharded` uses the same parts.
//!
//! **Access rules.** With Redis's ACLs the user needs `SUBSCRIBE`, `UNSUBSCRIBE`, `PSUBSCRIBE`, `PUBLISH`, `PING` and `ROLE`, and
//! access to *all* channels (`allchannels`): Redis compares the pattern of a `PSUBSCRIBE` with the patterns of the rules
//! letter by letter, and that of a process has random digits in it. A rule such as `&asgi*` is enough for channels_redis,
//! which subscribes to each channel by itself, and not here.
//!
//! **The pattern of a process** costs Redis some 20 nanoseconds for each `PUBLISH` (measured with Redis 7.0: 0.6 µs without
//! patterns, 2.3 with a hundred processes, 21 with a thousand). A subscription for each channel that was told to others would cost
//! a round trip before each connection may tell its name. With many hundreds of processes use `redis+sharded://`.
//!
//! [`Receiver::missed`]: chanx_core::layer::Receiver::missed

mod delivery;
mod ear;
mod line;
mod names;
mod subscriber;
mod upkeep;
mod wishes;

use std::fmt;
use std::sync::{Arc, OnceLock};

use chanx_core::layer::{
    ChannelLayer, ChannelName, GroupMessage, GroupName, Health, LayerError, LayerFuture, LayerMessage, Receiver,
};
use futures_util::future::{join_all, try_join_all};
use tokio::sync::Notify;
use tokio::time::timeout;

pub(crate) use delivery::{Addressee, Delivery, nobody};
pub(crate) use ear::queue;
pub(crate) use line::Dialect;
pub(crate) use subscriber::{How, Outlet, Subscriber};
pub(crate) use upkeep::Background;
pub(crate) use wishes::{Answer, Name, settle};

use crate::codec::Codec;
use crate::config::Config;
use crate::connection::{Link, Server};
use crate::ring;
use crate::trouble::Trouble;
use names::Names;

/// See the module's description.
pub(crate) struct PubSubLayer(Arc<Inner>);

struct Inner {
    names: Names,
    codec: Arc<Codec>,
    hosts: Vec<Host>,
    receiver: OnceLock<Arc<dyn Receiver>>,
    background: Background,
    max_queue: usize,
}

/// One of the servers among which the channels are divided.
struct Host {
    link: Arc<Link>,
    subscriber: Subscriber,
}

impl PubSubLayer {
    pub(crate) fn new(config: Config) -> Self {
        let config = Arc::new(config);
        let names = Names::new(&config.prefix);
        let how = How { dialect: Dialect::Plain, pattern: Some(names.pattern()) };
        let hosts = Server::all(&config).into_iter().map(|server| Host::new(server, how.clone())).collect();
        Self(Arc::new(Inner {
            names,
            codec: Arc::new(Codec::new(&config)),
            hosts,
            receiver: OnceLock::new(),
            background: Background::default(),
            max_queue: config.max_queue,
        }))
    }
}

impl Host {
    fn new(server: Arc<Server>, how: How) -> Self {
        let link = Arc::new(Link::new(server));
        Self { subscriber: Subscriber::new(Arc::clone(&link), how), link }
    }
}

impl Inner {
    /// channels_redis divides groups and channels by their whole names in Redis.
    fn host(&self, channel: &str) -> &Host {
        &self.hosts[ring::shard(channel, self.hosts.len())]
    }

    fn start(&self) {
        self.background.start(|| {
            let receiver = self.receiver.get_or_init(nobody);
            let (queue, arrivals) = queue(self.max_queue);
            let outlet = Outlet { queue, receiver: Arc::clone(receiver), lost: Arc::new(Notify::new()) };
            for host in &self.hosts {
                host.subscriber.start(&outlet);
            }
            let names = self.names.clone();
            let delivery =
                Delivery::new(Arc::clone(&self.codec), Arc::clone(receiver), move |channel| names.addressee(channel));
            vec![tokio::spawn(delivery.run(arrivals))]
        });
    }

    /// A process that hears a message must be able to answer it: nothing is sent before the sender can be reached, unless there
    /// is trouble. Other servers than those two are not waited for.
    async fn is_reachable(&self, host: &Host, message: &LayerMessage) -> Result<(), Trouble> {
        self.start();
        self.background.is_open()?;
        host.subscriber.tried().await;
        if let LayerMessage::Group(GroupMessage { from_channel: Some(channel), .. }) = message {
            // Half of the time is left for sending.
            let _ = timeout(host.link.server().config().timeout / 2, self.host(channel).subscriber.tried()).await;
        }
        Ok(())
    }

    async fn publish(&self, channel: &str, message: &LayerMessage) -> Result<(), LayerError> {
        let payload = self.codec.plain(&self.codec.draft(message)?)?;
        let host = self.host(channel);
        let deadline = host.link.deadline();
        deadline.of(self.is_reachable(host, message)).await??;
        let mut command = redis::cmd("PUBLISH");
        command.arg(channel).arg(payload);
        host.link.command(&command, deadline).await?;
        Ok(())
    }

    async fn check(&self) -> Result<(), Trouble> {
        self.start();
        self.background.is_open()?;
        if let Some(host) = self.hosts.first() {
            host.link.deadline().of(join_all(self.hosts.iter().map(|host| host.subscriber.tried()))).await?;
        }
        try_join_all(self.hosts.iter().map(|host| host.link.ping())).await?;
        Ok(())
    }
}

impl ChannelLayer for PubSubLayer {
    fn new_channel(&self) -> ChannelName {
        self.0.start();
        self.0.names.new_channel()
    }

    fn attach(&self, receiver: Arc<dyn Receiver>) {
        // A second receiver breaks the contract, and gets nothing.
        let _ = self.0.receiver.set(receiver);
        self.0.start();
    }

    fn subscribe(&self, group: &GroupName) -> LayerFuture<'static> {
        let name: Name = self.0.names.group(group).into();
        self.0.start();
        let waiting = self.0.host(&name).subscriber.wishes().subscribe(name);
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            inner.start();
            settle(waiting).await
        })
    }

    fn unsubscribe(&self, group: &GroupName) {
        let name: Name = self.0.names.group(group).into();
        self.0.host(&name).subscriber.wishes().unsubscribe(name);
    }

    fn group_send<'a>(&'a self, group: &'a GroupName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        Box::pin(async move { self.0.publish(&self.0.names.group(group), &message).await })
    }

    fn send<'a>(&'a self, channel: &'a ChannelName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        Box::pin(async move { self.0.publish(channel.as_str(), &message).await })
    }

    fn health(&self) -> Health {
        let states = self.0.hosts.iter().map(|host| host.link.server().outage.health());
        states.into_iter().find(|health| *health != Health::Up).unwrap_or(Health::Up)
    }

    fn check(&self) -> LayerFuture<'_> {
        Box::pin(async move { Ok(self.0.check().await?) })
    }

    fn close(&self) -> LayerFuture<'_> {
        Box::pin(async move {
            self.0.background.end().await;
            for host in &self.0.hosts {
                host.subscriber.stop();
            }
            Ok(())
        })
    }
}

impl fmt::Debug for PubSubLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PubSubLayer").field("names", &self.0.names).finish_non_exhaustive()
    }
}
