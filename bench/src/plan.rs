//! What is measured in one run, with whom and how often.

use std::path::PathBuf;

use crate::cli::{Common, all_servers};
use crate::layer::Layer;
use crate::servers::Kind;
use crate::work::{Answer, Growing, Login, Work};

/// Everything that a run is to do.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) works: Vec<Work>,
    pub(crate) servers: Vec<Kind>,
    pub(crate) rounds: u32,
    pub(crate) seconds: f64,
    /// Where the report goes as well.
    pub(crate) output: Option<PathBuf>,
    /// Whether the page and the plots of the documentation are made anew.
    pub(crate) is_documented: bool,
}

/// Certain works with the servers that this program brings, unless others are named.
pub(crate) fn of(works: Vec<Work>, common: Common) -> Plan {
    Plan {
        works,
        servers: common.servers.unwrap_or_else(Kind::own),
        rounds: common.rounds.unwrap_or(3),
        seconds: common.seconds.unwrap_or(3.0),
        output: common.output,
        is_documented: false,
    }
}

/// A first impression.
pub(crate) fn quick(common: Common) -> Plan {
    let mut works = echoes();
    works.retain(|work| !matches!(work, Work::Echo { connections: 512, answer: Answer::ReplyAndCompletion, .. }));
    works.extend([1, 4].map(|outstanding| Work::Fanout { layer: Layer::Memory, members: 1000, outstanding }));
    works.push(Work::Idle { connections: 5000, login: Login::Nobody });
    works.push(Work::Handshake { connections: 5000, login: Login::Nobody });
    let common = Common {
        servers: common.servers.or_else(|| Some(vec![Kind::Chanx, Kind::Floor])),
        rounds: common.rounds.or(Some(1)),
        seconds: common.seconds.or(Some(2.0)),
        ..common
    };
    of(works, common)
}

/// Everything with everybody.
pub(crate) fn everything(common: Common) -> Plan {
    let works = [echoes(), fanouts(), connections(), growth()].concat();
    let servers = common.servers.clone().or_else(|| Some(all_servers()));
    Plan { is_documented: true, ..of(works, Common { servers, ..common }) }
}

fn echoes() -> Vec<Work> {
    let mut works = Vec::new();
    for connections in [64, 512] {
        for in_flight in [1, 16] {
            for answer in [Answer::Reply, Answer::ReplyAndCompletion] {
                works.push(Work::Echo { connections, in_flight, answer });
            }
        }
    }
    works
}

fn fanouts() -> Vec<Work> {
    let mut works = Vec::new();
    for layer in [Layer::Memory, Layer::PubSub, Layer::Core, Layer::Sharded] {
        for members in [1000, 10_000] {
            works.extend([1, 4].map(|outstanding| Work::Fanout { layer, members, outstanding }));
        }
    }
    works
}

fn connections() -> Vec<Work> {
    let logins = [Login::Nobody, Login::Session, Login::CachedSession];
    let mut works = Vec::from([Login::Nobody, Login::Session].map(|login| Work::Idle { connections: 10_000, login }));
    works.extend(logins.map(|login| Work::Handshake { connections: 10_000, login }));
    works.extend(logins.map(|login| Work::Churn { at_once: 64, login }));
    works
}

fn growth() -> Vec<Work> {
    let all = [Growing::Echo, Growing::Fanout, Growing::Membership];
    all.into_iter().flat_map(|of| [1000, 15_000].map(|connections| Work::Growth { of, connections })).collect()
}
