//! The servers, and what their connections understand.

use std::sync::Arc;

use chanx::layer::ChannelLayer;
use chanx::permission::{AllowAny, Permission};
use chanx::routing::path;
use chanx::testing::Connector;
use chanx::{Channels, Connections, Consumer, Context, Message, Never, Overrides, Result, Settings, Websockets};

#[derive(Message)]
pub(crate) enum Command {
    Join(String),
    Leave(String),
    Send { group: String, sender: usize, number: u64, exclude_current: bool },
}

#[derive(Message)]
#[message(outgoing)]
pub(crate) enum Answer {
    Missed,
}

#[derive(Message)]
pub(crate) enum Said {
    Said { group: String, sender: usize, number: u64 },
}

struct Member;

impl Consumer for Member {
    type Authentication = ();
    type Object = ();
    type Incoming = Command;
    type Outgoing = Answer;
    type GroupMessage = Said;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    fn overrides() -> Overrides {
        Overrides::new().send_completion(true).log_received_message(false).log_sent_message(false)
    }

    async fn connect(_: &mut Context<Self>) -> Result<Self> {
        Ok(Self)
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Command) -> Result {
        match message {
            Command::Join(group) => cx.join(group).await?,
            Command::Leave(group) => cx.leave(group)?,
            Command::Send { group, sender, number, exclude_current } => {
                let message = Said::Said { group: group.clone(), sender, number };
                cx.send_group_message(message).to([group]).exclude_current(exclude_current).await?;
            }
        }
        Ok(())
    }

    async fn messages_missed(&mut self, cx: &mut Context<Self>) -> Result {
        cx.send_message(Answer::Missed).await?;
        Ok(())
    }
}

/// One server.
pub(crate) struct Site {
    pub(crate) connector: Connector,
    pub(crate) channels: Channels,
    pub(crate) connections: Connections,
}

impl Site {
    pub(crate) fn new(layer: Arc<dyn ChannelLayer>) -> Result<Self> {
        let mut settings = Settings::default();
        settings.allow_missing_origin = true;
        let channels = Channels::new(layer);
        let websockets = Websockets::with_channels([path("member/", Member::endpoint())], &settings, &channels)?;
        let connections = websockets.connections();
        Ok(Self { connector: Connector::new(websockets.into_router(), "/member/"), channels, connections })
    }
}
