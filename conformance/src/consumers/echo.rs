//! The echo of the first example, and the smallest consumer there is.

use chanx::auth::SessionAuthentication;
use chanx::permission::{AllowAny, Permission};
use chanx::{About, Consumer, Context, Never, Overrides, Result};

use crate::messages::{EchoIncoming, Outgoing, PingIncoming};

/// Echoes under the user's name.
pub(crate) struct Echo;

impl Consumer for Echo {
    type Authentication = SessionAuthentication;
    type Object = ();
    type Incoming = EchoIncoming;
    type Outgoing = Outgoing;
    type GroupMessage = Never;
    type Event = Never;

    fn about() -> About {
        About::new("Repeats what users say, under their names.").tag("messages")
    }

    fn overrides() -> Overrides {
        Overrides::new().send_completion(true)
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        let welcome = format!("Welcome, {}!", cx.user().username);
        cx.send_message(Outgoing::Status(welcome)).await?;
        Ok(())
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: EchoIncoming) -> Result {
        match message {
            EchoIncoming::Ping => cx.send_message(Outgoing::Pong).await?,
            EchoIncoming::Echo(text) => {
                let echo = format!("{}: {text}", cx.user().username);
                cx.send_message(Outgoing::Echo(echo)).await?;
            }
        }
        Ok(())
    }
}

/// Knows one message.
pub(crate) struct SinglePing;

impl Consumer for SinglePing {
    type Authentication = ();
    type Object = ();
    type Incoming = PingIncoming;
    type Outgoing = Outgoing;
    type GroupMessage = Never;
    type Event = Never;

    fn about() -> About {
        About::new("Knows one message.").tag("messages")
    }

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, PingIncoming::Ping: PingIncoming) -> Result {
        cx.send_message(Outgoing::Pong).await?;
        Ok(())
    }
}
