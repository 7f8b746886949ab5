//! Tests of the chat: in process, with a database of their own.

mod events;
mod history;
mod pages;
mod presence;
mod seed;
mod talking;
mod whispers;

use std::error::Error;

use chanx::testing::{Communicator, ConnectError};
use chanx_site::accounts::NewUser;
use chanx_site::testing::TestSite;
use http::HeaderMap;
use serde_json::{Value, json};
use sqlx::SqlitePool;

use crate::history::{Draft, append};
use crate::people::Person;
use crate::rooms::Room;
use crate::{application, members, rooms};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// The application with one room.
struct Chat {
    site: TestSite,
    room: Room,
}

/// A user who is logged in.
#[derive(Clone)]
struct Guest {
    person: Person,
    headers: HeaderMap,
}

impl Chat {
    async fn set_up() -> Result<Self> {
        let site = TestSite::new(&application()).await?;
        let room = rooms::open(site.site().database().pool(), "Lounge", "Be kind.").await?;
        Ok(Self { site, room })
    }

    fn pool(&self) -> &SqlitePool {
        self.site.site().database().pool()
    }

    /// Somebody who is no member.
    async fn stranger(&self, name: &str) -> Result<Guest> {
        let account = self.site.create_user(NewUser::named(name)).await?;
        let headers = self.site.login_as(&account).await?;
        Ok(Guest { person: Person { id: account.id, name: account.username }, headers })
    }

    async fn member(&self, name: &str) -> Result<Guest> {
        let guest = self.stranger(name).await?;
        members::join(self.pool(), self.room.id, &guest.person).await?;
        Ok(guest)
    }

    /// A socket of the room, with this query.
    async fn connect(&self, guest: &Guest, query: &str) -> std::result::Result<Communicator, ConnectError> {
        let path = format!("/ws/chat/{}/{query}", self.room.slug);
        self.site.socket(&path).headers(&guest.headers).connect().await
    }

    /// A socket of the room, past the greeting.
    async fn enter(&self, guest: &Guest) -> Result<Communicator> {
        let mut client = self.connect(guest, "").await?;
        client.assert_authenticated_status_ok().await;
        until(&mut client, "history").await?;
        Ok(client)
    }

    /// Something that was said in the room before, by the way of the database alone.
    async fn said(&self, guest: &Guest, text: &str) -> Result<i64> {
        Ok(append(self.pool(), Draft::said(&guest.person, self.room.id, text)).await?.id)
    }
}

/// The payload of the next message with this action, passing over others.
async fn until(client: &mut Communicator, action: &str) -> Result<Value> {
    loop {
        let mut message = client.receive_json().await?;
        if message["action"] == action {
            return Ok(message["payload"].take());
        }
    }
}

async fn say(client: &mut Communicator, text: &str) {
    client.send_json(&json!({"action": "say", "payload": text})).await;
}

fn texts(messages: &Value) -> Vec<&str> {
    messages.as_array().into_iter().flatten().filter_map(|message| message["text"].as_str()).collect()
}
