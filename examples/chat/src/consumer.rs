//! The consumer behind `/ws/chat/<room>/`: one member in one room.

use chanx::auth::SessionAuthentication;
use chanx::permission::{IsAuthenticated, Permission};
use chanx::{About, Consumer, Context, GroupName, GroupSend, HandlerError, Result};
use chanx_site::Site;
use schemars::JsonSchema;
use serde::Deserialize;
use sqlx::SqlitePool;

use crate::access::IsMember;
use crate::budget::Budget;
use crate::history::{self, Draft, Page, Span, View};
use crate::messages::{Incoming, Outgoing, Reason, RoomEvent, RoomLink, RoomMessage};
use crate::people::Person;
use crate::presence::{Attendance, Attendee, Presence};
use crate::rooms::Room;
use crate::words::Words;
use crate::{groups, members};

/// The close code for somebody who has left the room. It is no refusal: those are 4000 + an HTTP status.
pub(crate) const LEFT_THE_ROOM: u16 = 4900;

/// For people who write clients.
const ABOUT: &str = "One member in one room. The roster and a page of messages come first; then whatever happens in the room, and \
    private messages from everywhere.";

pub(crate) struct RoomConsumer {
    pool: SqlitePool,
    presence: Presence,
    /// As long as this lives, others see that the member is there.
    attendance: Option<Attendance>,
    me: Person,
    view: View,
    budget: Budget,
    /// The client was sent every message up to this one. Messages that came by way of the group do not count: nobody
    /// knows what was lost before them.
    sent_up_to: i64,
}

/// What a page says in the query when it comes back.
#[derive(Debug, Default, Deserialize, JsonSchema)]
struct Resume {
    /// The id of the last message that the client has. Without it the newest messages are sent.
    after: Option<i64>,
}

impl Consumer for RoomConsumer {
    type Authentication = SessionAuthentication;
    type Object = Room;
    type Incoming = Incoming;
    type Outgoing = Outgoing;
    type GroupMessage = RoomMessage;
    type Event = RoomEvent;

    fn about() -> About {
        let about = About::new(ABOUT).tag("rooms").query::<Resume>();
        about.close_code(LEFT_THE_ROOM, "the member has left the room, perhaps in another window")
    }

    fn permissions() -> impl Permission<Self> {
        (IsAuthenticated, IsMember)
    }

    async fn connect(cx: &mut Context<Self>) -> Result<Self> {
        let me = Person::of(cx.user()).ok_or_else(|| HandlerError::new("a member is somebody"))?;
        Ok(Self {
            pool: cx.state::<Site>()?.database().pool().clone(),
            presence: cx.state::<Presence>()?.clone(),
            attendance: None,
            view: View { room: cx.object().id, reader: me.id },
            me,
            budget: Budget::new(),
            sent_up_to: 0,
        })
    }

    async fn build_groups(&mut self, cx: &mut Context<Self>) -> Result<Vec<GroupName>> {
        Ok(vec![groups::room(cx.object().id)])
    }

    async fn post_authentication(&mut self, cx: &mut Context<Self>) -> Result {
        // Whoever left before this connection was in the group was not told by an event.
        if !self.is_member().await? {
            return dismiss(cx);
        }
        self.arrive(cx).await?;
        self.send_roster(cx).await?;
        let Resume { after } = cx.handshake()?.query().unwrap_or_default();
        let page = match after {
            Some(id) => {
                self.sent_up_to = id;
                self.view.since(&self.pool, id).await?
            }
            None => self.view.latest(&self.pool).await?,
        };
        self.send_page(cx, page).await
    }

    async fn receive_message(&mut self, cx: &mut Context<Self>, message: Incoming) -> Result {
        if !self.budget.take() {
            return refuse(cx, Reason::TooFast).await;
        }
        match message {
            Incoming::Say(words) => self.say(cx, &words).await,
            Incoming::Whisper { to, text } => self.whisper(cx, to, &text).await,
            Incoming::Typing { is_typing } => self.typing(cx, is_typing).await,
            Incoming::LoadHistory { before } => {
                let page = self.view.before(&self.pool, before).await?;
                self.send_page(cx, page).await
            }
            Incoming::Read { up_to } => Ok(members::mark_read(&self.pool, self.view.room, self.me.id, up_to).await?),
        }
    }

