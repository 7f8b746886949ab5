//! Messages of unusual shapes, answered with what the handler saw.

use chanx::permission::{AllowAny, Permission};
use chanx::{About, Consumer, Context, Never, Result};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::messages::{Outgoing, ShapesIncoming};

pub(crate) struct Shapes;

impl Consumer for Shapes {
    type Authentication = ();
    type Object = ();
    type Incoming = ShapesIncoming;
    type Outgoing = Outgoing;
    type GroupMessage = Never;
    type Event = Never;

    fn about() -> About {
        About::new("Messages of unusual shapes, answered with what the handler saw.").tag("messages")
    }

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: ShapesIncoming) -> Result {
        let seen = match message {
            ShapesIncoming::WholeForbid(fields) => whole("whole_forbid", fields)?,
            ShapesIncoming::WholeAllow(fields) => whole("whole_allow", fields)?,
            ShapesIncoming::WithFields(fields) => whole("with_fields", fields)?,
            ShapesIncoming::First(payload) => json!({"action": "first", "payload": payload}),
            ShapesIncoming::Second(payload) => json!({"action": "second", "payload": payload}),
            ShapesIncoming::DefaultPayload(payload) => json!({"action": "default_payload", "payload": payload}),
        };
        cx.send_message(Outgoing::Result(seen)).await?;
        Ok(())
    }
}

/// A message as one object.
pub(super) fn whole(action: &str, fields: impl Serialize) -> Result<Value> {
    let mut message = Map::from_iter([("action".to_owned(), Value::from(action))]);
    if let Value::Object(fields) = serde_json::to_value(fields)? {
        message.extend(fields);
    }
    Ok(message.into())
}
