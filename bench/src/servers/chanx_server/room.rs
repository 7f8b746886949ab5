//! The consumer whose connections are in one group.

use std::marker::PhantomData;

use chanx::auth::{Authentication, SessionAuthentication};
use chanx::permission::{AllowAny, IsAuthenticated, Permission};
use chanx::{Consumer, Context, GroupName, Result};

use super::messages::{RoomIncoming, RoomMessage, RoomOutgoing};

const ROOM: &str = "room";

/// Who may be a member.
pub(super) trait Entrance: Send + Sync + 'static {
    type Authentication: Authentication;

    fn permission() -> impl Permission<Member<Self>>
    where
        Self: Sized;
}

/// Everybody.
pub(super) struct Anybody;

/// Whoever is logged in.
pub(super) struct LoggedIn;

impl Entrance for Anybody {
    type Authentication = ();

    fn permission() -> impl Permission<Member<Self>> {
        AllowAny
    }
}

impl Entrance for LoggedIn {
    type Authentication = SessionAuthentication;

    fn permission() -> impl Permission<Member<Self>> {
        IsAuthenticated
    }
}

/// A member of the group.
pub(super) struct Member<E>(PhantomData<E>);

impl<E: Entrance> Consumer for Member<E> {
    type Authentication = E::Authentication;
    type Object = ();
    type Incoming = RoomIncoming;
    type Outgoing = RoomOutgoing;
    type GroupMessage = RoomMessage;
    type Event = chanx::Never;

    fn permissions() -> impl Permission<Self> {
        E::permission()
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self(PhantomData))
    }

    async fn build_groups(&mut self, _: &mut Context<Self>) -> Result<Vec<GroupName>> {
        Ok(vec![GroupName::new(ROOM)?])
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        cx.send_message(RoomOutgoing::Ready).await?;
        Ok(())
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: RoomIncoming) -> Result {
        match message {
            RoomIncoming::Say(text) => cx.send_group_message(RoomMessage::Said(text)).exclude_current(false).await?,
            RoomIncoming::Echo(text) => cx.send_message(RoomOutgoing::Echo(text)).await?,
            RoomIncoming::Rejoin(text) => {
                cx.leave(ROOM)?;
                cx.join(ROOM).await?;
                cx.send_message(RoomOutgoing::Rejoined(text)).await?;
            }
        }
        Ok(())
    }
}
