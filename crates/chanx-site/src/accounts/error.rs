//! What can go wrong with accounts. A wrong password or an unknown session is no error.

use crate::passwords::WeakPassword;

use super::identity::InvalidUsername;

/// The store failed; nothing is known about the user.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountsError {
    /// The database could not be read or written.
    #[error("the accounts database failed")]
    Database(#[from] sqlx::Error),
    /// There is no user with this id, or no longer.
    #[error("there is no user with the id {0}")]
    NoSuchUser(i64),
    /// The password column names an algorithm but does not follow its form.
    #[error("the stored password hash of user {0} is malformed")]
    MalformedHash(i64),
    /// The thread that computes password hashes did not finish, as when the server stops.
    #[error("the password could not be hashed")]
    Hashing(#[from] tokio::task::JoinError),
}

/// Why a user was not created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateUserError {
    /// The username breaks Django's rules.
    #[error(transparent)]
    Username(#[from] InvalidUsername),
    /// Another user has this name.
    #[error("the username {0:?} is taken")]
    UsernameTaken(String),
    /// The e-mail address is not one.
    #[error("the e-mail address must look like name@example.com, in at most 254 characters")]
    Email,
    /// The password breaks at least one rule.
    #[error(transparent)]
    Password(#[from] WeakPassword),
    /// The store failed.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetPasswordError {
    /// The password breaks at least one rule.
    #[error(transparent)]
    Password(#[from] WeakPassword),
    /// The store failed, or there is no such user.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
}
