//! All SQL about accounts, in the dialect that SQLite and PostgreSQL share, but for `json_each`. Knows no rule: callers
//! decide what a row means.

use std::iter;

use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row, SqlitePool};

use crate::database::{Database, Timestamp};

use super::Account;

const USER_BY_ID: &str = "SELECT * FROM auth_user WHERE id = $1";

#[derive(Debug, Clone)]
pub(super) struct Store {
    database: Database,
    pool: SqlitePool,
}

/// A user with the password column, which no public type carries.
pub(super) struct UserRow {
    pub(super) account: Account,
    pub(super) password: String,
}

/// What was found for each of several questions, in their places. A row that cannot be read spoils no other.
pub(super) type Places<T> = Vec<sqlx::Result<Option<T>>>;

/// A session to be looked up. Writes itself as SQLite's `json_each` reads it.
#[derive(Clone, Serialize)]
pub(super) struct SessionQuestion {
    pub(super) key: String,
    /// The user whom it is likely to belong to.
    pub(super) guess: Option<i64>,
}

/// A session that has not expired.
pub(super) struct SessionRow {
    pub(super) data: String,
    /// The moment in the form of [`Timestamp::stored`], which orders as the moments do.
    pub(super) expires: String,
    /// The user that was guessed, if there is such a user.
    pub(super) user: Option<UserRow>,
}

pub(super) struct NewUserRow<'a> {
    pub(super) username: &'a str,
    pub(super) email: &'a str,
    pub(super) password: &'a str,
    pub(super) is_staff: bool,
    pub(super) is_superuser: bool,
    pub(super) date_joined: Timestamp,
}

impl Store {
    pub(super) fn new(database: &Database) -> Self {
        Self { database: database.clone(), pool: database.pool().clone() }
    }

    pub(super) async fn insert_user(&self, user: &NewUserRow<'_>) -> sqlx::Result<i64> {
        let sql = "INSERT INTO auth_user (username, email, password, is_staff, is_superuser, is_active, \
                   date_joined, first_name, last_name) \
                   VALUES ($1, $2, $3, $4, $5, true, $6, '', '')";
        // Not `RETURNING`: SQLite gives its rows before it commits, and whether that works would go unseen.
        let query = sqlx::query(sql)
            .bind(user.username)
            .bind(user.email)
            .bind(user.password)
            .bind(user.is_staff)
            .bind(user.is_superuser)
            .bind(user.date_joined);
        Ok(query.execute(&self.pool).await?.last_insert_rowid())
    }

    pub(super) async fn user_by_id(&self, id: i64) -> sqlx::Result<Option<UserRow>> {
        sqlx::query_as(USER_BY_ID).bind(id).fetch_optional(&self.pool).await
    }

    pub(super) async fn user_by_name(&self, username: &str) -> sqlx::Result<Option<UserRow>> {
        let sql = "SELECT * FROM auth_user WHERE username = $1";
        sqlx::query_as(sql).bind(username).fetch_optional(&self.pool).await
    }

    pub(super) async fn user_by_token(&self, key: &str) -> sqlx::Result<Option<UserRow>> {
        let sql = "SELECT auth_user.* FROM auth_user \
                   JOIN authtoken_token ON authtoken_token.user_id = auth_user.id \
                   WHERE authtoken_token.key = $1";
        sqlx::query_as(sql).bind(key).fetch_optional(&self.pool).await
    }

    /// Whether there was such a user.
    pub(super) async fn set_password(&self, id: i64, password: &str) -> sqlx::Result<bool> {
        let sql = "UPDATE auth_user SET password = $2 WHERE id = $1";
        let result = sqlx::query(sql).bind(id).bind(password).execute(&self.pool).await?;
        Ok(result.rows_affected() > 0)
    }

