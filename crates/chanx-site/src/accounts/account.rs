//! What is known of a user, and what a new one needs.

use std::fmt;
use std::time::SystemTime;

/// A row of `auth_user`, without the password's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// The primary key.
    pub id: i64,
    /// Unique, case-sensitive, in Unicode's form NFKC.
    pub username: String,
    /// May be empty; not unique.
    pub email: String,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// Whether the user may log in.
    pub is_active: bool,
    /// Whether the user may enter the administration.
    pub is_staff: bool,
    /// Whether the user has every permission without being given any.
    pub is_superuser: bool,
    /// When the account was made.
    pub date_joined: SystemTime,
    /// The last [login](crate::accounts::Accounts::login), if there was any.
    pub last_login: Option<SystemTime>,
}

/// What [`create_user`](crate::accounts::Accounts::create_user) needs to know.
///
/// ```
/// use chanx_site::accounts::NewUser;
///
/// let admin = NewUser {
///     email: "admin@example.com",
///     password: Some("brass-otter-lamp"),
///     is_staff: true,
///     is_superuser: true,
///     ..NewUser::named("admin")
/// };
/// assert!(!format!("{admin:?}").contains("otter"));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct NewUser<'a> {
    /// At most 150 letters, digits and `@ . + - _`; brought to Unicode's form NFKC.
    pub username: &'a str,
    /// May be empty.
    pub email: &'a str,
    /// Without a password the user can only come in by other ways, such as a token.
    pub password: Option<&'a str>,
    /// Whether the user may enter the administration.
    pub is_staff: bool,
    /// Whether the user has every permission.
    pub is_superuser: bool,
}

impl<'a> NewUser<'a> {
    /// An ordinary user without e-mail address and password.
    pub fn named(username: &'a str) -> Self {
        Self { username, ..Self::default() }
    }
}

impl fmt::Debug for NewUser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewUser")
            .field("username", &self.username)
            .field("email", &self.email)
            .field("password", &self.password.map(|_| "…"))
            .field("is_staff", &self.is_staff)
            .field("is_superuser", &self.is_superuser)
            .finish()
    }
}
