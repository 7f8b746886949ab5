//! Rooms with members, in the fixture's tables, looked up by what the path names.

use std::marker::PhantomData;

use chanx::{FromHandshake, Handshake, Refusal, Rejection};
use chanx_site::Site;
use sqlx::SqlitePool;
use uuid::Uuid;

/// A room and the keys of its members.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) name: String,
    pub(crate) slug: String,
    members: Vec<i64>,
}

impl Room {
    pub(crate) fn has_member(&self, user: Option<i64>) -> bool {
        user.is_some_and(|id| self.members.contains(&id))
    }
}

/// A room that is looked up by `K`.
pub(crate) struct RoomBy<K> {
    room: Room,
    key: PhantomData<fn() -> K>,
}

impl<K> AsRef<Room> for RoomBy<K> {
    fn as_ref(&self) -> &Room {
        &self.room
    }
}

/// Which column of the table is asked for, and for what.
pub(crate) trait Lookup: 'static {
    const QUERY: &'static str;

    /// The value to look for. Text that cannot be such a key leads nowhere.
    fn value(handshake: &Handshake) -> Result<Key, Refusal>;
}

pub(crate) enum Key {
    Number(i64),
    Text(String),
}

pub(crate) struct Pk;
pub(crate) struct RoomId;
pub(crate) struct Slug;
pub(crate) struct Uid;

fn parameter<T: serde::de::DeserializeOwned>(handshake: &Handshake, name: &str) -> Result<T, Refusal> {
    handshake.parameters().parse_one(name).map_err(|_| Refusal::not_found("Not found."))
}

impl Lookup for Pk {
    const QUERY: &'static str = "SELECT id, name, slug FROM app_room WHERE id = ?";

    fn value(handshake: &Handshake) -> Result<Key, Refusal> {
        parameter(handshake, "pk").map(Key::Number)
    }
}

impl Lookup for RoomId {
    const QUERY: &'static str = Pk::QUERY;

    fn value(handshake: &Handshake) -> Result<Key, Refusal> {
        parameter(handshake, "room_id").map(Key::Number)
    }
}

impl Lookup for Slug {
    const QUERY: &'static str = "SELECT id, name, slug FROM app_room WHERE slug = ?";

    fn value(handshake: &Handshake) -> Result<Key, Refusal> {
        parameter(handshake, "slug").map(Key::Text)
    }
}

impl Lookup for Uid {
    const QUERY: &'static str = "SELECT id, name, slug FROM app_room WHERE uid = ?";

    fn value(handshake: &Handshake) -> Result<Key, Refusal> {
        parameter(handshake, "uid").map(|uid: Uuid| Key::Text(uid.simple().to_string()))
    }
}

impl<K: Lookup> FromHandshake for RoomBy<K> {
    async fn from_handshake(handshake: &Handshake) -> Result<Self, Rejection> {
        let key = K::value(handshake)?;
        let site: &Site = handshake.extension().ok_or_else(|| Rejection::failed("no site is attached"))?;
        let room = find(site.database().pool(), K::QUERY, key).await?;
        let room = room.ok_or_else(|| Refusal::not_found("No Room matches the given query."))?;
        Ok(Self { room, key: PhantomData })
    }
}

async fn find(pool: &SqlitePool, query: &'static str, key: Key) -> Result<Option<Room>, sqlx::Error> {
    let query = sqlx::query_as::<_, (i64, String, String)>(query);
    let query = match key {
        Key::Number(number) => query.bind(number),
        Key::Text(text) => query.bind(text),
    };
    let Some((id, name, slug)) = query.fetch_optional(pool).await? else { return Ok(None) };
    let members = sqlx::query_scalar("SELECT user_id FROM app_room_members WHERE room_id = ?");
    Ok(Some(Room { name, slug, members: members.bind(id).fetch_all(pool).await? }))
}
