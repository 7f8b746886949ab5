//! The tables of presence: connections, and the processes that hold them. Knows no task and no channel.

use sqlx::{Sqlite, SqlitePool, Transaction};

use super::{Attendee, LIFETIME};
use crate::clock;
use crate::people::Person;

/// The tables, as one process writes them.
#[derive(Debug)]
pub(super) struct Register {
    pool: SqlitePool,
    process: String,
}

impl Register {
    pub(super) fn new(pool: SqlitePool, process: String) -> Self {
        Self { pool, process }
    }

    /// Adds a connection, and says whether it is the first one of this person in this room.
    pub(super) async fn add(&self, connection: &str, Attendee { room, person }: &Attendee) -> sqlx::Result<bool> {
        let now = clock::now();
        // The write lock first, so that of two arrivals at the same moment one is the first.
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let sql = "INSERT INTO chat_process (id, seen) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        sqlx::query(sql).bind(&self.process).bind(now).execute(&mut *transaction).await?;
        let is_first = !is_there(&mut transaction, *room, person.id, now).await?;
        let sql = "INSERT INTO chat_presence (connection, process_id, room_id, user_id) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT DO NOTHING";
        let query = sqlx::query(sql).bind(connection).bind(&self.process).bind(room).bind(person.id);
        query.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(is_first)
    }

    /// Removes a connection, and says whether it was the last one of this person in this room.
    pub(super) async fn remove(&self, connection: &str, Attendee { room, person }: &Attendee) -> sqlx::Result<bool> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let sql = "DELETE FROM chat_presence WHERE connection = $1";
        let was_there = sqlx::query(sql).bind(connection).execute(&mut *transaction).await?.rows_affected() > 0;
        let is_last = was_there && !is_there(&mut transaction, *room, person.id, clock::now()).await?;
        transaction.commit().await?;
        Ok(is_last)
    }

    /// The ids of those who are in a room.
    pub(super) async fn online(&self, room: i64) -> sqlx::Result<Vec<i64>> {
        let sql = "SELECT DISTINCT user_id FROM chat_presence JOIN chat_process ON chat_process.id = process_id \
                   WHERE room_id = $1 AND seen > $2 ORDER BY user_id";
        sqlx::query_scalar(sql).bind(room).bind(oldest_sign_of_life(clock::now())).fetch_all(&self.pool).await
    }

    /// Shows that the process lives. `false`, if it was not known.
    pub(super) async fn renew(&self, now: i64) -> sqlx::Result<bool> {
        let sql = "UPDATE chat_process SET seen = $2 WHERE id = $1";
        let result = sqlx::query(sql).bind(&self.process).bind(now).execute(&self.pool).await?;
        Ok(result.rows_affected() > 0)
    }

    /// Removes the processes that have died, and gives the people who were there through them alone.
    pub(super) async fn sweep(&self, now: i64) -> sqlx::Result<Vec<Attendee>> {
        let limit = oldest_sign_of_life(now);
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let sql = "SELECT DISTINCT room_id, user_id, username FROM chat_presence \
                   JOIN chat_process ON chat_process.id = process_id \
                   JOIN auth_user ON auth_user.id = user_id WHERE seen <= $1";
        let rows: Vec<(i64, i64, String)> = sqlx::query_as(sql).bind(limit).fetch_all(&mut *transaction).await?;
        // Their connections go with them.
        let sql = "DELETE FROM chat_process WHERE seen <= $1";
        sqlx::query(sql).bind(limit).execute(&mut *transaction).await?;
        let mut gone = Vec::new();
        for (room, id, name) in rows {
            if !is_there(&mut transaction, room, id, now).await? {
                gone.push(Attendee { room, person: Person { id, name } });
            }
        }
        transaction.commit().await?;
        Ok(gone)
    }

    /// Forgets this process.
    pub(super) async fn close(&self) -> sqlx::Result<()> {
        sqlx::query("DELETE FROM chat_process WHERE id = $1").bind(&self.process).execute(&self.pool).await.map(drop)
    }
}

