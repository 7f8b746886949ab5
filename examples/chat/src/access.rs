//! Who may open the socket of a room: its members.

use chanx::auth::{Authentication, User};
use chanx::permission::{NotPermitted, Permission, Permitted, Request};
use chanx::{Consumer, FromHandshake, Handshake, Refusal, Rejection};
use chanx_site::Site;
use serde::Deserialize;

use crate::rooms::Room;
use crate::{members, rooms};

/// The part of the path that names a room.
#[derive(Debug, Deserialize)]
struct RoomPath {
    room: String,
}

impl FromHandshake for Room {
    async fn from_handshake(handshake: &Handshake) -> Result<Self, Rejection> {
        let RoomPath { room } = handshake.path()?;
        let found = rooms::by_slug(site(handshake)?.database().pool(), &room).await?;
        found.ok_or_else(|| Refusal::not_found("There is no such room.").into())
    }
}

/// Lets the members of a room in.
#[derive(Debug)]
pub(crate) struct IsMember;

impl<C: Consumer<Object = Room>> Permission<C> for IsMember
where
    C::Authentication: Authentication<User = User>,
{
    async fn has_permission(&self, _: &Request<'_, C>) -> Permitted {
        Ok(())
    }

    async fn has_object_permission(&self, request: &Request<'_, C>, room: &Room) -> Permitted {
        let site = site(request.handshake()).map_err(NotPermitted::Rejected)?;
        let Some(user) = request.user().id else { return Err(NotPermitted::denied()) };
        match members::is_member(site.database().pool(), room.id, user).await? {
            true => Ok(()),
            false => Err(NotPermitted::because("You are not a member of this room.")),
        }
    }
}

fn site(handshake: &Handshake) -> Result<&Site, Rejection> {
    handshake.extension().ok_or_else(|| Rejection::failed("no site is attached"))
}
