//! What is kept of a login session never outlives a change of the database, whoever makes it and wherever.

use std::future::poll_fn;
use std::pin::Pin;
use std::process::Command;
use std::str::FromStr;
use std::task::Poll;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{Connection, SqliteConnection, SqlitePool};
use tempfile::TempDir;

use super::session_cache::{Found, SessionKey};
use super::{Account, Accounts, NewUser};
use crate::database::{Database, Timestamp};
use crate::signing::Keys;

const DATABASE: &str = "CHANX_TEST_DATABASE";

/// A database file with a user who is logged in, and whose session is kept.
struct Scene {
    accounts: Accounts,
    alice: Account,
    key: String,
    directory: TempDir,
}

impl Scene {
    async fn new() -> Self {
        Self::with_size(super::SESSION_CACHE_SIZE).await
    }

    async fn with_size(size: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let database = Database::connect(&url(&directory), true).await.unwrap();
        Self::in_database(database, directory, size).await
    }

    async fn in_database(database: Database, directory: TempDir, size: usize) -> Self {
        database.migrate().await.unwrap();
        let accounts = Accounts::new(database, keys()).password_iterations(1).session_cache_size(size);
        let alice = NewUser { password: Some("brass-otter-lamp"), ..NewUser::named("alice") };
        let alice = accounts.create_user(alice).await.unwrap();
        let key = accounts.login(&alice).await.unwrap().key;
        let scene = Self { accounts, alice, key, directory };
        scene.assert_logged_in().await;
        scene
    }

    /// A connection like that of another program.
    async fn elsewhere(&self) -> SqliteConnection {
        let file = self.directory.path().join("site.sqlite3");
        SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.unwrap()
    }

    async fn execute_elsewhere(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&mut self.elsewhere().await).await.unwrap();
    }

    async fn user(&self) -> Option<String> {
        self.accounts.user_by_session(&self.key).await.unwrap().map(|account| account.username)
    }

    /// What would be answered without a query.
    async fn kept(&self) -> Option<Found> {
        let version = self.accounts.database.version().await.unwrap().unwrap();
        self.accounts.sessions.find(&SessionKey::of(&self.key), version, &Timestamp::now().stored())
    }

    async fn is_kept(&self) -> bool {
        matches!(self.kept().await, Some(Found::Current(_)))
    }

    async fn assert_logged_in(&self) {
        assert_eq!(self.user().await.as_deref(), Some("alice"));
        assert_eq!(self.is_kept().await, self.accounts.sessions.is_on());
        assert_eq!(self.user().await.as_deref(), Some("alice"));
    }

    async fn assert_logged_out(&self) {
        assert!(!self.is_kept().await);
        assert_eq!(self.user().await, None);
        assert_eq!(self.kept().await, None, "a session that leads to nobody is forgotten");
    }
}

fn url(directory: &TempDir) -> String {
    format!("sqlite://{}", directory.path().join("site.sqlite3").display())
}

fn keys() -> Keys {
    Keys::new("only-for-tests", [""; 0])
}

#[tokio::test]
async fn a_logout_counts_at_once() {
    let scene = Scene::new().await;
    scene.accounts.logout(&scene.key).await.unwrap();
    scene.assert_logged_out().await;
}

#[tokio::test]
async fn what_another_connection_does_counts_at_once() {
    for sql in [
        "DELETE FROM django_session",
        "UPDATE django_session SET expire_date = '2001-01-01 00:00:00'",
        "UPDATE django_session SET session_data = session_data || 'x'",
        "UPDATE auth_user SET password = 'another'",
        "UPDATE auth_user SET is_active = 0",
        "DELETE FROM auth_user",
    ] {
        let scene = Scene::new().await;
        scene.execute_elsewhere(sql).await;
        scene.assert_logged_out().await;
    }
}

