//! The consumers, by what they are about.

mod camel;
mod chat;
mod echo;
mod events;
mod faults;
mod plain;
mod raw;
mod rooms;
mod shapes;
mod typed;

pub(crate) use camel::Camel;
pub(crate) use chat::{Chat, ChatAnonymous, ChatNoSchema, GroupsAttribute};
pub(crate) use echo::{Echo, SinglePing};
pub(crate) use events::Events;
pub(crate) use faults::{ClosePostAuth, FaultBuildGroups, FaultPostAuth, Faults, QuickDeny, SlowAuth, SlowPostAuth};
pub(crate) use plain::*;
pub(crate) use raw::RawEcho;
pub(crate) use rooms::{
    RoomAnyone, RoomById, RoomByPk, RoomBySlug, RoomByUid, RoomCombined, RoomNot, RoomOr, RoomOrNot,
};
pub(crate) use shapes::Shapes;
pub(crate) use typed::Typed;
#[cfg(test)]
pub(crate) use typed::TypedIncoming;
