//! The nodes of a cluster, and at which of them this process wants which channels.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use chanx_core::layer::Health;
use redis::Pipeline;
use tokio::sync::oneshot;

use super::topology::Topology;
use crate::config::{Address, Config};
use crate::connection::{Link, Server};
use crate::outage::{Outage, Part};
use crate::pubsub::{Answer, Dialect, How, Name, Outlet, Subscriber, settle};
use crate::trouble::Trouble;

/// What a server says that belongs to no cluster.
const NO_CLUSTER: &str = "cluster support disabled";

/// A cluster as this process knows it.
pub(super) struct Cluster {
    config: Arc<Config>,
    state: Mutex<State>,
    /// Whether the cluster as a whole is known and complete.
    outage: Outage,
    outlet: OnceLock<Outlet>,
    /// Which node is asked next about the others.
    turn: AtomicUsize,
}

struct State {
    /// None: no node has told it yet.
    topology: Option<Topology>,
    /// Those of the topology, and those of the configuration.
    nodes: HashMap<Address, Arc<Node>>,
    wanted: HashSet<Name>,
}

/// A server, with connections that are made when they are needed.
pub(super) struct Node {
    address: Address,
    pub(super) link: Arc<Link>,
    subscriber: Subscriber,
}

/// A wait for one node to fulfill a wish.
type Wait = Option<oneshot::Receiver<Answer>>;

