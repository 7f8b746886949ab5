//! Consumers that only say hello, told apart by whom they let in.

use chanx::auth::{Authentication, BasicAuthentication, Identity, SessionAuthentication, TokenAuthentication, User};
use chanx::permission::{AllowAny, IsAdmin, IsAuthenticated, IsStaff, Permission};
use chanx::{Consumer, Context, GroupName, Never, Overrides, Refusal, Result};

use crate::messages::{EchoIncoming, Outgoing};
use crate::permissions::{
    BrokenAuthentication, DenyWith, FromLocalhost, HasSecret, QueryToken, Raises, RawQuery, RefuseWith, nope, quota,
    teapot, throttled, two_reasons,
};

macro_rules! plain {
    ($($name:ident: $authentication:ty, $permissions:expr $(, $overrides:expr $(, [$group:expr])?)?;)*) => {$(
        pub(crate) struct $name;

        impl Consumer for $name {
            type Authentication = $authentication;
            type Object = ();
            type Incoming = EchoIncoming;
            type Outgoing = Outgoing;
            type GroupMessage = Never;
            type Event = Never;

            fn permissions() -> impl Permission<Self> {
                $permissions
            }

            $(fn overrides() -> Overrides {
                $overrides
            })?

            async fn connect(_: &mut Context<Self>) -> Result<Self> {
                Ok(Self)
            }

            $($(async fn build_groups(&mut self, _: &mut Context<Self>) -> Result<Vec<GroupName>> {
                Ok(vec![GroupName::new($group)?])
            })?)?

            async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
                greet(cx).await
            }

            async fn receive_message(&mut self, cx: &mut Context<Self>, message: EchoIncoming) -> Result {
                answer(cx, message).await
            }
        }
    )*};
}

plain! {
    Public: (), AllowAny;
    IgnorePing: (), AllowAny, Overrides::new().log_ignored_actions(vec!["ping".to_owned(), "pong".to_owned()]);
    OverrideOff: (), AllowAny, Overrides::new().send_completion(false).send_authentication_message(false);
    OverrideOn: (), AllowAny, Overrides::new().send_completion(true).send_authentication_message(true);
    NoEvents: (), AllowAny, Overrides::new(), [super::events::EVENTS];
    BadGroupName: (), AllowAny, Overrides::new(), ["not a valid name!"];
    Defaults: (SessionAuthentication, BasicAuthentication), AllowAny;
    SessionAuth: SessionAuthentication, IsAuthenticated;
    SessionAny: SessionAuthentication, AllowAny;
    TokenAuth: TokenAuthentication, IsAuthenticated;
    TokenAny: TokenAuthentication, AllowAny;
    BasicAuth: BasicAuthentication, IsAuthenticated;
    SessionThenToken: (SessionAuthentication, TokenAuthentication), IsAuthenticated;
    TokenThenSession: (TokenAuthentication, SessionAuthentication), IsAuthenticated;
    BasicThenToken: (BasicAuthentication, TokenAuthentication), IsAuthenticated;
    NoAuthentication: (), IsAuthenticated;
    BrokenAuth: BrokenAuthentication, AllowAny;
    PermAdmin: SessionAuthentication, IsAdmin;
    PermAnd: SessionAuthentication, IsAuthenticated & IsStaff;
    PermOr: SessionAuthentication, IsStaff | HasSecret;
    PermNot: SessionAuthentication, !IsAuthenticated;
    PermComplex: SessionAuthentication, (IsAuthenticated & IsStaff) | !HasSecret;
    PermList: SessionAuthentication, (IsAuthenticated, HasSecret);
    PermMessage: SessionAuthentication, DenyWith(nope);
    PermMessageAnd: SessionAuthentication, IsAuthenticated & DenyWith(nope);
    PermDict: SessionAuthentication, DenyWith(quota);
    PermListMessage: SessionAuthentication, DenyWith(two_reasons);
    PermRaises: SessionAuthentication, Raises;
    Perm404: SessionAuthentication, RefuseWith(|| Refusal::new(404).detail("Not found."));
    PermThrottled: SessionAuthentication, RefuseWith(throttled);
    PermTeapot: SessionAuthentication, RefuseWith(teapot);
    PermQuery: SessionAuthentication, QueryToken;
    PermRawQuery: SessionAuthentication, RawQuery;
    PermRemoteAddr: SessionAuthentication, FromLocalhost;
    PermSecretHeader: SessionAuthentication, HasSecret;
}

pub(super) async fn greet<C>(cx: &mut Context<C>) -> Result
where
    C: Consumer<Outgoing = Outgoing, Authentication: Authentication<User = User>>,
{
    let kind = if cx.user().is_authenticated() { "User" } else { "AnonymousUser" };
    let status = format!("{kind}:{}", cx.user().username);
    cx.send_message(Outgoing::Status(status)).await?;
    Ok(())
}

pub(super) async fn answer<C: Consumer<Outgoing = Outgoing>>(cx: &mut Context<C>, message: EchoIncoming) -> Result {
    let answer = match message {
        EchoIncoming::Ping => Outgoing::Pong,
        EchoIncoming::Echo(text) => Outgoing::Echo(text),
    };
    cx.send_message(answer).await?;
    Ok(())
}
