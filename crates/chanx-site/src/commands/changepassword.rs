//! `changepassword USER`: a new password for a user.

use clap::Args;

use super::context::{Context, existing};
use super::error::CommandError;
use super::interview::new_password;

#[derive(Debug, Args)]
pub(crate) struct ChangePassword {
    /// The name of the user
    username: String,
    /// Ask nothing; read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

impl ChangePassword {
    pub(crate) async fn run(self, context: Context<'_>) -> Result<(), CommandError> {
        let accounts = context.accounts().await?;
        let account = existing(&accounts, &self.username).await?;
        let password = if self.password_stdin {
            context.terminal.ask("")?
        } else if context.terminal.is_interactive() {
            let attributes = [("username", account.username.as_str()), ("e-mail address", &account.email)];
            new_password(context.terminal, &attributes)?
        } else {
            return Err(CommandError::NotATerminal);
        };
        accounts.set_password(account.id, &password).await?;
        let line = format!("Changed the password of {}; all logins of this user have ended.", account.username);
        Ok(context.terminal.say(&line)?)
    }
}
