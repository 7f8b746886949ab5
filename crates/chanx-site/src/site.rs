//! The site as one value: settings, database, accounts and templates, for handlers and commands. Knows no route.

use std::fmt;
use std::sync::Arc;

use axum::response::Html;
use axum::{Extension, Router, middleware::from_fn};
use chanx::settings::Settings;
use chanx::{AllowedOrigins, Channels, OriginError};
use http::HeaderMap;
use serde::Serialize;

use crate::accounts::Accounts;
use crate::cookies::{InvalidCookie, SetCookie};
use crate::database::{Database, DatabaseError, MigrateError, Migration};
use crate::layer::{self, LayerSettingError};
use crate::signing::Keys;
use crate::store::SiteStore;
use crate::web::{self, Asset, Assets, LoginThrottle, RenderError, TemplateError, TemplateSource, Templates};

/// What an application adds to the site.
#[derive(Debug, Clone, Default)]
pub(crate) struct Additions {
    pub(crate) templates: Vec<TemplateSource>,
    pub(crate) assets: Vec<Asset>,
    pub(crate) migrations: Vec<Migration>,
}

/// Settings, database, accounts and templates of a running site. Cheap to clone, and an extractor
/// for handlers of routers that were [attached](Self::attach).
///
/// Most applications get one from [`Project`](crate::Project). Any other axum application can open
/// its own:
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use axum::{Router, routing::get};
/// use chanx::settings::Settings;
/// use chanx_site::Site;
/// use chanx_site::web::LoginRequired;
///
/// async fn home(LoginRequired(user): LoginRequired) -> String {
///     format!("Hello, {}!", user.username)
/// }
///
/// let site = Site::open(Settings::load()?).await?;
/// let app: Router = site.attach(Router::new().route("/", get(home)).merge(site.router()));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Site {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    accounts: Accounts,
    channels: Channels,
    templates: Templates,
    assets: Assets,
    trusted: AllowedOrigins,
    throttle: LoginThrottle,
    session_cookie: SetCookie,
    csrf_cookie: SetCookie,
}

impl Site {
    /// Opens the site that the settings describe.
    ///
    /// # Errors
    /// The secret key is missing, the database is missing or not migrated, or a setting is wrong.
    pub async fn open(settings: Settings) -> Result<Self, SiteError> {
        let database = Database::connect(settings.database_url.expose(), false).await?;
        Self::with(settings, database, &Additions::default()).await
    }

    /// A site around a database that is open already.
    pub(crate) async fn with(settings: Settings, database: Database, additions: &Additions) -> Result<Self, SiteError> {
        let keys = keys(&settings).ok_or(SiteError::NoSecretKey)?;
        let pending = database.pending_migrations_with(&additions.migrations).await?;
        if !pending.is_empty() {
            return Err(SiteError::NotMigrated { pending });
        }
        let accounts = Accounts::new(database, keys)
            .session_age(settings.session_cookie_age)
            .session_cache_size(settings.session_cache_size);
        Self::assemble(settings, accounts, additions)
    }

