//! Consumers that serve a room, told apart by how it is found and who may enter.

use chanx::auth::SessionAuthentication;
use chanx::permission::{AllowAny, IsAdmin, IsAuthenticated, Permission};
use chanx::{About, Consumer, Context, Never, Result};
use serde_json::{Map, Value, json};

use crate::messages::{EchoIncoming, Outgoing};
use crate::permissions::IsMember;
use crate::rooms::{Pk, Room, RoomBy, RoomId, Slug, Uid};

macro_rules! rooms {
    ($(#[doc = $about:literal] $name:ident: $key:ty, $authentication:ty, $permissions:expr;)*) => {$(
        pub(crate) struct $name;

        impl Consumer for $name {
            type Authentication = $authentication;
            type Object = RoomBy<$key>;
            type Incoming = EchoIncoming;
            type Outgoing = Outgoing;
            type GroupMessage = Never;
            type Event = Never;

            fn about() -> About {
                About::new($about.trim()).tag("rooms")
            }

            fn permissions() -> impl Permission<Self> {
                $permissions
            }

            async fn connect(_: &mut Context<Self>) -> Result<Self> {
                Ok(Self)
            }

            async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
                introduce(cx).await
            }

            async fn receive_message(&mut self, cx: &mut Context<Self>, message: EchoIncoming) -> Result {
                answer(cx, message).await
            }
        }
    )*};
}

rooms! {
    /// A room by its key, for its members.
    RoomByPk: Pk, SessionAuthentication, (IsAuthenticated, IsMember);
    /// A room by its slug, for its members.
    RoomBySlug: Slug, SessionAuthentication, (IsAuthenticated, IsMember);
    /// A room by its key under another name, for its members.
    RoomById: RoomId, SessionAuthentication, (IsAuthenticated, IsMember);
    /// A room by its UUID, for its members.
    RoomByUid: Uid, SessionAuthentication, (IsAuthenticated, IsMember);
    /// A room by its key, for everybody.
    RoomAnyone: Pk, (), AllowAny;
    /// A room for users who are members, by one permission of two.
    RoomCombined: Pk, SessionAuthentication, IsAuthenticated & IsMember;
    /// A room for its members and for administrators.
    RoomOr: Pk, SessionAuthentication, IsAdmin | IsMember;
    /// A room for users who are no members.
    RoomNot: Pk, SessionAuthentication, (IsAuthenticated, !IsMember);
    /// A room for administrators and for users who are no members.
    RoomOrNot: Pk, SessionAuthentication, IsAdmin | IsAuthenticated & !IsMember;
}

async fn introduce<C>(cx: &mut Context<C>) -> Result
where
    C: Consumer<Outgoing = Outgoing, Object: AsRef<Room>>,
{
    let parameters = cx.handshake()?.parameters().iter();
    let parameters: Map<_, _> = parameters.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    let introduction = json!({"obj": cx.object().as_ref().slug, "kwargs": parameters, "args": []});
    cx.send_message(Outgoing::Result(introduction)).await?;
    Ok(())
}

async fn answer<C>(cx: &mut Context<C>, message: EchoIncoming) -> Result
where
    C: Consumer<Outgoing = Outgoing, Object: AsRef<Room>>,
{
    let answer = match message {
        EchoIncoming::Ping => Outgoing::Pong,
        EchoIncoming::Echo(text) => Outgoing::Echo(format!("{}/{text}", cx.object().as_ref().name)),
    };
    cx.send_message(answer).await?;
    Ok(())
}
