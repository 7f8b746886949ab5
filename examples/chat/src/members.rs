//! Who belongs to which room, and how far each member has read.

use sqlx::{Sqlite, SqlitePool, Transaction};

use crate::clock;
use crate::history::{self, ChatMessage, Draft, Kind};
use crate::people::Person;

pub(crate) async fn is_member(pool: &SqlitePool, room: i64, user: i64) -> sqlx::Result<bool> {
    let sql = "SELECT id FROM chat_membership WHERE room_id = $1 AND user_id = $2";
    Ok(sqlx::query(sql).bind(room).bind(user).fetch_optional(pool).await?.is_some())
}

/// The member of this id, if there is one.
pub(crate) async fn find(pool: &SqlitePool, room: i64, user: i64) -> sqlx::Result<Option<Person>> {
    let sql = "SELECT auth_user.id, username FROM chat_membership JOIN auth_user ON auth_user.id = user_id \
               WHERE room_id = $1 AND user_id = $2";
    let found: Option<(i64, String)> = sqlx::query_as(sql).bind(room).bind(user).fetch_optional(pool).await?;
    Ok(found.map(|(id, name)| Person { id, name }))
}

/// All members, by name.
pub(crate) async fn list(pool: &SqlitePool, room: i64) -> sqlx::Result<Vec<Person>> {
    let sql = "SELECT auth_user.id, username FROM chat_membership JOIN auth_user ON auth_user.id = user_id \
               WHERE room_id = $1 ORDER BY lower(username), username";
    let rows: Vec<(i64, String)> = sqlx::query_as(sql).bind(room).fetch_all(pool).await?;
    Ok(rows.into_iter().map(|(id, name)| Person { id, name }).collect())
}

/// Makes somebody a member. Gives the message that tells the others; none, if it is no news.
pub(crate) async fn join(pool: &SqlitePool, room: i64, person: &Person) -> sqlx::Result<Option<ChatMessage>> {
    join_at(pool, room, person, clock::now()).await
}

/// [`join`] at another time, in milliseconds since 1970.
pub(crate) async fn join_at(
    pool: &SqlitePool,
    room: i64,
    person: &Person,
    at: i64,
) -> sqlx::Result<Option<ChatMessage>> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let message = admit(&mut transaction, room, person, at).await?;
    transaction.commit().await?;
    Ok(message)
}

/// [`join`] as a part of something larger.
pub(crate) async fn admit(
    transaction: &mut Transaction<'_, Sqlite>,
    room: i64,
    person: &Person,
    at: i64,
) -> sqlx::Result<Option<ChatMessage>> {
    // What was said before is no news to the new member.
    let sql = "INSERT INTO chat_membership (room_id, user_id, joined, last_read) \
               VALUES ($1, $2, $3, (SELECT coalesce(max(id), 0) FROM chat_message WHERE room_id = $1)) \
               ON CONFLICT DO NOTHING";
    let query = sqlx::query(sql).bind(room).bind(person.id).bind(at);
    let is_new = query.execute(&mut **transaction).await?.rows_affected() > 0;
    tell(transaction, is_new, Draft { at, ..Draft::about(person, room, Kind::Joined) }).await
}

/// Ends a membership. Gives the message that tells the others; none, if there was no membership.
pub(crate) async fn leave(pool: &SqlitePool, room: i64, person: &Person) -> sqlx::Result<Option<ChatMessage>> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let sql = "DELETE FROM chat_membership WHERE room_id = $1 AND user_id = $2";
    let query = sqlx::query(sql).bind(room).bind(person.id);
    let was_member = query.execute(&mut *transaction).await?.rows_affected() > 0;
    let message = tell(&mut transaction, was_member, Draft::about(person, room, Kind::Left)).await?;
    transaction.commit().await?;
    Ok(message)
}

/// Notes that a member has seen everything up to this message. Never goes back.
pub(crate) async fn mark_read(pool: &SqlitePool, room: i64, user: i64, up_to: i64) -> sqlx::Result<()> {
    let sql = "UPDATE chat_membership SET last_read = $3 WHERE room_id = $1 AND user_id = $2 AND last_read < $3";
    sqlx::query(sql).bind(room).bind(user).bind(up_to).execute(pool).await.map(drop)
}

async fn tell(
    transaction: &mut Transaction<'_, Sqlite>,
    has_changed: bool,
    draft: Draft<'_>,
) -> sqlx::Result<Option<ChatMessage>> {
    if !has_changed {
        return Ok(None);
    }
    history::append(&mut **transaction, draft).await.map(Some)
}
