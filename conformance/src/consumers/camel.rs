//! Messages whose names `camelize` changes.

use chanx::permission::{AllowAny, Permission};
use chanx::{About, Consumer, Context, HandlerError, Never, Overrides, Result};
use serde_json::{Value, json};

use super::shapes::whole;
use crate::messages::CamelTalk;

pub(crate) struct Camel;

impl Consumer for Camel {
    type Authentication = ();
    type Object = ();
    type Incoming = CamelTalk;
    type Outgoing = CamelTalk;
    type GroupMessage = Never;
    type Event = Never;

    fn about() -> About {
        About::new("Answers with the message, and with what the handler saw of it.").tag("messages")
    }

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    fn overrides() -> Overrides {
        // The case `camelize-array` expects Chanx's own behavior here, unlike all other cases about such frames.
        Overrides::new().unusable_frame_closes(true)
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: CamelTalk) -> Result {
        let seen = match &message {
            CamelTalk::Ping => return Ok(cx.send_message(CamelTalk::Pong).await?),
            CamelTalk::CamelMessage(fields) => whole("camel_message", fields)?,
            CamelTalk::AnyMessage(payload) => json!({"action": "any_message", "payload": payload}),
            CamelTalk::Pong | CamelTalk::Result(_) => return Err(HandlerError::new("not for servers")),
        };
        cx.send_message(message).await?;
        cx.send_message(CamelTalk::Result(Value::String(seen.to_string()))).await?;
        Ok(())
    }
}