impl Cluster {
    pub(super) fn new(config: Config) -> Self {
        let config = Arc::new(config);
        let seeds: Vec<_> = config.addresses.iter().map(ToString::to_string).collect();
        let nodes = config.addresses.iter().map(|address| (address.clone(), Node::new(&config, address))).collect();
        Self {
            state: Mutex::new(State { topology: None, nodes, wanted: HashSet::new() }),
            outage: Outage::new(seeds.join(",")),
            outlet: OnceLock::new(),
            turn: AtomicUsize::new(0),
            config,
        }
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Where subscribers take their news. Before it is known, none is started.
    pub(super) fn set_outlet(&self, outlet: Outlet) {
        // It is set once, when the background is started.
        let _ = self.outlet.set(outlet);
    }

    /// Wants a channel, wherever it is.
    pub(super) fn want(&self, name: &Name) {
        let mut state = self.lock();
        state.wanted.insert(Name::clone(name));
        // The wait is begun when somebody waits.
        drop(self.wish(&state, name));
    }

    pub(super) fn unwant(&self, name: &Name) {
        let mut state = self.lock();
        state.wanted.remove(name);
        if let Some(node) = state.owner(name) {
            node.subscriber.wishes().unsubscribe(name.clone());
        }
    }

    /// Ends when the node in charge of a channel that is wanted has confirmed it, or is away.
    pub(super) async fn settled(&self, name: &Name) -> Answer {
        loop {
            let Some((node, wait)) = self.wait(name) else { return Ok(()) };
            let answer = settle(wait).await;
            let state = self.lock();
            if state.owner(name).is_some_and(|owner| !Arc::ptr_eq(owner, &node)) {
                continue;
            }
            return answer;
        }
    }

    /// The node in charge of a channel.
    pub(super) fn node(&self, name: &str) -> Result<Arc<Node>, Trouble> {
        self.lock().owner(name).cloned().ok_or_else(|| Trouble::Lost("no node of the cluster is in charge".to_owned()))
    }

    /// The node at an address that another node told.
    pub(super) fn node_at(&self, address: &Address) -> Arc<Node> {
        Arc::clone(self.lock().nodes.entry(address.clone()).or_insert_with(|| Node::new(&self.config, address)))
    }

    /// The nodes in charge of anything; as long as none is known to be, those of the configuration.
    pub(super) fn nodes(&self) -> Vec<Arc<Node>> {
        let state = self.lock();
        let is_needed = |address| state.topology.as_ref().is_none_or(|topology| topology.has(address));
        state.nodes.iter().filter(|(address, _)| is_needed(address)).map(|(_, node)| Arc::clone(node)).collect()
    }

    /// Asks one node after the other for the topology, until one knows.
    pub(super) async fn survey(&self) -> Result<Topology, Trouble> {
        let mut trouble = Trouble::Lost("the cluster has no nodes".to_owned());
        for node in self.in_turn() {
            match node.topology(self.config.addresses.len()).await {
                Ok(topology) => return Ok(topology),
                Err(error) => trouble = error,
            }
        }
        Err(trouble)
    }

    /// Takes a topology for true. Returns the channels that another node is in charge of now, all of them the first time.
    pub(super) fn adopt(&self, topology: Topology) -> Vec<Name> {
        let mut state = self.lock();
        for address in topology.addresses() {
            state.nodes.entry(address.clone()).or_insert_with(|| Node::new(&self.config, address));
        }
        let old = state.topology.replace(topology);
        let moved: Vec<_> = state.wanted.iter().filter(|name| state.has_moved(name, old.as_ref())).cloned().collect();
        for name in &moved {
            if let Some(node) = old.as_ref().and_then(|old| state.nodes.get(old.owner(name)?)) {
                node.subscriber.wishes().unsubscribe(name.clone());
            }
            drop(self.wish(&state, name));
        }
        state.forget_nodes(&self.config.addresses);
        moved
    }

    /// Whether this process has what it needs of the cluster. The log is told when that changes, unless it was told that a
    /// node is away.
    pub(super) fn judge(&self, round: Result<(), Trouble>) -> bool {
        let result = round.and_then(|()| self.is_whole());
        match &result {
            Ok(()) => self.outage.end(Part::Session),
            Err(trouble) if self.nodes_health() == Health::Up => self.outage.begin(Part::Session, &trouble.to_string()),
            // The log was told by the node. Its return does not mean yet that anything is subscribed to.
            Err(trouble) if self.lock().topology.is_none() => self.outage.note(Part::Session, &trouble.to_string()),
            Err(_) => {}
        }
        result.is_ok()
    }

    pub(super) fn is_whole(&self) -> Result<(), Trouble> {
        let state = self.lock();
        if state.wanted.iter().all(|name| state.owner(name).is_some()) {
            return Ok(());
        }
        Err(Trouble::Lost("some slots of the cluster are on no node".to_owned()))
    }

    /// Down if any node is that this process depends on.
    pub(super) fn health(&self) -> Health {
        match self.nodes_health() {
            Health::Up => self.outage.health(),
            down => down,
        }
    }

    /// Ends all subscriptions.
    pub(super) fn stop(&self) {
        for node in self.lock().nodes.values() {
            node.subscriber.stop();
        }
    }

    fn nodes_health(&self) -> Health {
        let mut states = self.nodes().into_iter().map(|node| node.link.server().outage.health());
        states.find(|health| *health != Health::Up).unwrap_or(Health::Up)
    }

    fn wait(&self, name: &Name) -> Option<(Arc<Node>, Wait)> {
        let state = self.lock();
        let node = state.owner(name).filter(|_| state.wanted.contains(name))?;
        Some((Arc::clone(node), node.subscriber.wishes().settled(name)))
    }

    /// Makes a wish to the node in charge, if there is one.
    fn wish(&self, state: &State, name: &Name) -> Wait {
        let node = state.owner(name)?;
        if let Some(outlet) = self.outlet.get() {
            node.subscriber.start(outlet);
        }
        node.subscriber.wishes().subscribe(name.clone())
    }

    /// Another node comes first each time, so that one with old news cannot prevail.
    fn in_turn(&self) -> Vec<Arc<Node>> {
        let mut nodes: Vec<_> = self.lock().nodes.values().cloned().collect();
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % nodes.len().max(1);
        nodes.rotate_left(first);
        nodes
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn owner(&self, name: &str) -> Option<&Arc<Node>> {
        self.nodes.get(self.topology.as_ref()?.owner(name)?)
    }

    fn has_moved(&self, name: &str, old: Option<&Topology>) -> bool {
        let new = self.topology.as_ref().and_then(|topology| topology.owner(name));
        new.is_some() && new != old.and_then(|old| old.owner(name))
    }

    /// Drops the nodes that have nothing any more, and with them their connections.
    fn forget_nodes(&mut self, seeds: &[Address]) {
        let Some(topology) = &self.topology else { return };
        self.nodes.retain(|address, _| topology.has(address) || seeds.contains(address));
    }
}

impl Node {
    fn new(config: &Arc<Config>, address: &Address) -> Arc<Self> {
        let link = Arc::new(Link::new(Server::at(config, address.clone())));
        let how = How { dialect: Dialect::Sharded, pattern: None };
        Arc::new(Self { address: address.clone(), subscriber: Subscriber::new(Arc::clone(&link), how), link })
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// What this node knows about the cluster. One without a cluster is alone.
    async fn topology(&self, seeds: usize) -> Result<Topology, Trouble> {
        let mut question = Pipeline::with_capacity(1);
        question.cmd("CLUSTER").arg("SLOTS");
        let mut answers = self.link.repeatable(&question, self.link.deadline()).await?;
        match answers.pop().ok_or_else(Trouble::nonsense)? {
            Ok(answer) => Topology::read(answer, &self.address).ok_or_else(Trouble::nonsense),
            Err(Trouble::Refused(reason)) if reason.contains(NO_CLUSTER) && seeds == 1 => {
                Ok(Topology::single(self.address.clone()))
            }
            Err(trouble) => Err(trouble),
        }
    }
}
