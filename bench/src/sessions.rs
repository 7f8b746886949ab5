//! Users that are logged in: a database file as a site has it, for one measurement.

use std::io;

use chanx_site::accounts::{Accounts, AccountsError, CreateUserError, NewUser};
use chanx_site::database::{Database, DatabaseError, MigrateError};
use chanx_site::signing::Keys;
use tempfile::TempDir;
use thiserror::Error;

use crate::work::Login;

/// Signs the sessions of users that exist for a few seconds.
pub(crate) const SECRET_KEY: &str = "only-for-measurements-and-long-enough-to-be-taken";

/// As many as one may expect to come again and again.
const USERS: usize = 500;

/// Users, each with a session; none where nobody logs in.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    files: Option<Files>,
    keys: Vec<String>,
}

/// The database, which ends with this.
#[derive(Debug)]
struct Files {
    url: String,
    _directory: TempDir,
}

/// Why there are no users.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum SessionsError {
    #[error("there is no place for a database")]
    Directory(#[source] io::Error),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    Create(#[from] CreateUserError),
    #[error(transparent)]
    Login(#[from] AccountsError),
}

impl Sessions {
    /// What this way to log in needs.
    ///
    /// # Errors
    /// The database cannot be made.
    pub(crate) fn for_login(login: Login) -> Result<Self, SessionsError> {
        match login {
            Login::Nobody => Ok(Self::default()),
            Login::Session | Login::CachedSession => Self::create(),
        }
    }

    /// Makes the database and its users.
    ///
    /// # Errors
    /// The database cannot be made.
    pub(crate) fn create() -> Result<Self, SessionsError> {
        let directory = tempfile::tempdir().map_err(SessionsError::Directory)?;
        let url = format!("sqlite://{}", directory.path().join("bench.sqlite3").display());
        let runtime = tokio::runtime::Runtime::new().map_err(SessionsError::Directory)?;
        let keys = runtime.block_on(log_in(&url))?;
        Ok(Self { files: Some(Files { url, _directory: directory }), keys })
    }

    /// The address of the database.
    pub(crate) fn database(&self) -> Option<&str> {
        self.files.as_ref().map(|files| files.url.as_str())
    }

    /// The keys of the sessions.
    pub(crate) fn keys(&self) -> &[String] {
        &self.keys
    }
}

async fn log_in(url: &str) -> Result<Vec<String>, SessionsError> {
    let database = Database::connect(url, true).await?;
    database.migrate().await?;
    let accounts = Accounts::new(database.clone(), Keys::new(SECRET_KEY, [""; 0]));
    let mut keys = Vec::with_capacity(USERS);
    for number in 0..USERS {
        let account = accounts.create_user(NewUser::named(&format!("user{number}"))).await?;
        keys.push(accounts.login(&account).await?.key);
    }
    database.pool().close().await;
    Ok(keys)
}
