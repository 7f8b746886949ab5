//! The list of rooms.

use axum::response::{Html, IntoResponse};
use chanx_site::Site;
use chanx_site::web::{Csrf, LoginRequired, Markup};
use serde::Serialize;

use super::failure::{Failure, person};
use crate::people::Person;
use crate::rooms::{self, Listed};

/// The form for a new room, as it was filled in.
#[derive(Debug, Default, Serialize)]
pub(super) struct Form {
    pub(super) name: String,
    pub(super) topic: String,
    pub(super) problem: Option<&'static str>,
}

#[derive(Serialize)]
struct Lobby {
    me: Person,
    csrf_field: Markup,
    joined: Vec<Card>,
    others: Vec<Card>,
    form: Form,
}

/// A room in the list.
#[derive(Serialize)]
pub(super) struct Card {
    slug: String,
    name: String,
    topic: String,
    members: i64,
    unread: i64,
    latest: Option<Line>,
}

#[derive(Serialize)]
struct Line {
    sender: String,
    text: String,
    at: i64,
}

pub(super) async fn show(
    site: Site,
    LoginRequired(user): LoginRequired,
    csrf: Csrf,
) -> Result<impl IntoResponse, Failure> {
    let page = render(&site, &person(&user)?, &csrf, Form::default()).await?;
    Ok((csrf, page))
}

/// The list, with the form in this state.
pub(super) async fn render(site: &Site, me: &Person, csrf: &Csrf, form: Form) -> Result<Html<String>, Failure> {
    let rooms = rooms::list(site.database().pool(), me.id).await?;
    let (joined, others): (Vec<_>, Vec<_>) = rooms.into_iter().partition(|listed| listed.is_member);
    let lobby = Lobby {
        me: me.clone(),
        csrf_field: csrf.field(),
        joined: joined.into_iter().map(Card::from).collect(),
        others: others.into_iter().map(Card::from).collect(),
        form,
    };
    Ok(site.render("chat/lobby.html", lobby)?)
}

impl From<Listed> for Card {
    fn from(listed: Listed) -> Self {
        let Listed { room, members, unread, latest, .. } = listed;
        let latest = latest.map(|latest| Line { sender: latest.sender, text: latest.text, at: latest.at });
        Self { slug: room.slug, name: room.name, topic: room.topic, members, unread, latest }
    }
}
