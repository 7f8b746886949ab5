//! A consumer that is told things over the channel layer.

use chanx::permission::{AllowAny, Permission};
use chanx::{About, Consumer, Context, GroupName, HandlerError, Never, Result};
use serde_json::json;

use crate::messages::{AppEvent, EchoIncoming, Outgoing};

/// The group that is told.
pub(super) const EVENTS: &str = "events";

pub(crate) struct Events;

impl Consumer for Events {
    type Authentication = ();
    type Object = ();
    type Incoming = EchoIncoming;
    type Outgoing = Outgoing;
    type GroupMessage = Never;
    type Event = AppEvent;

    fn about() -> About {
        About::new("Is told things over the channel layer, and passes them on.").tag("events")
    }

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn build_groups(&mut self, _: &mut Context<Self>) -> Result<Vec<GroupName>> {
        Ok(vec![GroupName::new(EVENTS)?])
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: EchoIncoming) -> Result {
        match message {
            EchoIncoming::Ping => cx.send_message(Outgoing::Pong).await?,
            EchoIncoming::Echo(_) => {}
        }
        Ok(())
    }

    async fn receive_event(&mut self, cx: &mut Context<Self>, event: AppEvent) -> Result {
        match event {
            AppEvent::Notify { text, level } => {
                cx.send_message(Outgoing::Result(json!({"text": text, "level": level}))).await?;
            }
            AppEvent::Stamp(stamp) => cx.send_message(Outgoing::Result(json!(stamp))).await?,
            AppEvent::Close(Some(code)) => cx.close_with(u16::try_from(code)?, "")?,
            AppEvent::Close(None) => cx.close(),
            AppEvent::Fail(text) => return Err(HandlerError::new(text)),
        }
        Ok(())
    }
}
