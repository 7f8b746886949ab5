//! Users, as other users see them.

use chanx::auth::User;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;

/// Somebody with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Person {
    /// The same in all rooms.
    pub(crate) id: i64,
    /// The user name.
    pub(crate) name: String,
}

impl Person {
    /// Nobody, if the user is anonymous.
    pub(crate) fn of(user: &User) -> Option<Self> {
        user.id.map(|id| Self { id, name: user.username.clone() })
    }
}

pub(crate) async fn by_name(pool: &SqlitePool, name: &str) -> sqlx::Result<Option<Person>> {
    let sql = "SELECT id FROM auth_user WHERE username = $1 AND is_active";
    let id: Option<i64> = sqlx::query_scalar(sql).bind(name).fetch_optional(pool).await?;
    Ok(id.map(|id| Person { id, name: name.to_owned() }))
}
