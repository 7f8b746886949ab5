//! Messages whose names `camelize` changes.

use chanx::permission::{AllowAny, Permission};
use chanx::{Consumer, Context, HandlerError, Overrides, Result};
use serde_json::{Value, json};

use super::shapes::whole;
use crate::messages::CamelMessage;

pub(crate) struct Camel;

impl Consumer for Camel {
    type Authentication = ();
    type Object = ();
    type Incoming = CamelMessage;
    type Outgoing = CamelMessage;

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

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: CamelMessage) -> Result {
        let seen = match &message {
            CamelMessage::Ping => return Ok(cx.send_message(CamelMessage::Pong).await?),
            CamelMessage::CamelMessage(fields) => whole("camel_message", fields)?,
            CamelMessage::AnyMessage(payload) => json!({"action": "any_message", "payload": payload}),
            CamelMessage::Pong | CamelMessage::Result(_) => return Err(HandlerError::new("not for servers")),
        };
        cx.send_message(message).await?;
        cx.send_message(CamelMessage::Result(Value::String(seen.to_string()))).await?;
        Ok(())
    }
}
