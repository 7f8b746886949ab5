//! Consumers whose clients talk to each other.

use chanx::auth::{Authentication, SessionAuthentication, User};
use chanx::permission::{AllowAny, IsAuthenticated, Permission};
use chanx::{About, Audience, Consumer, Context, GroupName, Never, Result};
use serde_json::{Map, Value, json};

use crate::messages::{ChatIncoming, Heard, Outgoing, SayTo};

const LOBBY: &str = "lobby";

/// A consumer that can speak to its groups.
trait Speaker: Consumer<Outgoing = Outgoing, Authentication: Authentication<User = User>> {
    /// Sends to these groups, or to the connection's own.
    async fn speak(
        cx: &mut Context<Self>,
        message: Heard,
        groups: Option<Vec<String>>,
        exclude_current: bool,
    ) -> Result;
}

/// A consumer that declares what it says.
async fn declared<C: Consumer<GroupMessage = Heard>>(
    cx: &mut Context<C>,
    message: Heard,
    groups: Option<Vec<String>>,
    exclude_current: bool,
) -> Result {
    let sending = cx.send_group_message(message).exclude_current(exclude_current);
    match groups {
        Some(groups) => sending.to(groups).await?,
        None => sending.await?,
    }
    Ok(())
}

/// One that does not: what it says goes past the types.
async fn undeclared<C: Speaker>(
    cx: &mut Context<C>,
    message: Heard,
    groups: Option<Vec<String>>,
    exclude_current: bool,
) -> Result {
    let Heard::Message(text) = message else { return Ok(()) };
    let own = cx.groups().map(ToString::to_string).collect();
    for group in groups.unwrap_or(own) {
        let content = json!({"action": "member_message", "payload": text});
        send_undeclared(cx, &group, &content, exclude_current).await?;
    }
    Ok(())
}

/// Puts a group message on the layer that no type vouches for.
async fn send_undeclared<C: Speaker>(
    cx: &mut Context<C>,
    group: &str,
    content: &Value,
    exclude_current: bool,
) -> Result {
    let message = [
        ("type", json!("send_group_member")),
        ("content", content.clone()),
        ("kind", json!("message")),
        ("exclude_current", json!(exclude_current)),
        ("from_channel", json!(cx.channel_name().as_str())),
        ("from_user_pk", json!(cx.user().id)),
    ];
    let message: Map<_, _> = message.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    cx.channels().send_raw(Audience::group(group)?, message).await?;
    Ok(())
}

macro_rules! chat {
    ($(#[doc = $about:literal] $name:ident: $authentication:ty, $permissions:expr, $group_message:ty, $speak:path;)*) => {$(
        pub(crate) struct $name;

        impl Consumer for $name {
            type Authentication = $authentication;
            type Object = ();
            type Incoming = ChatIncoming;
            type Outgoing = Outgoing;
            type GroupMessage = $group_message;
            type Event = Never;

            fn about() -> About {
                About::new($about.trim()).tag("groups")
            }

            fn permissions() -> impl Permission<Self> {
                $permissions
            }

            async fn connect(_: &mut Context<Self>) -> Result<Self> {
                Ok(Self)
            }

            async fn build_groups(&mut self, _: &mut Context<Self>) -> Result<Vec<GroupName>> {
                Ok(vec![GroupName::new(LOBBY)?])
            }

            async fn receive_message(&mut self, cx: &mut Context<Self>, message: ChatIncoming) -> Result {
                talk(cx, message).await
            }
        }

        impl Speaker for $name {
            async fn speak(
                cx: &mut Context<Self>,
                message: Heard,
                groups: Option<Vec<String>>,
                exclude_current: bool,
            ) -> Result {
                $speak(cx, message, groups, exclude_current).await
            }
        }
    )*};
}

chat! {
    /// Users who talk to each other.
    Chat: SessionAuthentication, IsAuthenticated, Heard, declared;
    /// Strangers who talk to each other.
    ChatAnonymous: (), AllowAny, Heard, declared;
    /// Sends group messages that it does not declare.
    ChatNoSchema: (), AllowAny, Never, undeclared;
}

async fn talk<C: Speaker>(cx: &mut Context<C>, message: ChatIncoming) -> Result {
    match message {
        ChatIncoming::Ping => cx.send_message(Outgoing::Pong).await?,
        ChatIncoming::Say(text) => C::speak(cx, Heard::Message(text), None, true).await?,
        ChatIncoming::SayAll(text) => C::speak(cx, Heard::Message(text), None, false).await?,
        ChatIncoming::SayJson(value) => cx.send_group_json(&result(&value)).await?,
        ChatIncoming::SayJsonAll(value) => cx.send_group_json(&result(&value)).exclude_current(false).await?,
        ChatIncoming::SayTo(SayTo { groups, text }) => {
            C::speak(cx, Heard::Message(text), Some(groups), false).await?;
        }
        ChatIncoming::SayMismatch(text) => {
            let content = json!({"action": "not_in_schema", "payload": text});
            send_undeclared(cx, LOBBY, &content, false).await?;
        }
        ChatIncoming::SayWhen(_) => C::speak(cx, Heard::a_certain_time()?, None, false).await?,
        ChatIncoming::Join { group } => {
            cx.join(group).await?;
            tell_groups(cx).await?;
        }
        ChatIncoming::Leave { group } => {
            cx.leave(group)?;
            tell_groups(cx).await?;
        }
        ChatIncoming::Whoami => {
            let answer = json!({"user": cx.user().username, "groups": groups(cx)});
            cx.send_message(Outgoing::Result(answer)).await?;
        }
    }
    Ok(())
}

fn result(payload: &Value) -> Value {
    json!({"action": "result", "payload": payload})
}

fn groups<C: Consumer>(cx: &Context<C>) -> Vec<String> {
    cx.groups().map(ToString::to_string).collect()
}

async fn tell_groups<C: Consumer<Outgoing = Outgoing>>(cx: &mut Context<C>) -> Result {
    let groups = groups(cx);
    cx.send_message(Outgoing::Result(json!(groups))).await?;
    Ok(())
}

/// Groups of its own beside those that all connections share.
pub(crate) struct GroupsAttribute;

impl Consumer for GroupsAttribute {
    type Authentication = SessionAuthentication;
    type Object = ();
    type Incoming = ChatIncoming;
    type Outgoing = Outgoing;
    type GroupMessage = Heard;
    type Event = Never;

    fn about() -> About {
        About::new("Is in a group of all, and in one of its user.").tag("groups")
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn build_groups(&mut self, cx: &mut Context<Self>) -> Result<Vec<GroupName>> {
        let private = format!("private.{}", cx.user().username);
        Ok(vec![GroupName::new("shared")?, GroupName::new(&private)?])
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        tell_groups(cx).await
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: ChatIncoming) -> Result {
        match message {
            ChatIncoming::Say(text) => declared(cx, Heard::Message(text), None, true).await,
            ChatIncoming::SayTo(SayTo { groups, text }) => {
                declared(cx, Heard::Message(text), Some(groups), false).await
            }
            ChatIncoming::Whoami => tell_groups(cx).await,
            _ => Ok(()),
        }
    }
}
