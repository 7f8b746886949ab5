//! Consumers that serve a room, told apart by how it is found and who may enter.

use chanx::auth::SessionAuthentication;
use chanx::permission::{AllowAny, IsAdmin, IsAuthenticated, Permission};
use chanx::{Consumer, Context, Never, Result};
use serde_json::{Map, Value, json};

use crate::messages::{EchoIncoming, Outgoing};
use crate::permissions::IsMember;
use crate::rooms::{Pk, Room, RoomBy, RoomId, Slug, Uid};

macro_rules! rooms {
    ($($name:ident: $key:ty, $authentication:ty, $permissions:expr;)*) => {$(
        pub(crate) struct $name;

        impl Consumer for $name {
            type Authentication = $authentication;
            type Object = RoomBy<$key>;
            type Incoming = EchoIncoming;
            type Outgoing = Outgoing;
            type GroupMessage = Never;
            type Event = Never;

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
    RoomByPk: Pk, SessionAuthentication, (IsAuthenticated, IsMember);
    RoomBySlug: Slug, SessionAuthentication, (IsAuthenticated, IsMember);
    RoomById: RoomId, SessionAuthentication, (IsAuthenticated, IsMember);
    RoomByUid: Uid, SessionAuthentication, (IsAuthenticated, IsMember);
    RoomAnyone: Pk, (), AllowAny;
    RoomCombined: Pk, SessionAuthentication, IsAuthenticated & IsMember;
    RoomOr: Pk, SessionAuthentication, IsAdmin | IsMember;
}

async fn introduce<C>(cx: &mut Context<C>) -> Result
where
    C: Consumer<Outgoing = Outgoing, Object: AsRef<Room>>,
{
    let parameters = cx.handshake().parameters().iter();
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
