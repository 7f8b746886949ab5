//! All that is known about an application's WebSockets, for the pages that show it.

use std::sync::Arc;

use axum::Router;
use chanx::routing::RouteTable;
use chanx::{Endpoint, Settings, describe};
use chanx_core::description::Application;

use crate::assets::{Assets, DOCS, PLAYGROUND};
use crate::origin::Origin;
use crate::templates::Templates;
use crate::{Format, asyncapi, playground};

/// What is known about an application's WebSockets, and the pages that show it.
#[derive(Clone, Debug)]
pub struct Documentation {
    application: Application,
    routes: RouteTable<Endpoint>,
    settings: Settings,
    has_playground: bool,
    has_asyncapi: bool,
}

/// What the handlers of the pages share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) application: Application,
    pub(crate) routes: RouteTable<Endpoint>,
    pub(crate) settings: Settings,
    pub(crate) has_playground: bool,
    pub(crate) has_asyncapi: bool,
    pub(crate) assets: Assets,
    pub(crate) docs_assets: Assets,
    pub(crate) templates: Templates,
}

impl Documentation {
    /// Describes the routes as they are with these settings.
    pub fn new(title: impl Into<String>, routes: &RouteTable<Endpoint>, settings: &Settings) -> Self {
        let mut application = Application::default();
        application.title = title.into();
        application.version = "0.1.0".to_owned();
        application.endpoints = describe(routes, settings);
        Self {
            application,
            routes: routes.clone(),
            settings: settings.clone(),
            has_playground: true,
            has_asyncapi: true,
        }
    }

    /// The version of the application; without a word of yours it is 0.1.0.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.application.version = version.into();
        self
    }

    /// What the application is for, in Markdown.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.application.description = description.into();
        self
    }

    /// Says that the playground is not served, so that no page links to it.
    #[must_use]
    pub fn without_playground(mut self) -> Self {
        self.has_playground = false;
        self
    }

    /// Says that the AsyncAPI document and its page are not served, so that no page links to them.
    #[must_use]
    pub fn without_asyncapi(mut self) -> Self {
        self.has_asyncapi = false;
        self
    }

    /// The application as one value.
    pub fn application(&self) -> &Application {
        &self.application
    }

    /// The playground, its information API, and its assets. Whoever can reach it learns what the application can do: keep
    /// it away from strangers.
    pub fn playground(&self) -> Router {
        playground::router(&self.share())
    }

    /// The AsyncAPI document as JSON and YAML, and the page that makes it readable.
    pub fn asyncapi(&self) -> Router {
        asyncapi::router(&self.share())
    }

    /// The AsyncAPI document of a server that clients reach at this URL, such as `wss://chat.example.com`. What follows the
    /// host comes before the paths of the routes.
    pub fn asyncapi_document(&self, server: &str, format: Format) -> String {
        asyncapi::write(&self.application, &Origin::parse(server), format)
    }

    fn share(&self) -> Arc<Shared> {
        Arc::new(Shared {
            application: self.application.clone(),
            routes: self.routes.clone(),
            settings: self.settings.clone(),
            has_playground: self.has_playground,
            has_asyncapi: self.has_asyncapi,
            assets: Assets::new("/playground/assets/", PLAYGROUND),
            docs_assets: Assets::new("/asyncapi/assets/", DOCS),
            templates: Templates::new(),
        })
    }
}
