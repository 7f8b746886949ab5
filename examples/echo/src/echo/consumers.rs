//! The consumer behind `/ws/echo/`.

use chanx::auth::SessionAuthentication;
use chanx::permission::{IsAuthenticated, Permission};
use chanx::{About, Consumer, Context, Never, Overrides, Result};

use super::messages::{EchoIncoming, EchoOutgoing};

/// Simple echo consumer that responds to messages.
pub(crate) struct EchoConsumer;

impl Consumer for EchoConsumer {
    type Authentication = SessionAuthentication;
    type Object = ();
    type Incoming = EchoIncoming;
    type Outgoing = EchoOutgoing;
    type GroupMessage = Never;
    type Event = Never;

    fn subprotocols() -> &'static [&'static str] {
        &["echo.v1"]
    }

    fn about() -> About {
        About::new("Repeats what users say, under their names. It greets each of them first.").tag("examples")
    }

    fn permissions() -> impl Permission<Self> {
        IsAuthenticated
    }

    fn overrides() -> Overrides {
        Overrides::new().send_completion(true)
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        let welcome = format!("Welcome, {}!", cx.user().username);
        cx.send_message(EchoOutgoing::Status(welcome)).await?;
        Ok(())
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: EchoIncoming) -> Result {
        match message {
            EchoIncoming::Ping => cx.send_message(EchoOutgoing::Pong).await?,
            EchoIncoming::Echo(text) => {
                let echo = format!("{}: {text}", cx.user().username);
                cx.send_message(EchoOutgoing::Echo(echo)).await?;
            }
        }
        Ok(())
    }
}
