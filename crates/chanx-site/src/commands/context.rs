//! What every command has at hand.

use chanx::settings::Settings;

use super::error::CommandError;
use super::terminal::Terminal;
use crate::accounts::{Account, Accounts};
use crate::database::Database;
use crate::project::Project;
use crate::signing::Keys;
use crate::site::{self, SiteError};

/// The application, its settings, and the person who called.
pub(crate) struct Context<'a> {
    pub(crate) project: &'a Project,
    pub(crate) settings: Settings,
    /// How this program was called, for advice that can be copied.
    pub(crate) program: &'a str,
    pub(crate) terminal: &'a mut dyn Terminal,
    /// What the variable `CHANX_SUPERUSER_PASSWORD` holds.
    pub(crate) superuser_password: Option<String>,
}

impl Context<'_> {
    /// The database, which must be there and up to date.
    pub(crate) async fn database(&self) -> Result<Database, CommandError> {
        let database = Database::connect(self.settings.database_url.expose(), false).await?;
        let pending = database.pending_migrations_with(&self.project.additions().migrations).await?;
        if !pending.is_empty() {
            return Err(SiteError::NotMigrated { pending }.into());
        }
        Ok(database)
    }

    /// The accounts. Without a secret key no login session can be read or made; commands that
    /// deal with users and tokens alone do not need one.
    pub(crate) async fn accounts(&self) -> Result<Accounts, CommandError> {
        let keys = site::keys(&self.settings).unwrap_or_else(|| Keys::new("", [""; 0]));
        Ok(Accounts::new(self.database().await?, keys))
    }
}

/// The user of this name, who must exist.
pub(crate) async fn existing(accounts: &Accounts, username: &str) -> Result<Account, CommandError> {
    let account = accounts.user_by_name(username).await?;
    account.ok_or_else(|| CommandError::UnknownUser(username.to_owned()))
}