#[tokio::test]
async fn another_process_counts_too() {
    let scene = Scene::new().await;
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "accounts::staleness::logs_everybody_out"])
        .env(DATABASE, scene.directory.path().join("site.sqlite3"))
        .status();
    assert!(status.unwrap().success());
    scene.assert_logged_out().await;
}

#[tokio::test]
#[ignore = "run by `another_process_counts_too` in a process of its own"]
async fn logs_everybody_out() {
    let file = std::env::var(DATABASE).unwrap();
    let mut connection = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(file)).await.unwrap();
    let deleted = sqlx::query("DELETE FROM django_session").execute(&mut connection).await.unwrap();
    assert_eq!(deleted.rows_affected(), 1);
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_changed_password_ends_what_is_kept() {
    let scene = Scene::new().await;
    scene.accounts.set_password(scene.alice.id, "green-otter-lamp").await.unwrap();
    scene.assert_logged_out().await;
}

#[tokio::test]
async fn a_changed_user_is_shown_changed() {
    let scene = Scene::new().await;
    scene.execute_elsewhere("UPDATE auth_user SET is_staff = 1, email = 'alice@example.com'").await;
    let alice = scene.accounts.user_by_session(&scene.key).await.unwrap().unwrap();
    assert_eq!((alice.is_staff, alice.email.as_str()), (true, "alice@example.com"));
    assert_eq!(scene.kept().await, Some(Found::Current(alice)));
}

#[tokio::test]
async fn time_passes_without_a_change_of_the_database() {
    let mut scene = Scene::new().await;
    scene.accounts = scene.accounts.session_age(Duration::from_secs(1));
    scene.key = scene.accounts.login(&scene.alice).await.unwrap().key;
    let ended = async {
        while scene.user().await.is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap();
    scene.assert_logged_out().await;
}

#[tokio::test]
async fn changes_count_before_and_after_the_log_is_written_back() {
    for checkpoint in ["PASSIVE", "FULL", "RESTART", "TRUNCATE"] {
        let scene = Scene::new().await;
        let mut elsewhere = scene.elsewhere().await;
        let checkpoint: &'static str = format!("PRAGMA wal_checkpoint({checkpoint})").leak();
        sqlx::raw_sql(checkpoint).execute(&mut elsewhere).await.unwrap();
        scene.assert_logged_in().await;
        sqlx::raw_sql("DELETE FROM django_session").execute(&mut elsewhere).await.unwrap();
        sqlx::raw_sql(checkpoint).execute(&mut elsewhere).await.unwrap();
        scene.assert_logged_out().await;
    }
}

#[tokio::test]
async fn a_rebuilt_database_counts_as_changed() {
    let scene = Scene::new().await;
    scene.execute_elsewhere("VACUUM").await;
    assert!(!scene.is_kept().await);
    scene.assert_logged_in().await;
}

#[tokio::test]
async fn what_is_not_committed_does_not_count() {
    let scene = Scene::new().await;
    let mut elsewhere = scene.elsewhere().await;
    let mut transaction = elsewhere.begin().await.unwrap();
    sqlx::query("DELETE FROM django_session").execute(&mut *transaction).await.unwrap();
    assert!(scene.is_kept().await);
    transaction.rollback().await.unwrap();
    assert!(scene.is_kept().await);
}

#[tokio::test]
async fn many_at_once_see_the_same_logout() {
    for size in [0, super::SESSION_CACHE_SIZE] {
        let scene = Scene::with_size(size).await;
        for _ in 0..20 {
            let before = ask_at_once(&scene, 20).await;
            assert!(before.iter().all(Option::is_some));
            scene.execute_elsewhere("UPDATE auth_user SET is_active = 0").await;
            let during = ask_at_once(&scene, 20).await;
            assert!(during.iter().all(Option::is_none));
            scene.execute_elsewhere("UPDATE auth_user SET is_active = 1").await;
        }
    }
}

/// Wherever a look-up is when the session ends: nobody who asks from then on is told that it goes on.
#[tokio::test]
async fn a_logout_in_the_middle_of_a_look_up_counts_for_the_next() {
    for size in [0, super::SESSION_CACHE_SIZE] {
        let mut steps = 0;
        while !is_ended_in_the_middle(size, steps).await {
            steps += 1;
        }
        // On a busy machine SQLite's thread may answer before its answer is waited for.
        assert!(steps > 0);
    }
}

/// Ends the session when a look-up has gone so many steps; says whether the look-up was over by then.
async fn is_ended_in_the_middle(size: usize, steps: u32) -> bool {
    let scene = Scene::with_size(size).await;
    scene.execute_elsewhere("UPDATE auth_user SET first_name = 'Alice'").await;
    let mut early = Box::pin(scene.user());
    let is_over = go(early.as_mut(), steps).await.is_some();
    scene.execute_elsewhere("DELETE FROM django_session").await;
    if !is_over {
        let (_, late) = tokio::join!(early, scene.user());
        assert_eq!(late, None, "asked when another look-up had gone {steps} steps");
    }
    assert_eq!(scene.user().await, None, "after a look-up that had gone {steps} steps");
    is_over
}

/// Lets a future be woken so many times.
async fn go<F: Future>(mut future: Pin<&mut F>, mut steps: u32) -> Option<F::Output> {
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if steps == 0 => Poll::Ready(None),
        Poll::Pending => {
            steps -= 1;
            Poll::Pending
        }
    })
    .await
}

