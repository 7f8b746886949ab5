//! Users and their passwords.

use crate::database::Timestamp;
use crate::passwords::{unusable, validate};

use super::identity::{valid_email, valid_username};
use super::store::{NewUserRow, UserRow};
use super::{Account, Accounts, AccountsError, CreateUserError, NewUser, SetPasswordError};

impl Accounts {
    /// Creates an active user.
    ///
    /// # Errors
    /// The username, the e-mail address or the password breaks a rule, the name is taken, or the
    /// store failed.
    pub async fn create_user(&self, user: NewUser<'_>) -> Result<Account, CreateUserError> {
        let username = valid_username(user.username)?;
        let email = valid_email(user.email).ok_or(CreateUserError::Email)?;
        if let Some(password) = user.password {
            validate(password, &[("username", &username), ("e-mail address", &email)])?;
        }
        let row = NewUserRow {
            username: &username,
            email: &email,
            password: &self.new_password(user.password).await?,
            is_staff: user.is_staff,
            is_superuser: user.is_superuser,
            date_joined: Timestamp::now(),
        };
        self.insert(&row).await
    }

    async fn insert(&self, row: &NewUserRow<'_>) -> Result<Account, CreateUserError> {
        let inserted = self.store.insert_user(row).await;
        let id = inserted.map_err(|error| match error {
            sqlx::Error::Database(refusal) if refusal.is_unique_violation() => {
                CreateUserError::UsernameTaken(row.username.to_owned())
            }
            error => AccountsError::Database(error).into(),
        })?;
        Ok(self.existing(id).await?.account)
    }

    async fn new_password(&self, password: Option<&str>) -> Result<String, AccountsError> {
        match password {
            Some(password) => Ok(self.hasher.encode(password).await?),
            None => Ok(unusable()),
        }
    }

    /// Changes a user's password, which ends all login sessions of that user.
    ///
    /// # Errors
    /// The password breaks a rule, there is no such user, or the store failed.
    pub async fn set_password(&self, user_id: i64, password: &str) -> Result<(), SetPasswordError> {
        let account = self.existing(user_id).await?.account;
        validate(password, &attributes(&account))?;
        let encoded = self.new_password(Some(password)).await?;
        if self.store.set_password(user_id, &encoded).await.map_err(AccountsError::Database)? {
            return Ok(());
        }
        Err(AccountsError::NoSuchUser(user_id).into())
    }

    /// The user of this exact name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn user_by_name(&self, username: &str) -> Result<Option<Account>, AccountsError> {
        Ok(self.store.user_by_name(username).await?.map(|row| row.account))
    }

    /// The user of this id.
    ///
    /// # Errors
    /// The store failed.
    pub async fn user_by_id(&self, id: i64) -> Result<Option<Account>, AccountsError> {
        Ok(self.store.user_by_id(id).await?.map(|row| row.account))
    }

    /// The user, if the name, the password and the account's state allow a login.
    ///
    /// `None` for an unknown name, a wrong password and an inactive user; all take as long. A
    /// right password renews a hash of an older kind, which, as in Django, ends the user's login
    /// sessions. The name is taken as it is; see
    /// [`normalize_username`](super::normalize_username) for names from forms.
    ///
    /// # Errors
    /// The store failed, or it holds a hash that is none.
    pub async fn check_password(&self, username: &str, password: &str) -> Result<Option<Account>, AccountsError> {
        let Some(user) = self.store.user_by_name(username).await? else {
            self.new_password(Some(password)).await?;
            return Ok(None);
        };
        let is_correct = self.compare(&user, password).await?;
        Ok((is_correct && user.account.is_active).then_some(user.account))
    }

    async fn compare(&self, user: &UserRow, password: &str) -> Result<bool, AccountsError> {
        let checked = self.hasher.check(password, &user.password).await?;
        let verdict = checked.map_err(|_| AccountsError::MalformedHash(user.account.id))?;
        if verdict.is_correct && verdict.is_outdated {
            let encoded = self.new_password(Some(password)).await?;
            self.store.upgrade_password(user, &encoded).await?;
        }
        Ok(verdict.is_correct)
    }

    pub(super) async fn existing(&self, id: i64) -> Result<UserRow, AccountsError> {
        self.store.user_by_id(id).await?.ok_or(AccountsError::NoSuchUser(id))
    }
}

/// What an attacker may know of a user, by the names to use in a message.
fn attributes(account: &Account) -> [(&'static str, &str); 4] {
    [
        ("username", &account.username),
        ("first name", &account.first_name),
        ("last name", &account.last_name),
        ("e-mail address", &account.email),
    ]
}