/// Whether somebody is in a room through a process that lives.
async fn is_there(transaction: &mut Transaction<'_, Sqlite>, room: i64, user: i64, now: i64) -> sqlx::Result<bool> {
    let sql = "SELECT connection FROM chat_presence JOIN chat_process ON chat_process.id = process_id \
               WHERE room_id = $1 AND user_id = $2 AND seen > $3 LIMIT 1";
    let query = sqlx::query(sql).bind(room).bind(user).bind(oldest_sign_of_life(now));
    Ok(query.fetch_optional(&mut **transaction).await?.is_some())
}

/// A process that has shown nothing since then is dead.
fn oldest_sign_of_life(now: i64) -> i64 {
    now - i64::try_from(LIFETIME.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use chanx_site::database::Database;

    use super::*;
    use crate::migrations;

    pub(in crate::presence) const NOBODY_LIVES_SO_LONG: i64 = 60_000;

    /// A database with a room and two users, whose ids count from 1.
    pub(in crate::presence) async fn chat() -> SqlitePool {
        let database = Database::connect("sqlite::memory:", true).await.expect("memory suffices");
        database.migrate_with(migrations::ALL).await.expect("the migrations are right");
        let sql = "
            INSERT INTO auth_user (id, username, password, is_superuser, is_staff, is_active, last_name, email, first_name, date_joined)
            VALUES (1, 'alice', '', 0, 0, 1, '', '', '', '2026-01-01 00:00:00'), (2, 'bob', '', 0, 0, 1, '', '', '', '2026-01-01 00:00:00');
            INSERT INTO chat_room (id, slug, name, topic, created) VALUES (1, 'lounge', 'Lounge', '', 0);";
        sqlx::raw_sql(sql).execute(database.pool()).await.expect("the rows fit");
        database.pool().clone()
    }

    pub(in crate::presence) fn person(id: i64, name: &str) -> Person {
        Person { id, name: name.to_owned() }
    }

    fn in_room(id: i64, name: &str) -> Attendee {
        Attendee { room: 1, person: person(id, name) }
    }

    #[tokio::test]
    async fn people_of_a_dead_process_are_gone_unless_they_are_elsewhere_too() -> sqlx::Result<()> {
        let pool = chat().await;
        let [dead, alive] = ["dead", "alive"].map(|name| Register::new(pool.clone(), name.to_owned()));
        assert!(dead.add("a1", &in_room(1, "alice")).await?);
        assert!(!alive.add("a2", &in_room(1, "alice")).await?);
        assert!(dead.add("b1", &in_room(2, "bob")).await?);
        assert_eq!(alive.online(1).await?, [1, 2]);

        sqlx::query("UPDATE chat_process SET seen = 0 WHERE id = 'dead'").execute(&pool).await?;
        assert_eq!(alive.online(1).await?, [1], "nobody has to sweep first");
        let later = clock::now() + NOBODY_LIVES_SO_LONG;
        assert!(alive.renew(later).await?);
        assert_eq!(alive.sweep(later).await?, [in_room(2, "bob")]);
        assert_eq!(alive.online(1).await?, [1]);
        assert_eq!(alive.sweep(later).await?, [], "the dead die once");
        assert!(!dead.renew(later).await?);
        Ok(())
    }

    #[tokio::test]
    async fn the_last_connection_is_the_last_of_all_processes() -> sqlx::Result<()> {
        let pool = chat().await;
        let [first, second] = ["first", "second"].map(|name| Register::new(pool.clone(), name.to_owned()));
        first.add("a1", &in_room(1, "alice")).await?;
        second.add("a2", &in_room(1, "alice")).await?;
        assert!(!first.remove("a1", &in_room(1, "alice")).await?);
        assert!(second.remove("a2", &in_room(1, "alice")).await?);
        assert!(!second.remove("a2", &in_room(1, "alice")).await?, "one that is gone was not the last");
        Ok(())
    }

    #[tokio::test]
    async fn a_process_that_ends_takes_its_people_with_it() -> sqlx::Result<()> {
        let register = Register::new(chat().await, "ending".to_owned());
        register.add("a1", &in_room(1, "alice")).await?;
        register.close().await?;
        assert_eq!(register.online(1).await?, [0; 0]);
        Ok(())
    }
}