    pub(crate) fn assemble(settings: Settings, accounts: Accounts, additions: &Additions) -> Result<Self, SiteError> {
        let assets = Assets::new(&additions.assets);
        let limit = u32::try_from(settings.login_failures_limit).unwrap_or(u32::MAX);
        let shared = Shared {
            templates: Templates::new(&additions.templates, &assets)?,
            trusted: AllowedOrigins::parse(&settings.csrf_trusted_origins)?,
            throttle: LoginThrottle::new(limit, settings.login_failures_window),
            session_cookie: checked(session_cookie(&settings))?,
            csrf_cookie: checked(csrf_cookie(&settings))?,
            channels: layer::channels(&settings)?,
            assets,
            accounts,
            settings,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The users, their sessions and tokens.
    pub fn accounts(&self) -> &Accounts {
        &self.shared.accounts
    }

    /// The database, for an application's own queries.
    pub fn database(&self) -> &Database {
        self.accounts().database()
    }

    /// The channel layer, to send to connections from anywhere. Handlers of [attached](Self::attach) routers have it as
    /// an extractor too.
    pub fn channels(&self) -> &Channels {
        &self.shared.channels
    }

    /// The page that a template makes of `context`.
    ///
    /// # Errors
    /// There is no such template, or it uses a value that the context does not have.
    pub fn render(&self, template: &str, context: impl Serialize) -> Result<Html<String>, RenderError> {
        self.shared.templates.render(template, context)
    }

    /// The login page, the logout page and the assets. To be [attached](Self::attach) with the rest.
    pub fn router(&self) -> Router {
        web::router().merge(self.shared.assets.router())
    }

    /// Lets handlers of `router` use the site: its extractors, and the accounts that
    /// [authenticate](chanx::auth::SessionAuthentication) its sockets.
    pub fn attach(&self, router: Router) -> Router {
        let channels = Extension(self.channels().clone());
        router
            .layer(from_fn(web::allowed_hosts))
            .layer(Extension(self.users()))
            .layer(channels)
            .layer(Extension(self.clone()))
    }

    /// The accounts in the form in which consumers ask for users.
    pub fn users(&self) -> chanx::auth::Accounts {
        chanx::auth::Accounts::new(SiteStore::new(self.accounts().clone(), self.settings()))
    }

    pub(crate) fn throttle(&self) -> &LoginThrottle {
        &self.shared.throttle
    }

    pub(crate) fn session_cookie(&self) -> &SetCookie {
        &self.shared.session_cookie
    }

    pub(crate) fn csrf_cookie(&self) -> &SetCookie {
        &self.shared.csrf_cookie
    }

    /// Whether browsers see the site over HTTPS. A server behind a proxy cannot know it from a
    /// request; but a site whose cookies are sent over HTTPS alone works no other way.
    pub(crate) fn is_secure(&self) -> bool {
        let settings = self.settings();
        settings.session_cookie_secure || settings.csrf_cookie_secure
    }

    /// Whether the setting `csrf_trusted_origins` lists the origin of a request.
    pub(crate) fn trusts_origin(&self, headers: &HeaderMap) -> bool {
        self.shared.trusted.allows(headers)
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("settings", self.settings()).finish_non_exhaustive()
    }
}

/// Why a site cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// Nothing could be signed, neither sessions nor cookies.
    #[error("the setting secret_key is missing")]
    NoSecretKey,
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The database cannot be looked at.
    #[error(transparent)]
    Migrations(#[from] MigrateError),
    /// Tables are missing.
    #[error("the database is not migrated ({} steps to do, from {} on)", pending.len(), pending.first().map_or("", |first| first))]
    NotMigrated {
        /// The steps that are missing, such as `auth.0001_initial`.
        pending: Vec<String>,
    },
    /// A template cannot be read.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The setting `csrf_trusted_origins` is wrong.
    #[error("the setting csrf_trusted_origins is wrong")]
    TrustedOrigins(#[from] OriginError),
    /// The setting `channel_layer` is wrong.
    #[error(transparent)]
    Layer(#[from] LayerSettingError),
    /// The settings of the cookies are wrong.
    #[error("a setting of the cookies is wrong")]
    Cookie(#[from] InvalidCookie),
}

/// The keys that sign sessions, if there is one.
pub(crate) fn keys(settings: &Settings) -> Option<Keys> {
    let fallbacks = settings.secret_key_fallbacks.iter().map(|key| key.expose().to_owned());
    settings.secret_key.as_ref().map(|key| Keys::new(key.expose(), fallbacks))
}

fn session_cookie(settings: &Settings) -> SetCookie {
    SetCookie {
        name: settings.session_cookie_name.clone(),
        path: settings.session_cookie_path.clone(),
        domain: settings.session_cookie_domain.clone(),
        secure: settings.session_cookie_secure,
        same_site: Some(settings.session_cookie_samesite),
        ..SetCookie::session()
    }
}

fn csrf_cookie(settings: &Settings) -> SetCookie {
    SetCookie { name: settings.csrf_cookie_name.clone(), secure: settings.csrf_cookie_secure, ..SetCookie::csrf() }
}

/// The cookie, once it is known that its attributes can be written.
fn checked(cookie: SetCookie) -> Result<SetCookie, InvalidCookie> {
    cookie.removal().map(|_| cookie)
}
