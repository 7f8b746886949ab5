//! What the page about an application's WebSockets says, ready for its template: nothing is left to compute there.

mod access;
mod anchors;
mod close_codes;
mod endpoint;
mod message;
mod notes;
mod parameters;
mod phrase;
mod prose;
mod shape;
mod tokens;

use chanx_core::description::Application;
use serde::Serialize;

use crate::PLAYGROUND_PATH;
use crate::documentation::Shared;
use anchors::Anchors;
use close_codes::CloseCode;
use endpoint::Endpoint;
use prose::Prose;

/// The page for an application.
pub(crate) fn page(shared: &Shared) -> impl Serialize + use<'_> {
    let playground = shared.has_playground.then(|| from_here(PLAYGROUND_PATH));
    Page::new(&shared.application, &from_here(shared.docs_assets.base()), playground.as_deref())
}

/// The way from the page to a path of the same application, wherever that may be mounted.
fn from_here(path: &str) -> String {
    format!("..{path}")
}

#[derive(Debug, Serialize)]
struct Page<'a> {
    title: &'a str,
    version: &'a str,
    prose: Option<Prose>,
    /// Where the styles and the script are.
    assets: String,
    /// Where the playground is, if there is one.
    playground: Option<String>,
    /// The key of the action; nothing if endpoints differ in it.
    action_key: Option<&'a str>,
    close_codes: Vec<CloseCode>,
    endpoints: Vec<Endpoint<'a>>,
}

impl<'a> Page<'a> {
    fn new(application: &'a Application, assets: &str, playground: Option<&str>) -> Self {
        let mut anchors = Anchors::default();
        let endpoints = application.endpoints.iter();
        Self {
            title: &application.title,
            version: &application.version,
            prose: Prose::of(&application.description),
            assets: assets.to_owned(),
            playground: playground.map(str::to_owned),
            action_key: common_action_key(application),
            close_codes: close_codes::of_chanx(),
            endpoints: endpoints.map(|endpoint| Endpoint::new(endpoint, playground, &mut anchors)).collect(),
        }
    }
}

fn common_action_key(application: &Application) -> Option<&str> {
    let mut keys = application.endpoints.iter().map(|endpoint| endpoint.wire.action_key.as_str());
    let first = keys.next().unwrap_or("action");
    keys.all(|key| key == first).then_some(first)
}

#[cfg(test)]
mod tests;
