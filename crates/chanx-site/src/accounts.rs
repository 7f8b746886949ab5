//! Users, their login sessions and their API tokens, as a Django site keeps them. Knows no HTTP.

mod account;
mod error;
mod identity;
mod logged_in;
mod login;
mod session_cache;
mod session_data;
#[cfg(test)]
mod staleness;
mod store;
mod tokens;
mod users;

use std::sync::Arc;
use std::time::Duration;

use crate::database::{Database, Together};
use crate::passwords::PasswordHasher;
use crate::signing::Keys;

use session_cache::{Login, SessionCache};
use store::{SessionQuestion, Store};

pub use account::{Account, NewUser};
pub use error::{AccountsError, CreateUserError, SetPasswordError};
pub use identity::{InvalidUsername, normalize_username};
pub use login::LoginSession;
pub use session_data::SessionData;
pub use tokens::TokenLookup;

/// How long a login session lasts unless told otherwise: two weeks, as in Django.
pub const SESSION_AGE: Duration = Duration::from_secs(1_209_600);

/// How many login sessions are kept in memory unless told otherwise.
pub const SESSION_CACHE_SIZE: usize = 10_000;

/// How many sessions are read in one turn at most: their signatures are checked without a pause.
const SESSIONS_READ_TOGETHER: usize = 64;

/// All that the site knows about its users. Cheap to clone.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use chanx_site::accounts::{Accounts, NewUser};
/// use chanx_site::database::Database;
/// use chanx_site::signing::Keys;
///
/// let database = Database::connect("sqlite::memory:", true).await?;
/// database.migrate().await?;
/// let accounts = Accounts::new(database, Keys::new("a long random text", [""; 0]));
///
/// let user = NewUser { password: Some("brass-otter-lamp"), ..NewUser::named("alice") };
/// accounts.create_user(user).await?;
///
/// let alice = accounts.check_password("alice", "brass-otter-lamp").await?.expect("the right password");
/// let session = accounts.login(&alice).await?;
/// let found = accounts.user_by_session(&session.key).await?;
/// assert_eq!(found.map(|account| account.username).as_deref(), Some("alice"));
/// # Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Accounts {
    database: Database,
    store: Store,
    keys: Arc<Keys>,
    hasher: PasswordHasher,
    session_age: Duration,
    sessions: Arc<SessionCache>,
    logins: Arc<Together<SessionQuestion, sqlx::Result<Option<Login>>>>,
}

impl Accounts {
    /// Accounts in a migrated database, with sessions signed by `keys`.
    pub fn new(database: Database, keys: Keys) -> Self {
        Self {
            store: Store::new(&database),
            database,
            keys: Arc::new(keys),
            hasher: PasswordHasher::new(),
            session_age: SESSION_AGE,
            sessions: Arc::new(SessionCache::new(SESSION_CACHE_SIZE)),
            logins: Arc::new(Together::new(SESSIONS_READ_TOGETHER)),
        }
    }

    /// Sets how long new login sessions last: `SESSION_COOKIE_AGE` of a Django site.
    #[must_use]
    pub fn session_age(self, session_age: Duration) -> Self {
        Self { session_age, ..self }
    }

    /// Sets how many login sessions are kept in memory with their users, about a kilobyte each; 0 for none.
    ///
    /// What is kept is used only while SQLite says that nothing at all was committed to the database since it was
    /// read, by whatever process: a logout counts from the next look-up on. Databases in memory keep nothing.
    #[must_use]
    pub fn session_cache_size(self, size: usize) -> Self {
        Self { sessions: Arc::new(SessionCache::new(size)), ..self }
    }

    /// Sets the rounds of PBKDF2 for new passwords, for tests that cannot wait.
    ///
    /// Hashes of fewer rounds than this are upgraded at the next login. The default is
    /// [`ITERATIONS`](crate::passwords::ITERATIONS).
    #[must_use]
    pub fn password_iterations(self, iterations: u32) -> Self {
        let hasher = self.hasher.with_iterations(iterations);
        Self { hasher, ..self }
    }

    /// The database that holds the accounts.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The keys that sign the sessions.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }
}
