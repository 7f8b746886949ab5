//! Rooms: found by their slug, founded under a new one, listed for a user.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, Sqlite, SqlitePool, Transaction};
use unicode_normalization::UnicodeNormalization;

use crate::people::Person;
use crate::{clock, members};

/// A slug is cut here, which leaves space for a number behind it.
const LONGEST_SLUG: usize = 50;

/// The slug of a name that has no letter or digit of ASCII.
const NAMELESS: &str = "room";

/// Where people talk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) id: i64,
    /// The room's part of all addresses.
    pub(crate) slug: String,
    pub(crate) name: String,
    /// May be empty.
    pub(crate) topic: String,
}

/// A room in somebody's list.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) room: Room,
    pub(crate) is_member: bool,
    pub(crate) members: i64,
    /// Messages of others that the member has not seen.
    pub(crate) unread: i64,
    /// Only for members.
    pub(crate) latest: Option<Latest>,
}

/// The newest message that is meant for all.
#[derive(Clone, Debug)]
pub(crate) struct Latest {
    pub(crate) sender: String,
    pub(crate) text: String,
    pub(crate) at: i64,
}

pub(crate) async fn by_slug(pool: &SqlitePool, slug: &str) -> sqlx::Result<Option<Room>> {
    let sql = "SELECT id, slug, name, topic FROM chat_room WHERE slug = $1";
    sqlx::query_as(sql).bind(slug).fetch_optional(pool).await
}

/// Founds a room, whose first member is the founder.
pub(crate) async fn create(pool: &SqlitePool, name: &str, topic: &str, founder: &Person) -> sqlx::Result<Room> {
    // The write lock first, so that nobody takes the slug between the look and the insertion.
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let room = insert(&mut transaction, name, topic).await?;
    members::admit(&mut transaction, room.id, founder, clock::now()).await?;
    transaction.commit().await?;
    Ok(room)
}

/// Opens a room that has no member.
pub(crate) async fn open(pool: &SqlitePool, name: &str, topic: &str) -> sqlx::Result<Room> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let room = insert(&mut transaction, name, topic).await?;
    transaction.commit().await?;
    Ok(room)
}

async fn insert(transaction: &mut Transaction<'_, Sqlite>, name: &str, topic: &str) -> sqlx::Result<Room> {
    let slug = free_slug(transaction, &slugify(name)).await?;
    let sql = "INSERT INTO chat_room (slug, name, topic, created) VALUES ($1, $2, $3, $4) \
               RETURNING id, slug, name, topic";
    let query = sqlx::query_as(sql).bind(slug).bind(name).bind(topic).bind(clock::now());
    query.fetch_one(&mut **transaction).await
}

/// Every room, those with news for the user first.
pub(crate) async fn list(pool: &SqlitePool, user: i64) -> sqlx::Result<Vec<Listed>> {
    let sql = "
        SELECT room.id, room.slug, room.name, room.topic, membership.id IS NOT NULL AS is_member,
            (SELECT count(*) FROM chat_membership WHERE room_id = room.id) AS members,
            (SELECT count(*) FROM chat_message AS message
                WHERE message.room_id = room.id AND message.id > membership.last_read AND message.kind = 'said'
                AND message.sender_id <> $1 AND coalesce(message.recipient_id, $1) = $1) AS unread,
            sender.username AS sender, latest.text, latest.created AS at
        FROM chat_room AS room
        LEFT JOIN chat_membership AS membership ON membership.room_id = room.id AND membership.user_id = $1
        LEFT JOIN chat_message AS latest ON membership.id IS NOT NULL AND latest.id =
            (SELECT max(id) FROM chat_message
                WHERE room_id = room.id AND kind = 'said' AND recipient_id IS NULL)
        LEFT JOIN auth_user AS sender ON sender.id = latest.sender_id
        ORDER BY latest.id DESC, room.name";
    sqlx::query_as(sql).bind(user).fetch_all(pool).await
}

pub(crate) async fn any(pool: &SqlitePool) -> sqlx::Result<bool> {
    let first = sqlx::query("SELECT id FROM chat_room LIMIT 1").fetch_optional(pool).await?;
    Ok(first.is_some())
}

/// Lower-case words of ASCII with hyphens between them: `Café Zürich!` becomes `cafe-zurich`.
fn slugify(name: &str) -> String {
    let mut slug = String::new();
    // Decomposed, an accent is a character of its own, which falls away.
    for character in name.nfkd().flat_map(char::to_lowercase) {
        match character {
            'a'..='z' | '0'..='9' => slug.push(character),
            ' ' | '-' | '_' if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.truncate(LONGEST_SLUG);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { NAMELESS.to_owned() } else { slug.to_owned() }
}

/// The slug itself or, if it is taken, the first of `slug-2`, `slug-3` and so on that is not.
async fn free_slug(transaction: &mut Transaction<'_, Sqlite>, slug: &str) -> sqlx::Result<String> {
    let sql = "SELECT slug FROM chat_room WHERE slug = $1 OR slug LIKE $1 || '-%'";
    let taken: Vec<String> = sqlx::query_scalar(sql).bind(slug).fetch_all(&mut **transaction).await?;
    let mut candidate = slug.to_owned();
    let mut number = 1;
    while taken.contains(&candidate) {
        number += 1;
        candidate = format!("{slug}-{number}");
    }
    Ok(candidate)
}

impl FromRow<'_, SqliteRow> for Room {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            slug: row.try_get("slug")?,
            name: row.try_get("name")?,
            topic: row.try_get("topic")?,
        })
    }
}

impl FromRow<'_, SqliteRow> for Listed {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            room: Room::from_row(row)?,
            is_member: row.try_get("is_member")?,
            members: row.try_get("members")?,
            unread: row.try_get("unread")?,
            latest: match row.try_get::<Option<String>, _>("sender")? {
                Some(sender) => Some(Latest { sender, text: row.try_get("text")?, at: row.try_get("at")? }),
                None => None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_words_of_ascii() {
        for (name, slug) in [
            ("Lounge", "lounge"),
            ("  Café  Zürich! ", "cafe-zurich"),
            ("C++ & Rust", "c-rust"),
            ("snake_case -- name", "snake-case-name"),
            ("部屋", "room"),
            ("<script>alert(1)</script>", "scriptalert1script"),
            ("-_-", "room"),
        ] {
            assert_eq!(slugify(name), slug, "{name}");
        }
        assert_eq!(slugify(&"ab ".repeat(40)).len(), 50);
    }
}
