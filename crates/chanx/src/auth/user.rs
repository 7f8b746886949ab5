//! Users.

use chanx_core::layer;

/// Somebody that a connection can belong to.
pub trait Identity: Send + Sync + 'static {
    /// What tells this user from all others of its [`kind`](Self::kind), across connections and processes; none: anonymous.
    fn key(&self) -> Option<String>;

    /// What tells users of this kind from those of others who happen to have the same keys: a robot `7`, the subject `7` of
    /// a token and the site's user `7` are not one audience.
    ///
    /// The path of the type, unless you say something else. Name it yourself where several programs, or versions of one,
    /// share a channel layer. The kind `user` is that of the site's users ([`User`]): an identity with this kind, and the key
    /// of one of them, is that user.
    fn kind(&self) -> &str {
        std::any::type_name::<Self>()
    }

    /// Whether this is somebody at all.
    fn is_authenticated(&self) -> bool {
        self.key().is_some()
    }

    /// Whether this user may do what only staff may.
    fn is_staff(&self) -> bool {
        false
    }
}

/// What tells an identity from those of all kinds; `None` if it is anonymous.
pub(crate) fn user_key(identity: &impl Identity) -> Option<String> {
    identity.key().map(|key| layer::user_key(identity.kind(), &key))
}

/// A user of the site, as in Django's `auth_user`, or the anonymous one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The primary key; none: anonymous.
    pub id: Option<i64>,
    /// The name to log in with; empty for the anonymous user.
    pub username: String,
    /// May be empty.
    pub email: String,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// Whether the user may log in at all. Sources of identity yield active users only.
    pub is_active: bool,
    /// Whether the user may see the admin pages.
    pub is_staff: bool,
    /// Whether the user may do everything.
    pub is_superuser: bool,
}

impl User {
    /// A user with this key and name, active and without rights.
    pub fn new(id: i64, username: impl Into<String>) -> Self {
        Self { id: Some(id), username: username.into(), is_active: true, ..Self::default() }
    }

    /// Nobody.
    pub fn anonymous() -> Self {
        Self::default()
    }
}

impl Identity for User {
    fn key(&self) -> Option<String> {
        self.id.map(|id| id.to_string())
    }

    fn kind(&self) -> &str {
        "user"
    }

    fn is_authenticated(&self) -> bool {
        self.id.is_some()
    }

    fn is_staff(&self) -> bool {
        self.is_staff
    }
}