    /// Replaces a hash unless the password was changed meanwhile.
    pub(super) async fn upgrade_password(&self, user: &UserRow, password: &str) -> sqlx::Result<()> {
        let sql = "UPDATE auth_user SET password = $3 WHERE id = $1 AND password = $2";
        let query = sqlx::query(sql).bind(user.account.id).bind(&user.password).bind(password);
        query.execute(&self.pool).await.map(drop)
    }

    pub(super) async fn set_last_login(&self, id: i64, moment: Timestamp) -> sqlx::Result<()> {
        let sql = "UPDATE auth_user SET last_login = $2 WHERE id = $1";
        sqlx::query(sql).bind(id).bind(moment).execute(&self.pool).await.map(drop)
    }

    /// The data of a session that has not expired at `moment`.
    pub(super) async fn session(&self, key: &str, moment: Timestamp) -> sqlx::Result<Option<String>> {
        let sql = "SELECT session_data FROM django_session WHERE session_key = $1 AND expire_date > $2";
        sqlx::query_scalar(sql).bind(key).bind(moment).fetch_optional(&self.pool).await
    }

    /// The sessions that are asked for and have not expired at `moment`, each with the user who was guessed.
    pub(super) async fn sessions(
        &self,
        questions: &[SessionQuestion],
        moment: Timestamp,
    ) -> sqlx::Result<Places<SessionRow>> {
        let sql = "SELECT asked.key AS place, session_data, expire_date, auth_user.* FROM json_each($1) AS asked \
                   CROSS JOIN django_session ON session_key = asked.value ->> 'key' AND expire_date > $2 \
                   LEFT JOIN auth_user ON auth_user.id = asked.value ->> 'guess'";
        let query = sqlx::query(sql).bind(json(questions)?).bind(moment);
        in_places(&self.database.read(query).await?, questions.len())
    }

    /// The users of sessions.
    pub(super) async fn session_users(&self, ids: &[i64]) -> sqlx::Result<Places<UserRow>> {
        let sql = "SELECT asked.key AS place, auth_user.* FROM json_each($1) AS asked \
                   CROSS JOIN auth_user ON auth_user.id = asked.value";
        in_places(&self.database.read(sqlx::query(sql).bind(json(ids)?)).await?, ids.len())
    }

    pub(super) async fn insert_session(&self, key: &str, data: &str, expires: Timestamp) -> sqlx::Result<()> {
        let sql = "INSERT INTO django_session (session_key, session_data, expire_date) VALUES ($1, $2, $3)";
        let query = sqlx::query(sql).bind(key).bind(data).bind(expires);
        query.execute(&self.pool).await.map(drop)
    }

    /// Whether there was such a session.
    pub(super) async fn update_session(&self, key: &str, data: &str, expires: Timestamp) -> sqlx::Result<bool> {
        let sql = "UPDATE django_session SET session_data = $2, expire_date = $3 WHERE session_key = $1";
        let query = sqlx::query(sql).bind(key).bind(data).bind(expires);
        Ok(query.execute(&self.pool).await?.rows_affected() > 0)
    }

    pub(super) async fn delete_session(&self, key: &str) -> sqlx::Result<()> {
        let sql = "DELETE FROM django_session WHERE session_key = $1";
        sqlx::query(sql).bind(key).execute(&self.pool).await.map(drop)
    }

    /// How many sessions had expired at `moment`.
    pub(super) async fn delete_expired_sessions(&self, moment: Timestamp) -> sqlx::Result<u64> {
        let sql = "DELETE FROM django_session WHERE expire_date < $1";
        Ok(sqlx::query(sql).bind(moment).execute(&self.pool).await?.rows_affected())
    }

    /// Stores `key` as the user's token unless there is one, and gives the token that counts.
    pub(super) async fn token(&self, user_id: i64, key: &str, moment: Timestamp) -> sqlx::Result<String> {
        let sql = "INSERT INTO authtoken_token (key, created, user_id) VALUES ($1, $2, $3) \
                   ON CONFLICT (user_id) DO NOTHING";
        sqlx::query(sql).bind(key).bind(moment).bind(user_id).execute(&self.pool).await?;
        let sql = "SELECT key FROM authtoken_token WHERE user_id = $1";
        sqlx::query_scalar(sql).bind(user_id).fetch_one(&self.pool).await
    }
}

