//! A connection that only reads: what it tells about changes by others, and queries without the pool's ceremony.
//!
//! A pool asks a connection whether it is alive before and after each use, and each question is a journey to SQLite's
//! thread and back. Here a query is one journey. The price is that readers take turns, which lasts microseconds: in
//! write-ahead mode no writer holds them up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use sqlx::query::QueryAs;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow};
use sqlx::{Connection, FromRow, Sqlite, SqliteConnection, SqlitePool};
use tokio::sync::Mutex;
use tokio::task::yield_now;

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
    /// How many checks of the version have begun.
    begun: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: Option<Open>,
    /// How many connections there have been.
    connections: u64,
    last_check: Option<Check>,
}

#[derive(Debug)]
struct Open {
    connection: SqliteConnection,
    since: Instant,
}

#[derive(Debug, Clone, Copy)]
struct Check {
    number: u64,
    version: Version,
}

impl Reader {
    pub(super) fn new(pool: &SqlitePool) -> Self {
        Self { pool: pool.clone(), begun: AtomicU64::new(0), state: Mutex::default() }
    }

    /// The version of the database at some moment since the call.
    ///
    /// Calls that wait at the same time share the answer: it may be that of a check that another call began, if it
    /// began after this call, so that it saw all that was committed before.
    pub(super) async fn version(&self) -> sqlx::Result<Version> {
        let begun_before = self.begun.load(Ordering::SeqCst);
        let mut state = self.state.lock().await;
        if let Some(check) = state.last_check.filter(|check| check.number > begun_before) {
            return Ok(check.version);
        }
        // Others that are about to ask do so now, and share this check.
        yield_now().await;
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let version = state.version(&self.pool).await?;
        // Only now: a check that was cancelled has seen nothing.
        state.last_check = Some(Check { number, version });
        Ok(version)
    }

    /// The first row of a query that changes nothing.
    pub(super) async fn optional<T>(
        &self,
        query: QueryAs<'static, Sqlite, T, SqliteArguments>,
    ) -> sqlx::Result<Option<T>>
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let mut state = self.state.lock().await;
        let row = query.fetch_optional(state.connection(&self.pool).await?).await;
        state.keep_if_good(row)
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

    fn count() -> QueryAs<'static, Sqlite, (i64,), SqliteArguments> {
        sqlx::query_as("SELECT count(*) FROM number")
    }

    #[tokio::test]
    async fn a_version_changes_with_each_commit_and_with_nothing_else() {
        let (reader, _directory) = reader().await;
        let mut last = reader.version().await.unwrap();
        for number in 1..5 {
            assert_eq!(reader.version().await.unwrap(), last);
            write(&reader).await;
            assert_eq!(reader.optional(count()).await.unwrap(), Some((number,)));
            let version = reader.version().await.unwrap();
            assert_ne!(version, last);
            last = version;
        }
    }

    #[tokio::test]
    async fn the_reader_cannot_write() {
        let (reader, _directory) = reader().await;
        let query = sqlx::query_as::<_, (i64,)>("INSERT INTO number VALUES (1) RETURNING value");
        assert!(reader.optional(query).await.is_err());
        assert_eq!(reader.optional(count()).await.unwrap(), Some((0,)));
    }

    #[tokio::test]
    async fn a_new_connection_has_versions_of_its_own() {
        let (reader, _directory) = reader().await;
        let before = reader.version().await.unwrap();
        assert!(reader.optional(sqlx::query_as::<_, (i64,)>("SELECT nonsense")).await.is_err());
        assert_ne!(reader.version().await.unwrap(), before);
    }

    #[tokio::test]
    async fn those_who_wait_together_share_a_check_that_none_of_them_is_too_early_for() {
        let (reader, _directory) = reader().await;
        reader.version().await.unwrap();
        let (one, two, three) = tokio::join!(reader.version(), reader.version(), reader.version());
        assert!(one.unwrap() == two.unwrap() && three.is_ok());
        assert_eq!(reader.begun.load(Ordering::SeqCst), 2);

        // A check that began before a call is not enough for it.
        let mut writer = locked(&reader).await;
        let mut early = Box::pin(reader.version());
        begin(&reader, early.as_mut()).await;
        let (early, late, ()) = tokio::join!(early, reader.version(), commit(&mut writer));
        assert!(early.is_ok() && late.is_ok());
        assert_eq!(reader.begun.load(Ordering::SeqCst), 4);
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
        let begun = reader.begun.load(Ordering::SeqCst);
        while reader.begun.load(Ordering::SeqCst) == begun {
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
