//! Why a page of the chat is not shown.

use axum::response::{Html, IntoResponse, Response};
use chanx::auth::User;
use chanx_site::Site;
use chanx_site::web::{PageError, RenderError};
use http::StatusCode;
use sqlx::SqlitePool;

use crate::people::Person;
use crate::rooms::{self, Room};

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The page says so itself.
    #[error("there is no such room")]
    NoSuchRoom(Html<String>),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Page(#[from] PageError),
    #[error("the user has no id")]
    Nobody,
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Self {
        Self::Page(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::NoSuchRoom(page) => (StatusCode::NOT_FOUND, page).into_response(),
            Self::Page(error) => error.into_response(),
            Self::Database(_) | Self::Nobody => {
                tracing::error!(error = &self as &dyn std::error::Error, "a page failed");
                (StatusCode::INTERNAL_SERVER_ERROR, "The chat is out of order. Please try again later.\n")
                    .into_response()
            }
        }
    }
}

/// The room, or the page that says that there is none.
pub(super) async fn existing_room(site: &Site, slug: &str) -> Result<Room, Failure> {
    let pool: &SqlitePool = site.database().pool();
    match rooms::by_slug(pool, slug).await? {
        Some(room) => Ok(room),
        None => Err(Failure::NoSuchRoom(site.render("chat/missing.html", ())?)),
    }
}

/// Whoever is logged in.
pub(super) fn person(user: &User) -> Result<Person, Failure> {
    Person::of(user).ok_or(Failure::Nobody)
}
