//! Messages as they are, for test suites of the WebSocket protocol itself.

use chanx::permission::{AllowAny, Permission};
use chanx::{About, Consumer, Context, Never, Raw, Result};

/// Sends back whatever it gets.
pub(crate) struct RawEcho;

impl Consumer for RawEcho {
    type Authentication = ();
    type Object = ();
    type Incoming = Raw;
    type Outgoing = Never;
    type GroupMessage = Never;
    type Event = Never;

    fn about() -> About {
        About::new("Sends back whatever it gets.").tag("messages")
    }

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Raw) -> Result {
        match message {
            Raw::Text(text) => cx.send_text(&text).await?,
            Raw::Binary(bytes) => cx.send_binary(&bytes).await?,
        }
        Ok(())
    }
}