/// `questions` as an array for SQLite's `json_each`, whose keys are the places of the questions.
fn json(questions: &[impl Serialize]) -> sqlx::Result<String> {
    serde_json::to_string(questions).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// What the rows are, each in the place that it names.
fn in_places<T>(rows: &[SqliteRow], count: usize) -> sqlx::Result<Places<T>>
where
    T: for<'r> FromRow<'r, SqliteRow>,
{
    let mut places: Places<T> = iter::repeat_with(|| Ok(None)).take(count).collect();
    for row in rows {
        let place: u32 = row.try_get("place")?;
        if let Some(found) = places.get_mut(place as usize) {
            *found = T::from_row(row).map(Some);
        }
    }
    Ok(places)
}

impl FromRow<'_, SqliteRow> for SessionRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let user: Option<i64> = row.try_get("id")?;
        Ok(Self {
            data: row.try_get("session_data")?,
            // The column's type is `datetime`; the query compares its text, and so do others.
            expires: row.try_get_unchecked("expire_date")?,
            user: user.map(|_| UserRow::from_row(row)).transpose()?,
        })
    }
}

impl FromRow<'_, SqliteRow> for UserRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        let last_login: Option<Timestamp> = row.try_get("last_login")?;
        let date_joined: Timestamp = row.try_get("date_joined")?;
        let account = Account {
            id: row.try_get("id")?,
            username: row.try_get("username")?,
            email: row.try_get("email")?,
            first_name: row.try_get("first_name")?,
            last_name: row.try_get("last_name")?,
            is_active: row.try_get("is_active")?,
            is_staff: row.try_get("is_staff")?,
            is_superuser: row.try_get("is_superuser")?,
            date_joined: date_joined.into(),
            last_login: last_login.map(Into::into),
        };
        Ok(Self { account, password: row.try_get("password")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As on a full disk: SQLite makes the row, and cannot keep it.
    #[tokio::test]
    async fn a_user_who_cannot_be_kept_is_an_error() {
        let database = Database::connect("sqlite::memory:", true).await.unwrap();
        database.migrate().await.unwrap();
        let trigger = "CREATE TRIGGER fault AFTER INSERT ON auth_user BEGIN \
                       INSERT INTO auth_user_groups (user_id, group_id) VALUES (NEW.id, 999); END";
        sqlx::query(trigger).execute(database.pool()).await.unwrap();
        let row = NewUserRow {
            username: "alice",
            email: "",
            password: "",
            is_staff: false,
            is_superuser: false,
            date_joined: Timestamp::now(),
        };
        assert!(Store::new(&database).insert_user(&row).await.is_err());
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM auth_user").fetch_one(database.pool()).await.unwrap();
        assert_eq!(kept, 0);
    }

    #[tokio::test]
    async fn an_upgrade_never_undoes_a_change_of_the_password() {
        let database = Database::connect("sqlite::memory:", true).await.unwrap();
        database.migrate().await.unwrap();
        let store = Store::new(&database);
        let row = NewUserRow {
            username: "alice",
            email: "",
            password: "old",
            is_staff: false,
            is_superuser: false,
            date_joined: Timestamp::now(),
        };
        let id = store.insert_user(&row).await.unwrap();
        let stale = store.user_by_id(id).await.unwrap().unwrap();
        assert!(store.set_password(id, "changed").await.unwrap());
        store.upgrade_password(&stale, "old, hashed anew").await.unwrap();
        let fresh = store.user_by_id(id).await.unwrap().unwrap();
        assert_eq!(fresh.password, "changed");
        store.upgrade_password(&fresh, "changed, hashed anew").await.unwrap();
        assert_eq!(store.user_by_id(id).await.unwrap().unwrap().password, "changed, hashed anew");
    }
}
