//! `token USER`: the API token of a user.

use clap::Args;

use super::context::{Context, existing};
use super::error::CommandError;

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The name of the user
    username: String,
}

impl Token {
    pub(crate) async fn run(self, context: Context<'_>) -> Result<(), CommandError> {
        let accounts = context.accounts().await?;
        let account = existing(&accounts, &self.username).await?;
        let token = accounts.token_for(account.id).await?;
        if !account.is_active {
            context.terminal.warn("warning: this account is closed, its token is refused")?;
        }
        Ok(context.terminal.say(&token)?)
    }
}
