//! Which node of a cluster has which slots, as one of them tells (`CLUSTER SLOTS`).

use std::ops::RangeInclusive;

use redis::Value;

use super::slot::{SLOTS, slot};
use crate::config::Address;

/// The masters of a cluster and their slots in order, or a server without a cluster, which has them all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Topology(Vec<(RangeInclusive<u16>, Address)>);

impl Topology {
    /// A server without a cluster.
    pub(super) fn single(address: Address) -> Self {
        Self(vec![(0..=SLOTS - 1, address)])
    }

    /// What the node at `asked` tells. None: what it says makes no sense.
    pub(super) fn read(answer: Value, asked: &Address) -> Option<Self> {
        let Value::Array(ranges) = answer else { return None };
        let mut ranges = ranges.into_iter().map(|range| read_range(range, asked)).collect::<Option<Vec<_>>>()?;
        ranges.sort_by_key(|(slots, _)| *slots.start());
        Some(Self(ranges))
    }

    /// The node that is in charge of a name. None: nobody is, for now.
    pub(super) fn owner(&self, name: &str) -> Option<&Address> {
        let slot = slot(name);
        let place = self.0.partition_point(|(slots, _)| *slots.end() < slot);
        self.0.get(place).filter(|(slots, _)| slots.contains(&slot)).map(|(_, address)| address)
    }

    /// Whether every slot is on some node.
    pub(super) fn is_complete(&self) -> bool {
        self.0.iter().map(|(slots, _)| slots.len()).sum::<usize>() == usize::from(SLOTS)
    }

    pub(super) fn has(&self, address: &Address) -> bool {
        self.0.iter().any(|(_, other)| other == address)
    }

    pub(super) fn addresses(&self) -> impl Iterator<Item = &Address> {
        self.0.iter().map(|(_, address)| address)
    }
}

/// How far a node's word about its cluster can be trusted: whether it sees a majority of the masters, and then how new its
/// knowledge is (`CLUSTER INFO`). One that is cut off from the others believes for a while, and after a failover for long, that
/// nothing has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    is_well: bool,
    epoch: u64,
}

impl Rank {
    pub(super) fn read(info: &str) -> Self {
        let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let epoch = field("cluster_current_epoch").and_then(|epoch| epoch.trim().parse().ok());
        Self { is_well: field("cluster_state").is_some_and(|state| state.trim() == "ok"), epoch: epoch.unwrap_or(0) }
    }
}

/// `[first, last, [host, port, …], replica…]`
fn read_range(range: Value, asked: &Address) -> Option<(RangeInclusive<u16>, Address)> {
    let Value::Array(range) = range else { return None };
    let mut range = range.into_iter();
    let (Value::Int(first), Value::Int(last), Value::Array(master)) = (range.next()?, range.next()?, range.next()?)
    else {
        return None;
    };
    let slots = u16::try_from(first).ok()?..=u16::try_from(last).ok()?;
    Some((slots, read_node(&master, asked)?))
}

/// A node that does not know its own name is where it was asked.
fn read_node(node: &[Value], asked: &Address) -> Option<Address> {
    let Value::Int(port) = *node.get(1)? else { return None };
    let host = match node.first()? {
        Value::BulkString(host) => String::from_utf8(host.clone()).ok()?,
        Value::Nil => String::new(),
        _ => return None,
    };
    let host = match (host.as_str(), asked) {
        ("?", _) => return None,
        ("", Address::Tcp { host, .. }) => host.clone(),
        ("", Address::Unix(_)) => return None,
        _ => host,
    };
    Some(Address::Tcp { host, port: u16::try_from(port).ok()? })
}

/// `host:port` as it stands in a redirection; without a host it is that of the node that redirects.
pub(super) fn redirection(text: &str, asked: &Address) -> Option<Address> {
    let (host, port) = text.rsplit_once(':')?;
    read_node(&[Value::BulkString(host.into()), Value::Int(port.parse().ok()?)], asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Address {
        at("asked", 7000)
    }

    fn at(host: &str, port: u16) -> Address {
        Address::Tcp { host: host.to_owned(), port }
    }

    fn text(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    fn range(first: i64, last: i64, host: Value, port: i64) -> Value {
        let node = |host| Value::Array(vec![host, Value::Int(port), text("id"), Value::Array(vec![])]);
        Value::Array(vec![Value::Int(first), Value::Int(last), node(host), node(text("replica"))])
    }

    #[test]
    fn slots_belong_to_masters() {
        let answer = vec![range(0, 8000, text("10.0.0.1"), 1), range(8001, 16383, Value::Nil, 2)];
        let topology = Topology::read(Value::Array(answer), &asked()).unwrap();
        assert_eq!(topology.owner("foo{}{bar}"), Some(&at("asked", 2)));
        assert_eq!(topology.owner("foo{bar}"), Some(&at("10.0.0.1", 1)));
        assert!(topology.has(&at("asked", 2)) && !topology.has(&at("replica", 2)));
    }

    #[test]
    fn ranges_may_come_in_any_order_and_leave_gaps() {
        let answer = vec![range(9000, 16383, text("c"), 3), range(0, 99, text("a"), 1), range(100, 8000, text("b"), 2)];
        let topology = Topology::read(Value::Array(answer), &asked()).unwrap();
        for number in 0..200 {
            let name = format!("g{number}");
            let expected = match slot(&name) {
                0..100 => Some(at("a", 1)),
                100..=8000 => Some(at("b", 2)),
                9000.. => Some(at("c", 3)),
                _ => None,
            };
            assert_eq!(topology.owner(&name), expected.as_ref(), "{name}");
        }
        assert!(!topology.is_complete() && Topology::single(asked()).is_complete());
    }

    #[test]
    fn a_node_that_sees_the_majority_and_knows_more_is_trusted_more() {
        let rank = |state: &str, epoch: u64| {
            Rank::read(&format!("cluster_state:{state}\r\ncluster_slots_ok:1\r\ncluster_current_epoch:{epoch}\r\n"))
        };
        assert!(rank("ok", 7) > rank("ok", 6) && rank("ok", 1) > rank("fail", 9));
        assert!(rank("fail", 1) > Rank::read("nonsense"));
    }

    #[test]
    fn a_slot_may_be_nobody_s() {
        let topology = Topology::read(Value::Array(vec![range(0, 1, text("a"), 1)]), &asked()).unwrap();
        assert_eq!(topology.owner("foo"), None);
        assert_eq!(Topology::single(asked()).owner("foo"), Some(&asked()));
    }

    #[test]
    fn nonsense_is_no_topology() {
        let table = [
            Value::Nil,
            Value::Array(vec![Value::Nil]),
            Value::Array(vec![range(-1, 2, text("a"), 1)]),
            Value::Array(vec![range(0, 2, text("a"), 65536)]),
            Value::Array(vec![range(0, 2, text("?"), 1)]),
            Value::Array(vec![Value::Array(vec![Value::Int(0)])]),
        ];
        for answer in table {
            assert_eq!(Topology::read(answer.clone(), &asked()), None, "{answer:?}");
        }
    }

    #[test]
    fn redirections_name_a_node() {
        assert_eq!(redirection("10.0.0.1:7001", &asked()), Some(at("10.0.0.1", 7001)));
        assert_eq!(redirection("::1:7001", &asked()), Some(at("::1", 7001)));
        assert_eq!(redirection(":7001", &asked()), Some(at("asked", 7001)));
        for text in ["", "host", "host:", "host:x", "?:7001"] {
            assert_eq!(redirection(text, &asked()), None, "{text}");
        }
    }
}