async fn ask_at_once(scene: &Scene, count: usize) -> Vec<Option<Account>> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..count {
        let (accounts, key) = (scene.accounts.clone(), scene.key.clone());
        tasks.spawn(async move { accounts.user_by_session(&key).await.unwrap() });
    }
    tasks.join_all().await
}

#[tokio::test]
async fn nothing_is_kept_where_the_size_is_zero() {
    let scene = Scene::with_size(0).await;
    assert_eq!(scene.kept().await, None);
    scene.accounts.logout(&scene.key).await.unwrap();
    scene.assert_logged_out().await;
}

#[tokio::test]
async fn a_session_that_changed_hands_leads_to_its_new_user() {
    let scene = Scene::new().await;
    let bob = NewUser { password: Some("brass-otter-lamp"), ..NewUser::named("bob") };
    let bob = scene.accounts.create_user(bob).await.unwrap();
    let other = scene.accounts.login(&bob).await.unwrap().key;
    let sql = "UPDATE django_session SET session_data = \
               (SELECT session_data FROM django_session WHERE session_key = $2) WHERE session_key = $1";
    sqlx::query(sql).bind(&scene.key).bind(other).execute(&mut scene.elsewhere().await).await.unwrap();
    assert_eq!(scene.user().await.as_deref(), Some("bob"));
}

#[tokio::test]
async fn a_closed_database_answers_nothing_that_was_kept() {
    let scene = Scene::new().await;
    scene.accounts.database().pool().close().await;
    assert!(scene.accounts.user_by_session(&scene.key).await.is_err());
}

#[tokio::test]
async fn a_database_in_memory_keeps_nothing_and_works() {
    let database = Database::connect("sqlite::memory:", true).await.unwrap();
    database.migrate().await.unwrap();
    assert_eq!(database.version().await.unwrap(), None);
}

#[tokio::test]
async fn a_database_that_is_not_in_write_ahead_mode_tells_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let options = SqliteConnectOptions::from_str(&url(&directory)).unwrap().create_if_missing(true);
    let pool = SqlitePool::connect_with(options.journal_mode(SqliteJournalMode::Delete)).await.unwrap();
    let scene = Scene::in_database(Database::of(pool), directory, 1).await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut scene.elsewhere().await).await.unwrap();
    assert_eq!(mode, "delete");
    scene.execute_elsewhere("DELETE FROM django_session").await;
    scene.assert_logged_out().await;
}
