//! A room: for its members the chat, for all others the door.

use axum::extract::Path;
use axum::response::IntoResponse;
use chanx_site::Site;
use chanx_site::web::{Csrf, LoginRequired, Markup};
use serde::Serialize;

use super::failure::{Failure, existing_room, person};
use super::lobby::Card;
use crate::people::Person;
use crate::rooms::{self, Room};

#[derive(Serialize)]
struct RoomPage {
    me: Person,
    csrf_field: Markup,
    slug: String,
    name: String,
    topic: String,
    members: i64,
    /// The user's rooms, this one among them.
    joined: Vec<Card>,
}

pub(super) async fn show(
    site: Site,
    LoginRequired(user): LoginRequired,
    Path(slug): Path<String>,
    csrf: Csrf,
) -> Result<impl IntoResponse, Failure> {
    let Room { id, slug, name, topic } = existing_room(&site, &slug).await?;
    let me = person(&user)?;
    let rooms = rooms::list(site.database().pool(), me.id).await?;
    let here = rooms.iter().find(|listed| listed.room.id == id);
    let (is_member, members) = here.map_or((false, 0), |here| (here.is_member, here.members));
    let joined = rooms.into_iter().filter(|listed| listed.is_member).map(Card::from).collect();
    let template = if is_member { "chat/room.html" } else { "chat/door.html" };
    let page = RoomPage { me, csrf_field: csrf.field(), slug, name, topic, members, joined };
    let page = site.render(template, page)?;
    Ok((csrf, page))
}
