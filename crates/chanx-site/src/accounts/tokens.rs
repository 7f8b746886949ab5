//! API tokens, as Django REST framework keeps them: one to a user, stored as they are.

use crate::database::Timestamp;
use crate::signing::hex;

use super::{Account, Accounts, AccountsError};

/// Random bytes of a token, which is written in twice as many hexadecimal digits.
const TOKEN_BYTES: usize = 20;

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenLookup {
    /// The token of an active user.
    Found(Account),
    /// The token of a user who may not come in.
    Inactive,
    /// Nobody's token.
    Unknown,
}

impl Accounts {
    /// Looks a token up, in its exact spelling.
    ///
    /// # Errors
    /// The store failed.
    pub async fn user_by_token(&self, key: &str) -> Result<TokenLookup, AccountsError> {
        let account = self.store.user_by_token(key).await?.map(|row| row.account);
        Ok(match account {
            Some(account) if account.is_active => TokenLookup::Found(account),
            Some(_) => TokenLookup::Inactive,
            None => TokenLookup::Unknown,
        })
    }

    /// The user's token, made at the first call: 40 hexadecimal digits.
    ///
    /// # Errors
    /// There is no such user, or the store failed.
    pub async fn token_for(&self, user_id: i64) -> Result<String, AccountsError> {
        let key = hex(&rand::random::<[u8; TOKEN_BYTES]>());
        let token = self.store.token(user_id, &key, Timestamp::now()).await;
        token.map_err(|error| match error {
            sqlx::Error::Database(refusal) if refusal.is_foreign_key_violation() => AccountsError::NoSuchUser(user_id),
            error => AccountsError::Database(error),
        })
    }
}
