//! A site for tests: a fresh database, users, and the headers of browsers that are logged in.

use axum::Router;
use chanx::testing::Connector;
use chanx::{Settings, StartError};
use http::header::{COOKIE, InvalidHeaderValue, ORIGIN};
use http::{HeaderMap, HeaderValue};

use crate::accounts::{Account, Accounts, AccountsError, CreateUserError, NewUser};
use crate::database::{Database, DatabaseError, MigrateError};
use crate::project::Project;
use crate::signing::Keys;
use crate::site::{Site, SiteError};

/// The origin of the pages that test clients claim to come from; every test site allows it.
pub const TEST_ORIGIN: &str = "http://testserver";

/// Nothing that it signs outlives the test.
const SECRET_KEY: &str = "only-for-tests-and-long-enough-to-be-taken";

/// An application as a test meets it: in this process, without a port, with a database in memory
/// that ends with it. Passwords are hashed in one round, so that tests need not wait.
///
/// ```
/// use chanx_site::Project;
/// use chanx_site::accounts::NewUser;
/// use chanx_site::testing::TestSite;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let site = TestSite::new(&Project::new("echo")).await?;
/// site.create_user(NewUser { password: Some("brass-otter-lamp"), ..NewUser::named("alice") }).await?;
///
/// let browser = site.login("alice", "brass-otter-lamp").await?;
/// assert!(browser.contains_key("cookie") && browser.contains_key("origin"));
/// # Ok(()) }
/// # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
/// ```
///
/// It goes with `#[tokio::test(start_paused = true)]`, and with a call of `tokio::time::pause` in the middle of a test:
/// the clock stands still while a query is under way, one of [`Database::pool`] too. A connection that a test or a
/// handler keeps in its hands, such as a transaction, counts as a query for ten seconds of real time; do not sleep with
/// one.
#[derive(Debug, Clone)]
pub struct TestSite {
    site: Site,
    router: Router,
}

impl TestSite {
    /// Sets an application up with the default settings and its own changes to them. Neither
    /// `chanx.toml` nor the environment is read.
    ///
    /// # Errors
    /// A migration, a template, a route or a setting of the application is wrong.
    pub async fn new(project: &Project) -> Result<Self, TestSiteError> {
        let mut settings = project.adjust(Settings::default());
        settings.allowed_origins.push(TEST_ORIGIN.to_owned());
        let database = Database::connect("sqlite::memory:", true).await?;
        database.migrate_with(&project.additions().migrations).await?;
        let accounts = Accounts::new(database, Keys::new(SECRET_KEY, [""; 0]))
            .session_age(settings.session_cookie_age)
            .password_iterations(1);
        let site = Site::assemble(settings, accounts, project.additions())?;
        let router = project.app(&site)?.router;
        Ok(Self { site, router })
    }

    /// The site, with its database and accounts.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The whole application: pages and sockets. Requests go to it with `tower::ServiceExt::oneshot`,
    /// sockets have [`socket`](Self::socket).
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// A socket of the application, to be connected with the headers of one of its browsers:
    /// `site.socket("/ws/echo/").headers(&browser).connect()`. There may be as many as a test needs.
    pub fn socket(&self, path: &str) -> Connector {
        Connector::new(self.router(), path)
    }

    /// Creates a user.
    ///
    /// # Errors
    /// The name or the password breaks a rule.
    pub async fn create_user(&self, user: NewUser<'_>) -> Result<Account, CreateUserError> {
        self.site.accounts().create_user(user).await
    }

    /// The headers of a browser on a page of this site in which nobody is logged in.
    pub fn anonymous(&self) -> HeaderMap {
        HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(TEST_ORIGIN))])
    }

    /// The headers of a browser in which this user has logged in with a password.
    ///
    /// # Errors
    /// The name and the password do not go together.
    pub async fn login(&self, username: &str, password: &str) -> Result<HeaderMap, LoginError> {
        let account = self.site.accounts().check_password(username, password).await?;
        let account = account.ok_or_else(|| LoginError::Refused { username: username.to_owned() })?;
        self.login_as(&account).await
    }

    /// The headers of a browser in which this user is logged in, without asking for a password.
    ///
    /// # Errors
    /// The user is gone.
    pub async fn login_as(&self, account: &Account) -> Result<HeaderMap, LoginError> {
        let session = self.site.accounts().login(account).await?;
        let cookie = format!("{}={}", self.site.settings().session_cookie_name, session.key);
        let mut headers = self.anonymous();
        headers.insert(COOKIE, HeaderValue::try_from(cookie)?);
        Ok(headers)
    }
}

/// Why a test site cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestSiteError {
    /// There is no database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A migration is wrong.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// A template or a setting is wrong.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// A route is wrong.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Why nobody is logged in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The name and the password do not go together, or the user is inactive.
    #[error("{username:?} may not log in with this password")]
    Refused {
        /// The name.
        username: String,
    },
    /// The accounts failed.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// The setting `session_cookie_name` is no cookie's name.
    #[error("the session cookie cannot be sent")]
    Cookie(#[from] InvalidHeaderValue),
}
