//! One endpoint on the page.

use chanx_core::description::{EndpointDescription, MessageDescription};
use serde::Serialize;

use super::access::Access;
use super::anchors::{Anchors, slug};
use super::close_codes::{self, CloseCode};
use super::message::{Message, Playground};
use super::notes::notes;
use super::parameters::{self, InPath, Piece};
use super::phrase::Phrase;
use super::prose::Prose;
use super::shape::Row;

/// An endpoint.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Endpoint<'a> {
    anchor: String,
    name: &'a str,
    route_name: Option<&'a str>,
    address: Vec<Piece<'a>>,
    /// Whether the address is a regular expression.
    is_expression: bool,
    prose: Option<Prose>,
    tags: &'a [String],
    path_parameters: Vec<InPath<'a>>,
    query_parameters: Vec<Row>,
    access: Access,
    notes: Vec<Phrase>,
    close_codes: Vec<CloseCode>,
    groups: Vec<Group>,
}

/// Messages that go the same way.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Group {
    anchor: String,
    title: &'static str,
    /// Whether they are hidden until somebody asks for them.
    is_folded: bool,
    /// What is to be known about all of them.
    note: &'static str,
    messages: Vec<Message>,
}

/// Messages that go the same way, before they are explained.
struct Direction<'a> {
    slug: &'static str,
    title: &'static str,
    note: &'static str,
    messages: &'a [MessageDescription],
}

impl<'a> Endpoint<'a> {
    pub(crate) fn new(endpoint: &'a EndpointDescription, playground: Option<&str>, anchors: &mut Anchors) -> Self {
        let anchor =
            anchors.take(&format!("endpoint-{}", slug(endpoint.route_name.as_ref().unwrap_or(&endpoint.name))));
        let slug = anchor.trim_start_matches("endpoint-").to_owned();
        let playground = playground.map(|path| Playground { path, pattern: &endpoint.pattern });
        let directions = directions(endpoint).into_iter().filter(|direction| !direction.messages.is_empty());
        let groups = directions.map(|direction| direction.explain(&slug, playground, anchors)).collect();
        Self {
            name: &endpoint.name,
            route_name: endpoint.route_name.as_deref(),
            address: parameters::address(endpoint),
            is_expression: endpoint.address.is_none(),
            prose: Prose::of(&endpoint.description),
            tags: &endpoint.tags,
            path_parameters: parameters::in_path(endpoint),
            query_parameters: parameters::in_query(endpoint, &slug, anchors),
            access: Access::new(endpoint),
            notes: notes(endpoint),
            close_codes: close_codes::of_its_own(&endpoint.close_codes),
            groups,
            anchor,
        }
    }
}

fn directions(endpoint: &EndpointDescription) -> [Direction<'_>; 5] {
    let direction = |slug, title, note, messages| Direction { slug, title, note, messages };
    let groups = "Every member of a group is sent these, the one who caused them included.";
    let events = "What other parts of the application tell the consumer. Clients neither send nor see these.";
    [
        direction("incoming", "Clients send", "", &endpoint.incoming),
        direction("outgoing", "The server sends", "", &endpoint.outgoing),
        direction("group", "To members of groups", groups, &endpoint.group_messages),
        direction("builtin", "chanx sends", "", &endpoint.builtin),
        direction("event", "Inside the application", events, &endpoint.events),
    ]
}

impl Direction<'_> {
    fn explain(self, endpoint: &str, playground: Option<Playground<'_>>, anchors: &mut Anchors) -> Group {
        let playground = playground.filter(|_| self.slug == "incoming");
        let explain = |message| Message::new(message, [endpoint, self.slug], playground, anchors);
        Group {
            messages: self.messages.iter().map(explain).collect(),
            anchor: anchors.take(&format!("{}-{endpoint}", self.slug)),
            title: self.title,
            is_folded: self.slug == "event",
            note: self.note,
        }
    }
}
