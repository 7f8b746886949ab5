//! The users of the site, wherever they are kept.

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{AuthenticationError, User};
use crate::handshake::Handshake;
use crate::refusal::BoxError;

/// Where users, login sessions and API tokens are looked up. `chanx-site` implements it on Django's tables.
///
/// Every method yields active users only, and fails only if the store fails: credentials that lead nowhere are
/// no error.
pub trait AccountStore: Send + Sync + 'static {
    /// The name of the cookie that carries the key of a login session.
    fn session_cookie(&self) -> &str;

    /// The user whose login session has this key.
    fn by_session<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<User>, BoxError>>;

    /// The user to whom this API token belongs.
    fn by_token<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<TokenLookup, BoxError>>;

    /// The user with this name and password. Takes the same time whether or not the name exists.
    fn by_password<'a>(&'a self, username: &'a str, password: &'a str)
    -> BoxFuture<'a, Result<Option<User>, BoxError>>;
}

/// What an API token leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenLookup {
    /// An active user.
    User(User),
    /// A user who may not log in any more.
    Inactive,
    /// Nothing.
    Unknown,
}

/// The users of the site, as a value that travels with each request.
#[derive(Clone)]
pub struct Accounts(Arc<dyn AccountStore>);

impl Accounts {
    /// Accounts kept in this store.
    pub fn new(store: impl AccountStore) -> Self {
        Self(Arc::new(store))
    }

    pub(super) fn of(handshake: &Handshake) -> Result<&dyn AccountStore, AuthenticationError> {
        let accounts = handshake.extension::<Self>().ok_or(NoAccounts)?;
        Ok(&*accounts.0)
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Accounts")
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no accounts are attached: call `Websockets::extension(accounts)`, or start the application as a site")]
struct NoAccounts;
