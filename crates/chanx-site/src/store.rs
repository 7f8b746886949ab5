//! The site's accounts in the form in which consumers authenticate. Knows no socket.

use std::pin::Pin;

use chanx::BoxError;
use chanx::auth::{AccountStore, TokenLookup, User};
use chanx::settings::Settings;

use crate::accounts::{self, Account, Accounts, AccountsError};

/// What a look-up gives, in time.
type Lookup<'a, T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send + 'a>>;

/// Adapts [`Accounts`] to [`AccountStore`].
#[derive(Debug)]
pub(crate) struct SiteStore {
    accounts: Accounts,
    session_cookie: String,
}

impl SiteStore {
    pub(crate) fn new(accounts: Accounts, settings: &Settings) -> Self {
        Self { accounts, session_cookie: settings.session_cookie_name.clone() }
    }
}

impl AccountStore for SiteStore {
    fn session_cookie(&self) -> &str {
        &self.session_cookie
    }

    fn by_session<'a>(&'a self, key: &'a str) -> Lookup<'a, Option<User>> {
        Box::pin(async move { user(self.accounts.user_by_session(key).await) })
    }

    fn by_token<'a>(&'a self, key: &'a str) -> Lookup<'a, TokenLookup> {
        Box::pin(async move {
            Ok(match self.accounts.user_by_token(key).await? {
                accounts::TokenLookup::Found(account) => TokenLookup::User(account.into()),
                accounts::TokenLookup::Inactive => TokenLookup::Inactive,
                accounts::TokenLookup::Unknown => TokenLookup::Unknown,
            })
        })
    }

    fn by_password<'a>(&'a self, username: &'a str, password: &'a str) -> Lookup<'a, Option<User>> {
        Box::pin(async move { user(self.accounts.check_password(username, password).await) })
    }
}

fn user(found: Result<Option<Account>, AccountsError>) -> Result<Option<User>, BoxError> {
    Ok(found?.map(User::from))
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        let mut user = Self::new(account.id, account.username);
        user.email = account.email;
        user.first_name = account.first_name;
        user.last_name = account.last_name;
        user.is_active = account.is_active;
        user.is_staff = account.is_staff;
        user.is_superuser = account.is_superuser;
        user
    }
}
