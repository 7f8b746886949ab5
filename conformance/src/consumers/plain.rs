//! Consumers that only say hello, told apart by whom they let in.

use chanx::auth::{Authentication, BasicAuthentication, Identity, SessionAuthentication, TokenAuthentication, User};
use chanx::permission::{AllowAny, IsAdmin, IsAuthenticated, IsStaff, Permission};
use chanx::{About, Consumer, Context, GroupName, Never, Overrides, Refusal, Result};

use crate::messages::{EchoIncoming, Outgoing};
use crate::permissions::{
    BrokenAuthentication, DenyWith, FromLocalhost, HasSecret, QueryToken, Raises, RawQuery, RefuseWith, nope, quota,
    teapot, throttled, two_reasons,
};

macro_rules! plain {
    ($(#[doc = $about:literal] $name:ident: $authentication:ty, $permissions:expr $(, $overrides:expr $(, [$group:expr])?)?;)*) => {$(
        pub(crate) struct $name;

        impl Consumer for $name {
            type Authentication = $authentication;
            type Object = ();
            type Incoming = EchoIncoming;
            type Outgoing = Outgoing;
            type GroupMessage = Never;
            type Event = Never;

            fn about() -> About {
                About::new($about.trim()).tag("access")
            }

            fn subprotocols() -> &'static [&'static str] {
                &["conformance.v1"]
            }

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
    /// Takes everybody.
    Public: (), AllowAny;
    /// Keeps pings out of its log.
    IgnorePing: (), AllowAny, Overrides::new().log_ignored_actions(vec!["ping".to_owned(), "pong".to_owned()]);
    /// Sends neither completions nor the outcome of authentication, whatever the settings say.
    OverrideOff: (), AllowAny, Overrides::new().send_completion(false).send_authentication_message(false);
    /// Sends completions and the outcome of authentication, whatever the settings say.
    OverrideOn: (), AllowAny, Overrides::new().send_completion(true).send_authentication_message(true);
    /// Is in a group that is sent events, and declares none.
    NoEvents: (), AllowAny, Overrides::new(), [super::events::EVENTS];
    /// Wants to be in a group whose name no layer takes.
    BadGroupName: (), AllowAny, Overrides::new(), ["not a valid name!"];
    /// Looks for a login session, then for a name with a password.
    Defaults: (SessionAuthentication, BasicAuthentication), AllowAny;
    /// Takes users with a login session.
    SessionAuth: SessionAuthentication, IsAuthenticated;
    /// Looks for a login session, and takes everybody.
    SessionAny: SessionAuthentication, AllowAny;
    /// Takes users with a token.
    TokenAuth: TokenAuthentication, IsAuthenticated;
    /// Looks for a token, and takes everybody.
    TokenAny: TokenAuthentication, AllowAny;
    /// Takes users with a name and a password.
    BasicAuth: BasicAuthentication, IsAuthenticated;
    /// Looks for a login session, then for a token.
    SessionThenToken: (SessionAuthentication, TokenAuthentication), IsAuthenticated;
    /// Looks for a token, then for a login session.
    TokenThenSession: (TokenAuthentication, SessionAuthentication), IsAuthenticated;
    /// Looks for a name with a password, then for a token.
    BasicThenToken: (BasicAuthentication, TokenAuthentication), IsAuthenticated;
    /// Asks nobody who they are, and takes users only: nobody.
    NoAuthentication: (), IsAuthenticated;
    /// Fails while it finds out who a client is.
    BrokenAuth: BrokenAuthentication, AllowAny;
    /// Takes administrators.
    PermAdmin: SessionAuthentication, IsAdmin;
    /// Takes users who are staff, by one permission of two.
    PermAnd: SessionAuthentication, IsAuthenticated & IsStaff;
    /// Takes staff, and whoever knows the secret.
    PermOr: SessionAuthentication, IsStaff | HasSecret;
    /// Takes strangers only.
    PermNot: SessionAuthentication, !IsAuthenticated;
    /// Takes staff, and whoever does not know the secret.
    PermComplex: SessionAuthentication, (IsAuthenticated & IsStaff) | !HasSecret;
    /// Takes users who know the secret, by two permissions.
    PermList: SessionAuthentication, (IsAuthenticated, HasSecret);
    /// Refuses with a sentence.
    PermMessage: SessionAuthentication, DenyWith(nope);
    /// Refuses with the sentence of the second half.
    PermMessageAnd: SessionAuthentication, IsAuthenticated & DenyWith(nope);
    /// Refuses with an object.
    PermDict: SessionAuthentication, DenyWith(quota);
    /// Refuses with two sentences.
    PermListMessage: SessionAuthentication, DenyWith(two_reasons);
    /// Fails while it decides.
    PermRaises: SessionAuthentication, Raises;
    /// Refuses as if it were not there.
    Perm404: SessionAuthentication, RefuseWith(|| Refusal::new(404).detail("Not found."));
    /// Refuses for the time being.
    PermThrottled: SessionAuthentication, RefuseWith(throttled);
    /// Refuses with a status of its own.
    PermTeapot: SessionAuthentication, RefuseWith(teapot);
    /// Takes whoever has the right token behind the path.
    PermQuery: SessionAuthentication, QueryToken;
    /// Decides by what stands behind the path, as it came.
    PermRawQuery: SessionAuthentication, RawQuery;
    /// Takes clients on the same machine.
    PermRemoteAddr: SessionAuthentication, FromLocalhost;
    /// Takes whoever sends the secret in a header.
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
