//! Login sessions: opened, looked up, changed and closed.

use std::time::SystemTime;

use rand::RngExt;

use crate::database::Timestamp;

use super::session_cache::{Found, SessionKey};
use super::{Account, Accounts, AccountsError, SessionData};

const KEY_ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const KEY_LENGTH: usize = 32;

/// Lengths of keys that Django would look up and the column would hold.
const KEY_LENGTHS: std::ops::RangeInclusive<usize> = 8..=40;

/// A login session that was just stored.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginSession {
    /// The value of the cookie `sessionid`: 32 lower-case letters and digits. Keep it secret.
    pub key: String,
    /// When the session ends.
    pub expires: SystemTime,
}

impl std::fmt::Debug for LoginSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoginSession").field("key", &"…").field("expires", &self.expires).finish()
    }
}

impl Accounts {
    /// Opens a login session under a new key, and notes the time of the login.
    ///
    /// Whether the user may log in is for [`check_password`](Self::check_password) to say. A
    /// session that the browser had before is not ended by this: [`logout`](Self::logout) does.
    ///
    /// # Errors
    /// The user is gone, or the store failed.
    pub async fn login(&self, account: &Account) -> Result<LoginSession, AccountsError> {
        let user = self.existing(account.id).await?;
        self.store.set_last_login(account.id, Timestamp::now()).await?;
        self.create_session(&self.logged_in(&user)).await
    }

    /// Ends a login session. It is no error if there is none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn logout(&self, session_key: &str) -> Result<(), AccountsError> {
        Ok(self.store.delete_session(session_key).await?)
    }

    /// The user who is logged in under this session key.
    ///
    /// `None` if the session is unknown, expired or tampered with, if nobody is logged in, if the
    /// user is gone or inactive, or if the password was changed since.
    ///
    /// # Errors
    /// The store failed; nothing is known about the user.
    pub async fn user_by_session(&self, session_key: &str) -> Result<Option<Account>, AccountsError> {
        if !KEY_LENGTHS.contains(&session_key.len()) {
            return Ok(None);
        }
        // Asked before anything is read: what is committed meanwhile makes the entry outdated, never wrong.
        let version = if self.sessions.is_on() { self.database.version().await? } else { None };
        let Some(version) = version else {
            return Ok(self.read_login(session_key, None).await?.map(|login| login.account));
        };
        let key = SessionKey::of(session_key);
        let guess = match self.sessions.find(&key, version, &Timestamp::now().stored()) {
            Some(Found::Current(account)) => return Ok(Some(account)),
            Some(Found::Outdated { user_id }) => Some(user_id),
            None => None,
        };
        let login = self.read_login(session_key, guess).await?;
        self.sessions.keep(key, version, login.clone());
        Ok(login.map(|login| login.account))
    }

    /// The values of a session that is genuine and has not expired.
    ///
    /// # Errors
    /// The store failed.
    pub async fn session(&self, session_key: &str) -> Result<Option<SessionData>, AccountsError> {
        if !KEY_LENGTHS.contains(&session_key.len()) {
            return Ok(None);
        }
        let encoded = self.store.session(session_key, Timestamp::now()).await?;
        Ok(encoded.and_then(|encoded| SessionData::decode(&encoded, &self.keys)))
    }

    /// Stores a session under a new key.
    ///
    /// # Errors
    /// The store failed.
    pub async fn create_session(&self, data: &SessionData) -> Result<LoginSession, AccountsError> {
        let (key, expires) = (new_key(), self.expiry(data));
        self.store.insert_session(&key, &data.encode(&self.keys), expires).await?;
        Ok(LoginSession { key, expires: expires.into() })
    }

    /// Replaces the values of a session and starts its time anew. `false` if it was ended
    /// meanwhile; it stays so.
    ///
    /// # Errors
    /// The store failed.
    pub async fn save_session(&self, session_key: &str, data: &SessionData) -> Result<bool, AccountsError> {
        let encoded = data.encode(&self.keys);
        Ok(self.store.update_session(session_key, &encoded, self.expiry(data)).await?)
    }

    /// Deletes the sessions whose time is over, and says how many there were.
    ///
    /// # Errors
    /// The store failed.
    pub async fn clear_expired_sessions(&self) -> Result<u64, AccountsError> {
        Ok(self.store.delete_expired_sessions(Timestamp::now()).await?)
    }

    fn expiry(&self, data: &SessionData) -> Timestamp {
        data.expiry(Timestamp::now(), self.session_age)
    }
}

fn new_key() -> String {
    let mut random = rand::rng();
    let mut character = || char::from(KEY_ALPHABET[random.random_range(0..KEY_ALPHABET.len())]);
    (0..KEY_LENGTH).map(|_| character()).collect()
}