    /// What the pages do reaches the sockets here.
    async fn receive_event(&mut self, cx: &mut Context<Self>, event: RoomEvent) -> Result {
        match event {
            RoomEvent::Left(message) if message.sender.id == self.me.id => dismiss(cx),
            RoomEvent::Left(message) | RoomEvent::Joined(message) => {
                Ok(cx.send_message(Outgoing::Membership(message)).await?)
            }
        }
    }

    /// The database has what the channel layer lost.
    async fn messages_missed(&mut self, cx: &mut Context<Self>) -> Result {
        if !self.is_member().await? {
            return dismiss(cx);
        }
        self.send_roster(cx).await?;
        let page = self.view.since(&self.pool, self.sent_up_to).await?;
        self.send_page(cx, page).await
    }
}

impl RoomConsumer {
    async fn is_member(&self) -> Result<bool> {
        Ok(members::is_member(&self.pool, self.view.room, self.me.id).await?)
    }

    /// Counts as present; the others hear of it, unless another window of this member is open.
    async fn arrive(&mut self, cx: &mut Context<Self>) -> Result {
        let attendee = Attendee { room: self.view.room, person: self.me.clone() };
        let (attendance, is_first) = self.presence.attend(cx.channel_name().as_str(), attendee).await?;
        self.attendance = Some(attendance);
        if is_first {
            publish(cx.send_group_message(RoomMessage::Online(self.me.clone()))).await;
        }
        Ok(())
    }

    async fn say(&mut self, cx: &mut Context<Self>, words: &Words) -> Result {
        let message = history::append(&self.pool, Draft::said(&self.me, self.view.room, words.as_str())).await?;
        // First the others: the sender's own client may take nothing.
        publish(cx.send_group_message(RoomMessage::Said(message.clone()))).await;
        Ok(cx.send_message(Outgoing::Sent(message)).await?)
    }

    /// Goes to all connections of both, in whichever room and process they are.
    async fn whisper(&mut self, cx: &mut Context<Self>, to: i64, words: &Words) -> Result {
        if to == self.me.id {
            return refuse(cx, Reason::Oneself).await;
        }
        let Some(reader) = members::find(&self.pool, self.view.room, to).await? else {
            return refuse(cx, Reason::NotAMember).await;
        };
        let draft = Draft::said(&self.me, self.view.room, words.as_str()).only_to(&reader);
        let message = history::append(&self.pool, draft).await?;
        let room = RoomLink { slug: cx.object().slug.clone(), name: cx.object().name.clone() };
        let both = [&self.me, &reader].map(|person| GroupName::of_user(&person.id.to_string()));
        let whispered = RoomMessage::Whispered { room, message: message.clone() };
        publish(cx.send_group_message(whispered).to(both)).await;
        Ok(cx.send_message(Outgoing::Sent(message)).await?)
    }

    async fn typing(&mut self, cx: &mut Context<Self>, is_typing: bool) -> Result {
        publish(cx.send_group_message(RoomMessage::Typing { person: self.me.clone(), is_typing })).await;
        Ok(())
    }

    async fn send_roster(&mut self, cx: &mut Context<Self>) -> Result {
        let members = members::list(&self.pool, self.view.room).await?;
        let online = self.presence.online(self.view.room).await?;
        Ok(cx.send_message(Outgoing::Roster { members, online }).await?)
    }

    async fn send_page(&mut self, cx: &mut Context<Self>, page: Page) -> Result {
        if let (Span::Latest | Span::Since, Some(last)) = (page.span, page.messages.last()) {
            self.sent_up_to = last.id;
        }
        Ok(cx.send_message(Outgoing::History(page)).await?)
    }
}

/// Sends to others. While the channel layer is down nobody hears it; what matters is in the database, and is sent when
/// the layer is back.
async fn publish(message: GroupSend<'_, RoomConsumer>) {
    if let Err(error) = message.await {
        tracing::warn!(%error, "others were not told");
    }
}

async fn refuse(cx: &mut Context<RoomConsumer>, reason: Reason) -> Result {
    let detail = match reason {
        Reason::TooFast => "You are sending too fast. Wait a moment.",
        Reason::NotAMember => "There is no such member in this room.",
        Reason::Oneself => "A private message needs somebody else.",
    };
    Ok(cx.send_message(Outgoing::Refused { reason, detail: detail.to_owned() }).await?)
}

/// Ends the connection of somebody who is a member no longer.
fn dismiss(cx: &mut Context<RoomConsumer>) -> Result {
    Ok(cx.close_with(LEFT_THE_ROOM, "You have left this room.")?)
}
