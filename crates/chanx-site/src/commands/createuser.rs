//! `createuser` and `createsuperuser`: a new user, from answers or from arguments.

use clap::Args;

use super::context::Context;
use super::error::CommandError;
use super::interview::{new_password, required};
use super::terminal::Terminal;
use crate::accounts::{Account, Accounts, CreateUserError, NewUser, normalize_username};

/// What is known before anybody is asked.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct CreateUser {
    /// The name to log in with
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// The e-mail address; may be empty
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Let the user see the administration
    #[arg(long)]
    staff: bool,
    /// Ask nothing; a superuser's password is taken from CHANX_SUPERUSER_PASSWORD
    #[arg(long)]
    no_input: bool,
    /// Ask nothing; read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

/// What the new user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    User,
    Superuser,
}

impl CreateUser {
    pub(crate) async fn run(self, rank: Rank, context: Context<'_>) -> Result<(), CommandError> {
        let accounts = context.accounts().await?;
        let account = if self.no_input || self.password_stdin {
            let password = self.given_password(rank, context.superuser_password, context.terminal)?;
            self.create(rank, password, &accounts).await?
        } else if context.terminal.is_interactive() {
            self.interview(rank, &accounts, context.terminal).await?
        } else {
            return Err(CommandError::NotATerminal);
        };
        Ok(context.terminal.say(&format!("Created the user {}.", account.username))?)
    }

    /// The password that somebody left for us; none: a user who can only come in by other ways.
    fn given_password(
        &self,
        rank: Rank,
        superuser_password: Option<String>,
        terminal: &mut dyn Terminal,
    ) -> Result<Option<String>, CommandError> {
        if self.password_stdin {
            return Ok(Some(terminal.ask("")?));
        }
        let password = superuser_password.filter(|_| rank == Rank::Superuser);
        if password.is_none() {
            terminal.warn("warning: without a password this user cannot log in")?;
        }
        Ok(password)
    }

    async fn create(&self, rank: Rank, password: Option<String>, accounts: &Accounts) -> Result<Account, CommandError> {
        let username = self.username.as_deref().ok_or(CommandError::MissingArgument("--username"))?;
        let email = self.email.as_deref().unwrap_or_default();
        Ok(accounts.create_user(self.user(rank, username, email, password.as_deref())).await?)
    }

    /// Asks until the accounts take the answers; after a fault, only for what was wrong.
    async fn interview(
        &self,
        rank: Rank,
        accounts: &Accounts,
        terminal: &mut dyn Terminal,
    ) -> Result<Account, CommandError> {
        let (mut username, mut email) = (self.username.clone(), self.email.clone());
        loop {
            let name = match username.take() {
                Some(name) => name,
                None => free_name(accounts, terminal).await?,
            };
            let address = match email.take() {
                Some(address) => address,
                None => terminal.ask("E-mail address (may be empty): ")?.trim().to_owned(),
            };
            let password = new_password(terminal, &[("username", &name), ("e-mail address", &address)])?;
            match accounts.create_user(self.user(rank, &name, &address, Some(&password))).await {
                Ok(account) => return Ok(account),
                Err(fault @ (CreateUserError::Username(_) | CreateUserError::UsernameTaken(_))) => {
                    email = Some(address);
                    terminal.warn(&format!("error: {fault}"))?;
                }
                Err(fault @ CreateUserError::Email) => {
                    username = Some(name);
                    terminal.warn(&format!("error: {fault}"))?;
                }
                Err(fault) => return Err(fault.into()),
            }
        }
    }

    fn user<'a>(&self, rank: Rank, username: &'a str, email: &'a str, password: Option<&'a str>) -> NewUser<'a> {
        let is_superuser = rank == Rank::Superuser;
        NewUser { username, email, password, is_staff: self.staff || is_superuser, is_superuser }
    }
}

/// Asks for a name until it is one that nobody has.
async fn free_name(accounts: &Accounts, terminal: &mut dyn Terminal) -> Result<String, CommandError> {
    loop {
        let name = required(terminal, "User name: ")?;
        if accounts.user_by_name(&normalize_username(&name)).await?.is_none() {
            return Ok(name);
        }
        terminal.warn(&format!("error: {}", CreateUserError::UsernameTaken(name)))?;
    }
}
