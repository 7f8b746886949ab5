//! The schema: as Django leaves it, on empty and on migrated databases.

use chanx_site::database::{Database, DatabaseError, MigrateError, Migration};

use crate::fixture::{Fixture, keys, url};

const NOTES: Migration = Migration {
    app: "notes",
    name: "0001_initial",
    sql: "CREATE TABLE notes_note (id integer PRIMARY KEY, text text NOT NULL); \
          INSERT INTO notes_note (text) VALUES ('first');",
};

async fn empty() -> Database {
    Database::connect("sqlite::memory:", true).await.unwrap()
}

/// Name and definition of each table and index, with the blanks made equal.
async fn schema(database: &Database) -> Vec<(String, String)> {
    let sql = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'app_%' \
               AND tbl_name NOT IN ('django_admin_log', 'sqlite_sequence') ORDER BY name";
    let rows: Vec<(String, String)> = sqlx::query_as(sql).fetch_all(database.pool()).await.unwrap();
    rows.into_iter().map(|(name, sql)| (name, compact(&sql))).collect()
}

fn compact(sql: &str) -> String {
    let words: Vec<_> = sql.split_whitespace().collect();
    words.join(" ").replace("( ", "(").replace(" )", ")")
}

async fn recorded(database: &Database) -> Vec<(String, String)> {
    let sql = "SELECT app, name FROM django_migrations WHERE app NOT IN ('admin', 'app') ORDER BY app, name";
    sqlx::query_as(sql).fetch_all(database.pool()).await.unwrap()
}

#[tokio::test]
async fn an_empty_database_gets_djangos_schema_and_records() {
    let (database, fixture) = (empty().await, Fixture::open(keys()).await);
    let django = fixture.accounts.database();
    let pending = database.pending_migrations().await.unwrap();
    let applied = database.migrate().await.unwrap();
    assert_eq!(applied, pending);
    assert_eq!(applied.len(), 19);
    assert_eq!(applied.first().map(String::as_str), Some("contenttypes.0001_initial"));
    assert_eq!(schema(&database).await, schema(django).await);
    assert_eq!(recorded(&database).await, recorded(django).await);
}

#[tokio::test]
async fn a_second_time_nothing_is_left_to_do() {
    let database = empty().await;
    database.migrate().await.unwrap();
    assert!(database.pending_migrations().await.unwrap().is_empty());
    assert!(database.migrate().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_database_of_django_is_left_alone() {
    let fixture = Fixture::open(keys()).await;
    let database = fixture.accounts.database();
    let before = schema(database).await;
    assert!(database.pending_migrations().await.unwrap().is_empty());
    assert!(database.migrate().await.unwrap().is_empty());
    assert_eq!(schema(database).await, before);
}

#[tokio::test]
async fn an_application_adds_its_own_tables_once() {
    let database = empty().await;
    database.migrate().await.unwrap();
    assert_eq!(database.pending_migrations_with(&[NOTES]).await.unwrap(), ["notes.0001_initial"]);
    assert_eq!(database.migrate_with(&[NOTES]).await.unwrap(), ["notes.0001_initial"]);
    assert!(database.migrate_with(&[NOTES]).await.unwrap().is_empty());
    let notes: i64 = sqlx::query_scalar("SELECT count(*) FROM notes_note").fetch_one(database.pool()).await.unwrap();
    assert_eq!(notes, 1);
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_database_as_it_was() {
    let database = empty().await;
    let broken = Migration { name: "0002_broken", sql: "CREATE TABLE half (id integer); nonsense;", ..NOTES };
    let outcome = database.migrate_with(&[NOTES, broken]).await;
    assert!(matches!(&outcome, Err(MigrateError::Step { label, .. }) if label == "notes.0002_broken"), "{outcome:?}");
    assert!(schema(&database).await.is_empty());
    assert_eq!(database.migrate_with(&[NOTES]).await.unwrap().len(), 20);
}

#[tokio::test]
async fn a_half_migrated_application_is_left_to_django() {
    let fixture = Fixture::open(keys()).await;
    let database = fixture.accounts.database();
    let sql = "DELETE FROM django_migrations WHERE app = 'auth' AND name LIKE '0012%'";
    sqlx::query(sql).execute(database.pool()).await.unwrap();
    let error = database.migrate().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "auth is migrated in part (missing: 0012_alter_user_first_name_max_length); \
         run Django's own `manage.py migrate` first"
    );
}

#[tokio::test]
async fn processes_that_start_together_migrate_once() {
    let directory = tempfile::tempdir().unwrap();
    let url = url(&directory.path().join("new/site.sqlite3"));
    let (one, other) = (Database::connect(&url, true).await.unwrap(), Database::connect(&url, true).await.unwrap());
    let (first, second) = tokio::join!(one.migrate(), other.migrate());
    assert_eq!(first.unwrap().len() + second.unwrap().len(), 19);
}

#[tokio::test]
async fn databases_that_cannot_be_opened_say_why() {
    let directory = tempfile::tempdir().unwrap();
    let missing = url(&directory.path().join("missing.sqlite3"));
    assert!(matches!(Database::connect(&missing, false).await, Err(DatabaseError::Missing { .. })));
    let secret = Database::connect("postgres://user:secret@host/db", true).await.unwrap_err();
    assert!(matches!(secret, DatabaseError::UnsupportedUrl) && !secret.to_string().contains("secret"));
    let odd = Database::connect("sqlite://x?nonsense=1", true).await;
    assert!(matches!(odd, Err(DatabaseError::InvalidUrl(_))));

    let file = directory.path().join("text");
    std::fs::write(&file, "this is no database, though it is long enough to look at ".repeat(20)).unwrap();
    assert!(matches!(Database::connect(&url(&file), false).await, Err(DatabaseError::Open { .. })));
    let below = url(&file.join("site.sqlite3"));
    assert!(matches!(Database::connect(&below, true).await, Err(DatabaseError::Directory { .. })));
}

#[tokio::test]
async fn foreign_keys_and_write_ahead_are_on() {
    let fixture = Fixture::open(keys()).await;
    let pool = fixture.accounts.database().pool();
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await.unwrap();
    let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(pool).await.unwrap();
    assert_eq!((mode.as_str(), keys), ("wal", 1));
}
