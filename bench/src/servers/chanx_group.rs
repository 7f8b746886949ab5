//! chanx: one consumer, whose connections are in one group.

use axum::Router;
use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::{Channels, Consumer, Context, GroupName, Message, Result, Settings, Websockets};

use super::ServeError;

#[derive(Message)]
enum Incoming {
    Say(String),
}

#[derive(Message)]
#[message(outgoing)]
enum Outgoing {
    Ready,
}

#[derive(Message)]
enum RoomMessage {
    Said(String),
}

struct Member;

impl Consumer for Member {
    type Authentication = ();
    type Object = ();
    type Incoming = Incoming;
    type Outgoing = Outgoing;
    type GroupMessage = RoomMessage;
    type Event = chanx::Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn build_groups(&mut self, _: &mut Context<Self>) -> Result<Vec<GroupName>> {
        Ok(vec![GroupName::new("room")?])
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        cx.send_message(Outgoing::Ready).await?;
        Ok(())
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Incoming) -> Result {
        let Incoming::Say(text) = message;
        cx.send_group_message(RoomMessage::Said(text)).exclude_current(false).await?;
        Ok(())
    }
}

/// Without a layer's address the group is in one process.
pub(super) fn app(layer: Option<&str>) -> std::result::Result<Router, ServeError> {
    let channels = match layer {
        Some(url) => Channels::new(chanx_redis::connect(url)?),
        None => Channels::in_memory(),
    };
    let routes = [path("room/", Member::endpoint())];
    Ok(Websockets::with_channels(routes, &settings(), &channels)?.into_router())
}

/// The defaults, but for what a load generator is not: a page of this site, and somebody who reads the log.
fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.allow_missing_origin = true;
    settings.send_authentication_message = false;
    settings.log_received_message = false;
    settings.log_sent_message = false;
    settings
}
