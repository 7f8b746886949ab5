//! The consumer: it echoes, fails, joins and leaves groups, sends to them, and tells its client when messages may be missing.

use chanx::permission::{AllowAny, Permission};
use chanx::{Consumer, Context, Disconnect, HandlerError, Never, Result};

use super::messages::{GroupMessage, Incoming, Outgoing};
use super::tally::Tally;

pub(super) struct Member {
    tally: Tally,
}

impl Consumer for Member {
    type Authentication = ();
    type Object = ();
    type Incoming = Incoming;
    type Outgoing = Outgoing;
    type GroupMessage = GroupMessage;
    type Event = Never;

    fn permissions() -> impl Permission<Self> {
        AllowAny
    }

    async fn connect(cx: &mut Context<Self>) -> Result<Self> {
        let tally = cx.state::<Tally>()?.clone();
        tally.connected();
        Ok(Self { tally })
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Incoming) -> Result {
        let answer = match message {
            Incoming::Join(group) => {
                cx.join(name(group)).await?;
                Outgoing::Joined(group)
            }
            Incoming::Leave(group) => {
                cx.leave(name(group))?;
                Outgoing::Left(group)
            }
            Incoming::Say { group, number, size } => say(cx, group, number, size).await,
            Incoming::Echo(text) => Outgoing::Echo(text),
            Incoming::Fail => return Err(HandlerError::new("a handler that fails, as it was asked to")),
        };
        cx.send_message(answer).await?;
        Ok(())
    }

    async fn messages_missed(&mut self, cx: &mut Context<Self>) -> Result {
        cx.send_message(Outgoing::Missed).await?;
        Ok(())
    }

    async fn disconnected(&mut self, _: &mut Context<Self>, how: &Disconnect) {
        self.tally.disconnected(how);
    }
}

async fn say(cx: &mut Context<Member>, group: u32, number: u32, size: u32) -> Outgoing {
    let text = "x".repeat(size as usize);
    let sent = cx.send_group_message(GroupMessage::Said { group, number, text }).to([name(group)]).await;
    if sent.is_ok() { Outgoing::Accepted(number) } else { Outgoing::Rejected(number) }
}

fn name(group: u32) -> String {
    format!("soak.{group}")
}
