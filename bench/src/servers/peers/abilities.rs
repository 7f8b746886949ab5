//! What each of the peers can do, and in which language.

use crate::foreign::Foreign;
use crate::layer::Layer;
use crate::servers::Kind;
use crate::work::{Answer, Growing, Login, Work};

/// The largest group that the Python servers are asked to serve: one message takes them a minute with ten times as many.
const PYTHON_MEMBERS: u32 = 1000;
/// And the most connections of theirs, each of which costs a thousand times a floor's.
const PYTHON_CONNECTIONS: u32 = 64;

/// The program that a server is, if it is in another language.
pub(crate) fn foreign(kind: Kind) -> Option<Foreign> {
    match kind {
        Kind::Bun => Some(Foreign::Bun("bun.js")),
        Kind::BunRaw => Some(Foreign::Bun("bun_raw.js")),
        Kind::NodeWs => Some(Foreign::Node("node_ws.js")),
        Kind::SocketIo => Some(Foreign::Node("socket_io.js")),
        Kind::Channels => Some(Foreign::Python("channels_server.py")),
        Kind::ChanxPython => Some(Foreign::Python("chanx_server.py")),
        _ => None,
    }
}

/// What this build or this system lacks for it, in words.
pub(in crate::servers) fn lacks(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Fastwebsockets | Kind::TokioWebsockets | Kind::Socketioxide | Kind::ChanxEpoll | Kind::ChanxUring
            if !cfg!(feature = "peers") =>
        {
            Some("this is a build without the feature `peers`")
        }
        #[cfg(feature = "peers")]
        Kind::ChanxUring if !bench_uring::is_permitted() => Some("this system permits no io_uring"),
        _ => None,
    }
}

/// Whether there is anything to measure.
pub(in crate::servers) fn can(kind: Kind, work: Work) -> bool {
    match kind {
        Kind::Bun | Kind::NodeWs => is_public(work),
        Kind::SocketIo => is_public(work) && !has_completions(work),
        Kind::Socketioxide => is_public(work) && !has_completions(work) && !is_overlapping(work),
        Kind::Axum | Kind::Axum4k => is_public(work) && !has_groups(work),
        Kind::AxumRaw | Kind::Fastwebsockets | Kind::TokioWebsockets | Kind::BunRaw => {
            is_public(work) && !has_groups(work) && !has_completions(work)
        }
        Kind::ChanxEpoll | Kind::ChanxUring => matches!(work, Work::Echo { .. }),
        Kind::Channels => is_public(work) && is_small(work),
        // It handles each message in a task of its own.
        Kind::ChanxPython => is_public(work) && is_small(work) && !is_overlapping(work),
        _ => false,
    }
}

/// Whether it can be done in one process that knows nobody.
fn is_public(work: Work) -> bool {
    match work {
        Work::Echo { .. } => true,
        Work::Fanout { layer, .. } => layer == Layer::Memory,
        Work::Idle { login, .. } | Work::Handshake { login, .. } | Work::Churn { login, .. } => login == Login::Nobody,
        Work::Growth { of, .. } => of != Growing::Membership,
        Work::Fleet { .. } => false,
    }
}

/// Whether those who connect are members of a group.
fn has_groups(work: Work) -> bool {
    matches!(work, Work::Fanout { .. } | Work::Idle { .. } | Work::Growth { .. })
}

fn has_completions(work: Work) -> bool {
    matches!(work, Work::Echo { answer: Answer::ReplyAndCompletion, .. })
}

/// Whether a client waits for more than one answer at a time, whose order would matter.
fn is_overlapping(work: Work) -> bool {
    match work {
        Work::Echo { in_flight, .. } => in_flight > 1,
        Work::Fanout { outstanding, .. } => outstanding > 1,
        _ => false,
    }
}

/// Whether Python does it in reasonable time.
fn is_small(work: Work) -> bool {
    match work {
        Work::Echo { connections, .. } => connections <= PYTHON_CONNECTIONS,
        Work::Fanout { members, outstanding, .. } => members <= PYTHON_MEMBERS && outstanding == 1,
        Work::Growth { .. } => false,
        _ => true,
    }
}
