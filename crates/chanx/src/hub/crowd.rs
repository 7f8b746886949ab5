//! A message on its way to a group with very many members: some of them at a time, so that the sender can let others run.

use std::ops::ControlFlow;
use std::sync::Arc;

use chanx_core::layer::{Delivering, GroupName, LayerMessage, Pressure};

use super::Hub;
use super::fanout::{Fanout, Way};
use super::groups::MemberList;

/// To how many members is delivered in one step: as many as there are connections by default. Senders to groups that take several
/// steps come one by one, which smaller groups do without.
pub(super) const STEP: usize = 16_384;

/// A message, and how far it has come.
pub(super) struct Crowd {
    hub: Arc<Hub>,
    group: GroupName,
    message: Arc<LayerMessage>,
    begun: Option<Progress>,
}

/// The members that there were at the first step, and to how many of them was delivered.
struct Progress {
    members: MemberList,
    delivered: usize,
    fanout: Fanout,
}

impl Crowd {
    pub(super) fn new(hub: Arc<Hub>, group: GroupName, message: Arc<LayerMessage>) -> Self {
        Self { hub, group, message, begun: None }
    }
}

impl Delivering for Crowd {
    fn step(&mut self) -> ControlFlow<Pressure> {
        let Self { hub, group, message, begun } = self;
        let way = Way { message, to: group.as_str(), reports: &hub.reports };
        let progress = begun.get_or_insert_with(|| Progress {
            members: hub.groups.members(group).unwrap_or_default(),
            delivered: 0,
            fanout: Fanout::new(hub.sender_of(message), way),
        });
        let rest = &progress.members[progress.delivered..];
        let some = &rest[..rest.len().min(STEP)];
        for member in some {
            progress.fanout.deliver(member, way);
        }
        progress.delivered += some.len();
        hub.flusher.add(progress.fanout.take_flushed());
        match some.len() == rest.len() {
            true => ControlFlow::Break(progress.fanout.finish(way)),
            false => ControlFlow::Continue(()),
        }
    }
}

/// A sender that is given up in the middle has sent its message all the same: to all members, as it would have without
/// steps.
impl Drop for Crowd {
    fn drop(&mut self) {
        let is_under_way = |begun: &Progress| begun.delivered < begun.members.len();
        if self.begun.as_ref().is_some_and(is_under_way) {
            while self.step().is_continue() {}
        }
    }
}
