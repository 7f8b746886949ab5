//! The layer of `redis+sharded://`: sharded publish and subscribe (Redis 7, Valkey), on one server or a cluster.
//!
//! In a cluster, plain publish and subscribe sends everything to every node. Here each group has a channel of its own on
//! the node that is in charge of its name, so that a cluster carries more than a server does; a process has one channel
//! for all messages to its channels, and a message says itself for which one it is. Python has no such layer.
//!
//! **Access rules.** With the servers' ACLs the user needs `SSUBSCRIBE`, `SUNSUBSCRIBE`, `SPUBLISH`, `CLUSTER|SLOTS`, `CLUSTER|INFO`,
//! `PING` and `ROLE`, and the channels `&<prefix>:group:*` and `&<prefix>:process:*`.
//!
//! The `redis` crate's client for clusters is not used: when a slot moves to another node it does not notice that the
//! subscriptions to the slot's channels are gone, and it takes the server's word of that for the answer to whatever command
//! is on its way. Here a node that takes a subscription away is asked where it went.

mod cluster;
mod names;
mod slot;
mod steward;
mod topology;

use std::fmt;
use std::sync::{Arc, OnceLock};

use chanx_core::layer::{
    ChannelLayer, ChannelName, GroupName, Health, LayerError, LayerFuture, LayerMessage, Receiver,
};
use futures_util::future::try_join_all;
use serde_json::Value;
use tokio::sync::{Notify, watch};

use crate::codec::Codec;
use crate::config::Config;
use crate::connection::Deadline;
use crate::pubsub::{Background, Delivery, Name, Outlet, nobody, queue};
use crate::trouble::Trouble;
use cluster::{Cluster, Node};
use names::Names;
use steward::Steward;
use topology::redirection;

/// See the module's description.
pub(crate) struct ShardedLayer(Arc<Inner>);

struct Inner {
    names: Names,
    codec: Arc<Codec>,
    cluster: Arc<Cluster>,
    receiver: OnceLock<Arc<dyn Receiver>>,
    alarm: Arc<Notify>,
    ready: watch::Sender<bool>,
    background: Background,
}

impl ShardedLayer {
    pub(crate) fn new(config: Config) -> Self {
        let names = Names::new(&config.prefix);
        let codec = Arc::new(Codec::new(&config));
        let cluster = Arc::new(Cluster::new(config));
        Self(Arc::new(Inner {
            names,
            codec,
            cluster,
            receiver: OnceLock::new(),
            alarm: Arc::new(Notify::new()),
            ready: watch::Sender::new(false),
            background: Background::default(),
        }))
    }
}

impl Inner {
    fn start(&self) {
        self.background.start(|| {
            let receiver = self.receiver.get_or_init(nobody);
            let (queue, arrivals) = queue(self.cluster.config().max_queue);
            let lost = Arc::clone(&self.alarm);
            self.cluster.set_outlet(Outlet { queue, receiver: Arc::clone(receiver), lost });
            let names = self.names.clone();
            let delivery =
                Delivery::new(Arc::clone(&self.codec), Arc::clone(receiver), move |channel| names.addressee(channel));
            let steward = Steward {
                cluster: Arc::clone(&self.cluster),
                receiver: Arc::clone(receiver),
                own: self.names.own().into(),
                alarm: Arc::clone(&self.alarm),
                ready: self.ready.clone(),
            };
            vec![tokio::spawn(delivery.run(arrivals)), tokio::spawn(steward.run())]
        });
    }

    /// Whoever hears of this process must be able to answer it: nothing is sent before it can be reached, unless there is
    /// trouble.
    async fn is_reachable(&self) -> Result<(), Trouble> {
        self.start();
        self.background.is_open()?;
        // The sender is here.
        let _ = self.ready.subscribe().wait_for(|ready| *ready).await;
        Ok(())
    }

    async fn subscribe(&self, name: &Name) -> Result<(), LayerError> {
        if self.is_reachable().await.is_err() {
            return Ok(());
        }
        self.cluster.settled(name).await
    }

    async fn publish(&self, channel: &str, payload: &[u8]) -> Result<(), Trouble> {
        let deadline = Deadline::after(self.cluster.config().timeout);
        deadline.of(self.is_reachable()).await??;
        let mut command = redis::cmd("SPUBLISH");
        command.arg(channel).arg(payload);
        let node = self.cluster.node(channel)?;
        let result = match node.link.command(&command, deadline).await {
            Err(Trouble::Moved(address)) => self.follow(&node, &address)?.link.command(&command, deadline).await,
            result => result,
        };
        if matches!(result, Err(Trouble::Lost(_) | Trouble::Moved(_))) {
            self.alarm.notify_one();
        }
        result.map(drop)
    }

    /// The node that another one names as the one in charge. That one did nothing else.
    fn follow(&self, node: &Node, address: &str) -> Result<Arc<Node>, Trouble> {
        self.alarm.notify_one();
        let address = redirection(address, node.address()).ok_or_else(Trouble::nonsense)?;
        Ok(self.cluster.node_at(&address))
    }

    async fn check(&self) -> Result<(), Trouble> {
        let deadline = Deadline::after(self.cluster.config().timeout);
        deadline.of(self.is_reachable()).await??;
        self.cluster.is_whole()?;
        try_join_all(self.cluster.nodes().iter().map(|node| node.link.ping())).await?;
        Ok(())
    }
}

impl ChannelLayer for ShardedLayer {
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
        self.0.cluster.want(&name);
        let inner = Arc::clone(&self.0);
        Box::pin(async move { inner.subscribe(&name).await })
    }

    fn unsubscribe(&self, group: &GroupName) {
        self.0.cluster.unwant(&self.0.names.group(group).into());
    }

    fn group_send<'a>(&'a self, group: &'a GroupName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        Box::pin(async move {
            let payload = self.0.codec.plain(&self.0.codec.draft(&message)?)?;
            Ok(self.0.publish(&self.0.names.group(group), &payload).await?)
        })
    }

    fn send<'a>(&'a self, channel: &'a ChannelName, message: Arc<LayerMessage>) -> LayerFuture<'a> {
        Box::pin(async move {
            let payload = self.0.codec.addressed(&self.0.codec.draft(&message)?, &Value::from(channel.as_str()))?;
            match self.0.names.process_of(channel) {
                Some(process) => Ok(self.0.publish(&process, &payload).await?),
                // Nobody has such a channel.
                None => Ok(()),
            }
        })
    }

    fn health(&self) -> Health {
        self.0.cluster.health()
    }

    fn check(&self) -> LayerFuture<'_> {
        Box::pin(async { Ok(self.0.check().await?) })
    }

    fn close(&self) -> LayerFuture<'_> {
        Box::pin(async {
            self.0.background.end().await;
            self.0.cluster.stop();
            self.0.ready.send_replace(true);
            Ok(())
        })
    }
}

impl fmt::Debug for ShardedLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShardedLayer").field("names", &self.0.names).finish_non_exhaustive()
    }
}
