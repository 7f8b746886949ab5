//! The names of the groups: one for each room.

use chanx::GroupName;

/// The sockets of a room.
pub(crate) fn room(id: i64) -> GroupName {
    GroupName::escaped(&format!("chat.room.{id}"))
}
