//! A connection that only reads: what it tells about changes by others, and queries without the pool's ceremony.
//!
//! A pool asks a connection whether it is alive before and after each use, and each question is a journey to SQLite's
//! thread and back. Here a query is one journey. The price is that readers take turns, which lasts microseconds: in
//! write-ahead mode no writer holds them up.

use std::time::Instant;

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow};
use sqlx::{Connection, Sqlite, SqliteConnection, SqlitePool};
use tokio::sync::Mutex;

use super::{Together, clock};

/// A state of the database's content: two that are equal have nothing committed between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    /// SQLite counts for each connection anew.
    connection: u64,
    /// SQLite's `data_version`: changes with each commit of another connection, in whatever process.
    data: i64,
}

#[cfg(test)]
impl Version {
    pub(crate) fn test(data: i64) -> Self {
        Self { connection: 1, data }
    }
}

/// Opened when it is first needed, beside the pool's connections, and closed when they are.
#[derive(Debug)]
pub(super) struct Reader {
    pool: SqlitePool,
    /// All who ask for the version get the same answer.
    checks: Together<(), Version>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: Option<Open>,
    /// How many connections there have been.
    connections: u64,
}

#[derive(Debug)]
struct Open {
    connection: SqliteConnection,
    since: Instant,
}

impl Reader {
    pub(super) fn new(pool: &SqlitePool) -> Self {
        Self { pool: pool.clone(), checks: Together::new(usize::MAX), state: Mutex::default() }
    }

    /// The version of the database at some moment since the call.
    pub(super) async fn version(&self) -> sqlx::Result<Version> {
        self.checks.ask((), |askers| self.check(askers.len())).await
    }

    async fn check(&self, askers: usize) -> sqlx::Result<Vec<Version>> {
        let mut state = self.state.lock().await;
        let version = clock::hold(state.version(&self.pool)).await?;
        Ok(vec![version; askers])
    }

    /// The rows of a query that changes nothing.
    pub(super) async fn rows(&self, query: Query<'static, Sqlite, SqliteArguments>) -> sqlx::Result<Vec<SqliteRow>> {
        let mut state = self.state.lock().await;
        clock::hold(async {
            let rows = query.fetch_all(state.connection(&self.pool).await?).await;
            state.keep_if_good(rows)
        })
        .await
    }
}

impl State {
    async fn version(&mut self, pool: &SqlitePool) -> sqlx::Result<Version> {
        let query = sqlx::query_scalar("PRAGMA data_version");
        let data = query.fetch_one(self.connection(pool).await?).await;
        self.keep_if_good(data).map(|data| Version { connection: self.connections, data })
    }

    async fn connection(&mut self, pool: &SqlitePool) -> sqlx::Result<&mut SqliteConnection> {
        if pool.is_closed() {
            self.open = None;
            return Err(sqlx::Error::PoolClosed);
        }
        let open = match self.open.take().filter(|open| !open.is_worn(pool)) {
            Some(open) => open,
            None => self.connect(pool).await?,
        };
        Ok(&mut self.open.insert(open).connection)
    }

    async fn connect(&mut self, pool: &SqlitePool) -> sqlx::Result<Open> {
        self.connections += 1;
        let connection = SqliteConnection::connect_with(&read_only(pool)).await?;
        Ok(Open { connection, since: Instant::now() })
    }

    /// A connection that failed once is not used again.
    fn keep_if_good<T>(&mut self, result: sqlx::Result<T>) -> sqlx::Result<T> {
        result.inspect_err(|_| self.open = None)
    }
}

impl Open {
    /// Whether the pool would replace a connection of this age, so that a database file that was put in the place of
    /// another is noticed here when it is noticed there.
    fn is_worn(&self, pool: &SqlitePool) -> bool {
        pool.options().get_max_lifetime().is_some_and(|lifetime| self.since.elapsed() > lifetime)
    }
}

