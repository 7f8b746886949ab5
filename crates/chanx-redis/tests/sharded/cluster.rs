//! A Redis cluster of a test's own.

use std::net::TcpListener;

use crate::support::{RedisServer, until};

/// How many slots a cluster has.
const SLOTS: usize = 16384;

/// Servers that are a cluster: masters that share the slots, and replicas without any.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<RedisServer>,
}

impl Cluster {
    /// As many masters as that, each with an equal range of slots.
    pub(crate) async fn start(masters: usize) -> Self {
        Self::start_with_replica(masters, false).await
    }

    /// With a replica of the first master, if there is one, as the last node.
    pub(crate) async fn start_with_replica(masters: usize, has_replica: bool) -> Self {
        let mut nodes = Vec::new();
        let mut buses = Vec::new();
        for _ in 0..masters + usize::from(has_replica) {
            let bus = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
            let arguments = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", &bus];
            nodes.push(RedisServer::start_with(&arguments).await);
            buses.push(bus);
        }
        let cluster = Self { nodes };
        cluster.join(masters, &buses).await;
        cluster
    }

    async fn join(&self, masters: usize, buses: &[String]) {
        for (at, node) in self.nodes.iter().enumerate() {
            let () = node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &(at + 1).to_string()]).await;
            if at < masters {
                let first = SLOTS * at / masters;
                let last = SLOTS * (at + 1) / masters - 1;
                let () = node.command(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]).await;
            }
            let () =
                node.command(&["CLUSTER", "MEET", "127.0.0.1", &self.nodes[0].port().to_string(), &buses[0]]).await;
        }
        for node in &self.nodes {
            until("all know the cluster", || async { self.is_complete(node).await }).await;
        }
        if let Some(replica) = self.nodes.get(masters) {
            let () = replica.command(&["CLUSTER", "REPLICATE", &self.id(0).await]).await;
            until("the replica follows", || async {
                let replication: String = replica.command(&["INFO", "replication"]).await;
                replication.contains("master_link_status:up")
            })
            .await;
        }
    }

    /// Gives a slot, which holds no keys, to another node, as `redis-cli --cluster reshard` ends.
    pub(crate) async fn move_slot(&self, slot: u16, to: usize) {
        let id = self.id(to).await;
        let mut order: Vec<_> = (0..self.nodes.len()).collect();
        order.sort_by_key(|node| *node != to);
        for node in order {
            let () = self.nodes[node].command(&["CLUSTER", "SETSLOT", &slot.to_string(), "NODE", &id]).await;
        }
    }

    pub(crate) async fn slot_of(&self, channel: &str) -> u16 {
        self.nodes[0].command(&["CLUSTER", "KEYSLOT", channel]).await
    }

    /// Which master the slots were given to at first.
    pub(crate) fn first_owner(slot: u16, masters: usize) -> usize {
        (0..masters).find(|at| usize::from(slot) < SLOTS * (at + 1) / masters).unwrap()
    }

    /// How many processes are subscribed to a channel at a node.
    pub(crate) async fn subscribers(&self, node: usize, channel: &str) -> usize {
        let (_, count): (String, usize) = self.nodes[node].command(&["PUBSUB", "SHARDNUMSUB", channel]).await;
        count
    }

    /// The address of a layer, with all nodes in it.
    pub(crate) fn url(&self, rest: &str) -> String {
        let addresses: Vec<_> = self.nodes.iter().map(RedisServer::address).collect();
        format!("redis+sharded://{}{rest}", addresses.join(","))
    }

    async fn id(&self, node: usize) -> String {
        self.nodes[node].command(&["CLUSTER", "MYID"]).await
    }

    async fn is_complete(&self, node: &RedisServer) -> bool {
        let info: String = node.command(&["CLUSTER", "INFO"]).await;
        info.contains("cluster_state:ok") && info.contains(&format!("cluster_known_nodes:{}", self.nodes.len()))
    }
}
