//! The database file: opened from a URL and brought to Django's schema. Knows no user and no session.

mod clock;
mod migrations;
mod reader;
mod timestamp;
mod together;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::query::Query;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Sqlite, SqlitePool};

pub use migrations::{MigrateError, Migration};
pub(crate) use reader::Version;
pub(crate) use timestamp::Timestamp;
pub(crate) use together::Together;

use clock::PoolWatch;
use reader::Reader;

/// How long a statement waits for another process, such as a Django site, that is writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A pool of connections to the site's database.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use chanx_site::database::Database;
///
/// let database = Database::connect("sqlite://data/site.sqlite3", true).await?;
/// for migration in database.migrate().await? {
///     println!("applied {migration}");
/// }
/// # Ok(()) }
/// ```
///
/// With the feature `testing`, queries hold tokio's paused clock: `#[tokio::test(start_paused = true)]` works with a
/// database, and time passes only when no query is under way.
#[derive(Debug, Clone)]
pub struct Database {
    pool: SqlitePool,
    /// `None` for a database in memory, which has a single connection.
    reader: Option<Arc<Reader>>,
    /// `None` where the clock cannot be paused.
    _watch: Option<Arc<PoolWatch>>,
}

impl Database {
    /// Opens `sqlite://relative/path`, `sqlite:///absolute/path` or `sqlite::memory:`.
    ///
    /// With `create`, a missing file and its directories are made; without, a missing file is an
    /// error. Files are put into write-ahead mode, which Django reads as well.
    ///
    /// # Errors
    /// The URL is of another kind, the file is missing, or it cannot be opened.
    pub async fn connect(url: &str, create: bool) -> Result<Self, DatabaseError> {
        let options = options(url)?.create_if_missing(create);
        if is_in_memory(url) {
            let (pool, watch) = open(in_memory_pool(), options).await?;
            return Ok(Self { pool, reader: None, _watch: watch });
        }
        prepare_file(options.get_filename(), create)?;
        let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Normal);
        let (pool, watch) = open(SqlitePoolOptions::new(), options).await?;
        Ok(Self { _watch: watch, ..Self::of(pool) })
    }

    /// A database in a file.
    pub(crate) fn of(pool: SqlitePool) -> Self {
        Self { reader: Some(Arc::new(Reader::new(&pool))), pool, _watch: None }
    }

    /// Whether the database answers. What is wrong is logged.
    pub(crate) async fn is_alive(&self) -> bool {
        let answer = sqlx::query("SELECT 1").execute(&self.pool).await;
        answer.inspect_err(|error| tracing::warn!(%error, "the database does not answer")).is_ok()
    }

    /// Where the database stands now; none if it cannot tell, so that nothing read from it may be kept.
    pub(crate) async fn version(&self) -> sqlx::Result<Option<Version>> {
        match &self.reader {
            Some(reader) => reader.version().await.map(Some),
            None => Ok(None),
        }
    }

    /// The rows of a query that changes nothing, and that is asked often.
    pub(crate) async fn read(&self, query: Query<'static, Sqlite, SqliteArguments>) -> sqlx::Result<Vec<SqliteRow>> {
        match &self.reader {
            Some(reader) => reader.rows(query).await,
            None => query.fetch_all(&self.pool).await,
        }
    }

    /// The connections, for an application's own queries.
    pub fn pool(&self) -> &SqlitePool {
        &self.pool
    }
}

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The URL does not begin with `sqlite:`. It is not shown, because it may hold a password.
    #[error("the database URL must look like sqlite://path/to/file or sqlite::memory:")]
    UnsupportedUrl,
    /// The URL has a parameter that SQLite does not know.
    #[error("the database URL is wrong")]
    InvalidUrl(#[source] sqlx::Error),
    /// There is no such file, and none was to be made.
    #[error("there is no database file {}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file's directory could not be made.
    #[error("cannot create the directory {}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is there but could not be opened.
    #[error("cannot open the database {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: sqlx::Error,
    },
}

async fn open(
    pool: SqlitePoolOptions,
    options: SqliteConnectOptions,
) -> Result<(SqlitePool, Option<Arc<PoolWatch>>), DatabaseError> {
    let path = options.get_filename().to_owned();
    PoolWatch::open(pool, options).await.map_err(|source| DatabaseError::Open { path, source })
}

fn options(url: &str) -> Result<SqliteConnectOptions, DatabaseError> {
    if !url.starts_with("sqlite:") {
        return Err(DatabaseError::UnsupportedUrl);
    }
    let options = SqliteConnectOptions::from_str(url).map_err(DatabaseError::InvalidUrl)?;
    Ok(options.busy_timeout(BUSY_TIMEOUT).foreign_keys(true))
}

fn is_in_memory(url: &str) -> bool {
    url.contains(":memory:") || url.contains("mode=memory")
}

/// A single connection that is never dropped: with it, the data would go.
fn in_memory_pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None)
}

fn prepare_file(path: &Path, create: bool) -> Result<(), DatabaseError> {
    if path.exists() {
        return Ok(());
    }
    if !create {
        return Err(DatabaseError::Missing { path: path.to_owned() });
    }
    let Some(directory) = path.parent() else { return Ok(()) };
    fs::create_dir_all(directory).map_err(|source| DatabaseError::Directory { path: directory.to_owned(), source })
}