/// SQLite does not count what a connection changes itself, so that this one must not.
fn read_only(pool: &SqlitePool) -> SqliteConnectOptions {
    SqliteConnectOptions::clone(&pool.connect_options()).pragma("query_only", "ON")
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::Pin;
    use std::task::Poll;

    use sqlx::Row;
    use sqlx::pool::PoolConnection;
    use sqlx::sqlite::SqlitePoolOptions;
    use tempfile::TempDir;

    use super::*;

    async fn reader() -> (Reader, TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("reader.sqlite3");
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let pool = SqlitePoolOptions::new().connect_with(options).await.unwrap();
        sqlx::raw_sql("CREATE TABLE number (value integer)").execute(&pool).await.unwrap();
        (Reader::new(&pool), directory)
    }

    async fn write(reader: &Reader) {
        sqlx::raw_sql("INSERT INTO number VALUES (1)").execute(&reader.pool).await.unwrap();
    }

    async fn numbers(reader: &Reader) -> Vec<i64> {
        let rows = reader.rows(sqlx::query("SELECT value FROM number")).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    #[tokio::test]
    async fn a_version_changes_with_each_commit_and_with_nothing_else() {
        let (reader, _directory) = reader().await;
        let mut last = reader.version().await.unwrap();
        for number in 1..5 {
            assert_eq!(reader.version().await.unwrap(), last);
            write(&reader).await;
            assert_eq!(numbers(&reader).await, vec![1; number]);
            let version = reader.version().await.unwrap();
            assert_ne!(version, last);
            last = version;
        }
    }

    #[tokio::test]
    async fn the_reader_cannot_write() {
        let (reader, _directory) = reader().await;
        assert!(reader.rows(sqlx::query("INSERT INTO number VALUES (1) RETURNING value")).await.is_err());
        assert!(numbers(&reader).await.is_empty());
    }

    #[tokio::test]
    async fn a_new_connection_has_versions_of_its_own() {
        let (reader, _directory) = reader().await;
        let before = reader.version().await.unwrap();
        assert!(reader.rows(sqlx::query("SELECT nonsense")).await.is_err());
        assert_ne!(reader.version().await.unwrap(), before);
    }

    #[tokio::test]
    async fn a_version_is_not_older_than_the_question() {
        let (reader, _directory) = reader().await;
        let old = reader.version().await.unwrap();
        let mut writer = locked(&reader).await;
        let mut early = Box::pin(reader.version());
        begin(&reader, early.as_mut()).await;
        let late = Box::pin(reader.version());
        let (early, late, ()) = tokio::join!(early, late, commit(&mut writer));
        assert!(early.is_ok());
        assert_ne!(late.unwrap(), old);
    }

    #[tokio::test]
    async fn a_check_that_was_given_up_answers_nobody() {
        let (reader, _directory) = reader().await;
        let old = reader.version().await.unwrap();
        let mut writer = locked(&reader).await;
        let mut given_up = Box::pin(reader.version());
        let mut waiting = Box::pin(reader.version());
        assert!(poll_once(given_up.as_mut()).await.is_none() && poll_once(waiting.as_mut()).await.is_none());
        begin(&reader, given_up.as_mut()).await;
        drop(given_up);
        let (version, ()) = tokio::join!(waiting, commit(&mut writer));
        assert_ne!(version.unwrap(), old);
    }

    /// A connection that has written, and lets nobody read before it commits.
    async fn locked(reader: &Reader) -> PoolConnection<Sqlite> {
        let mut writer = reader.pool.acquire().await.unwrap();
        sqlx::raw_sql("BEGIN EXCLUSIVE; INSERT INTO number VALUES (1)").execute(&mut *writer).await.unwrap();
        writer
    }

    async fn commit(writer: &mut SqliteConnection) {
        sqlx::raw_sql("COMMIT").execute(writer).await.unwrap();
    }

    /// Lets a check begin that cannot end, because the database is locked.
    async fn begin(reader: &Reader, mut check: Pin<&mut impl Future>) {
        while reader.state.try_lock().is_ok() {
            assert!(poll_once(check.as_mut()).await.is_none());
        }
    }

    async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => Poll::Ready(None),
        })
        .await
    }
}
