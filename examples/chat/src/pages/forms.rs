//! What the forms do. Open sockets learn of it by events.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use chanx::{Audience, Channels};
use chanx_site::Site;
use chanx_site::web::{Csrf, CsrfForm, LoginRequired};
use http::StatusCode;
use serde::Deserialize;

use super::failure::{Failure, existing_room, person};
use super::lobby::{self, Form};
use crate::messages::RoomEvent;
use crate::rooms::Room;
use crate::{groups, members, rooms};

/// Characters that a room's name may have.
const LONGEST_NAME: usize = 50;
/// Characters that a room's topic may have.
const LONGEST_TOPIC: usize = 200;

#[derive(Debug, Deserialize)]
pub(super) struct NewRoom {
    name: String,
    #[serde(default)]
    topic: String,
}

/// A form with a button and nothing else.
#[derive(Debug, Deserialize)]
pub(super) struct Button {}

pub(super) async fn create(
    site: Site,
    LoginRequired(user): LoginRequired,
    csrf: Csrf,
    CsrfForm(NewRoom { name, topic }): CsrfForm<NewRoom>,
) -> Result<Response, Failure> {
    let founder = person(&user)?;
    let (name, topic) = (one_line(&name), one_line(&topic));
    if let Some(problem) = problem(&name, &topic) {
        let form = Form { name, topic, problem: Some(problem) };
        let page = lobby::render(&site, &founder, &csrf, form).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, csrf, page).into_response());
    }
    let room = rooms::create(site.database().pool(), &name, &topic, &founder).await?;
    Ok(to_room(&room).into_response())
}

pub(super) async fn join(
    site: Site,
    LoginRequired(user): LoginRequired,
    Path(slug): Path<String>,
    channels: Channels,
    CsrfForm(Button {}): CsrfForm<Button>,
) -> Result<Redirect, Failure> {
    let room = existing_room(&site, &slug).await?;
    if let Some(message) = members::join(site.database().pool(), room.id, &person(&user)?).await? {
        announce(&channels, &room, RoomEvent::Joined(message)).await;
    }
    Ok(to_room(&room))
}

pub(super) async fn leave(
    site: Site,
    LoginRequired(user): LoginRequired,
    Path(slug): Path<String>,
    channels: Channels,
    CsrfForm(Button {}): CsrfForm<Button>,
) -> Result<Redirect, Failure> {
    let room = existing_room(&site, &slug).await?;
    if let Some(message) = members::leave(site.database().pool(), room.id, &person(&user)?).await? {
        announce(&channels, &room, RoomEvent::Left(message)).await;
    }
    Ok(Redirect::to("/chat/"))
}

fn to_room(room: &Room) -> Redirect {
    Redirect::to(&format!("/chat/{}/", room.slug))
}

/// Tells the sockets of the room. Where that fails they find out later, when they learn that they missed something.
async fn announce(channels: &Channels, room: &Room, event: RoomEvent) {
    if let Err(error) = channels.send_event(Audience::from(groups::room(room.id)), &event).await {
        tracing::warn!(%error, room = room.slug, "the members of a room were not told of a change");
    }
}

/// The text without control characters, and without white space around it.
fn one_line(text: &str) -> String {
    let text: String = text.chars().filter(|character| !character.is_control()).collect();
    text.trim().to_owned()
}

/// What is wrong with a new room, in words for its founder.
fn problem(name: &str, topic: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("A room needs a name.");
    }
    if name.chars().count() > LONGEST_NAME {
        return Some("The name is longer than 50 characters.");
    }
    (topic.chars().count() > LONGEST_TOPIC).then_some("The topic is longer than 200 characters.")
}
