//! The WebSocket side of an application: routes, settings and attached state, as one `axum::Router`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use chanx_core::deflate::Compression;
use http::{Extensions, Request};
use thiserror::Error;

use crate::channels::Channels;
use crate::connections::Connections;
use crate::endpoint::Endpoint;
use crate::hub::Hub;
use crate::label::ConnectionLabel;
use crate::mounted::Mounted;
use crate::origin::{AllowedOrigins, OriginError};
use crate::routing::{ReverseError, RouteTable, Routes, RoutingError};
use crate::settings::Settings;
use crate::upgrade;
use crate::users::Users;

/// The WebSocket side of an application, before it is mounted.
///
/// ```no_run
/// use chanx::routing::{Routes, include, path};
/// use chanx::{Settings, Websockets};
///
/// # fn example(routes: Routes<chanx::Endpoint>) -> Result<(), Box<dyn std::error::Error>> {
/// let websockets = Websockets::new(Routes::new([path("ws/", include(routes))]), &Settings::load()?)?;
/// let app: axum::Router = axum::Router::new().merge(websockets.into_router());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Websockets(Server);

/// Why the WebSocket side cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Routes that are wrong or contradict each other.
    #[error(transparent)]
    Routing(#[from] RoutingError),
    /// An allowed origin that is none.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// A channel layer that is not built in.
    #[error(
        "the channel layer `{scheme}` is not built in: make it, for instance with `chanx_redis::connect`, and use \
         `Websockets::with_channels`; only `memory://` needs nothing"
    )]
    Layer {
        /// The beginning of the setting `channel_layer`.
        scheme: String,
    },
}

/// What every request needs.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) table: RouteTable<Arc<Mounted>>,
    pub(crate) origins: AllowedOrigins,
    pub(crate) hub: Arc<Hub>,
    pub(crate) max_connections: Option<usize>,
    pub(crate) max_handshake_size: usize,
    pub(crate) extensions: Arc<Extensions>,
    started: String,
    opened: AtomicU64,
}

impl Websockets {
    /// Checks the routes and the settings. Groups stay in this process.
    ///
    /// # Errors
    /// Routes that are wrong or contradict each other, origins that are none, and a channel layer other than `memory://`.
    pub fn new(routes: impl Into<Routes<Endpoint>>, settings: &Settings) -> Result<Self, StartError> {
        match settings.channel_layer.scheme() {
            "memory" => Self::with_channels(routes, settings, &Channels::in_memory()),
            scheme => Err(StartError::Layer { scheme: scheme.to_owned() }),
        }
    }

    /// Checks the routes and the settings. Groups reach as far as the layer of `channels` does, whatever the settings
    /// say about it. What `channels` sends is bounded by `max_outgoing_message_size`; where several servers are given the same
    /// handle, by the smallest of theirs.
    ///
    /// # Errors
    /// Routes that are wrong or contradict each other, and origins that are none.
    pub fn with_channels(
        routes: impl Into<Routes<Endpoint>>,
        settings: &Settings,
        channels: &Channels,
    ) -> Result<Self, StartError> {
        channels.hub().limit_messages(settings.max_outgoing_message_size);
        let compression = Arc::new(Compression::new(settings.max_compression_contexts));
        let users = Users::new(settings.max_connections_per_user);
        let shared = (&compression, &users);
        let mount = |endpoint: Endpoint| Arc::new(Mounted::new(endpoint, settings, channels.hub(), shared));
        let table = routes.into().map(&mount).compile()?;
        Ok(Self(Server {
            table,
            origins: settings.origins()?,
            hub: Arc::clone(channels.hub()),
            max_connections: settings.max_connections,
            max_handshake_size: settings.max_handshake_size,
            extensions: Arc::default(),
            started: random_prefix(),
            opened: AtomicU64::new(0),
        }))
    }

    /// Attaches a value to every request, where consumers, permissions and extractors find it by its type.
    #[must_use]
    pub fn extension<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        Arc::make_mut(&mut self.0.extensions).insert(value);
        self
    }

    /// The connections, to count them and to end them.
    pub fn connections(&self) -> Connections {
        Connections::new(Arc::clone(&self.0.hub))
    }

    /// A handle to send from anywhere.
    pub fn channels(&self) -> Channels {
        Channels::of(Arc::clone(&self.0.hub))
    }

    /// Every route: its pattern and its endpoint, in the order in which they are tried.
    pub fn routes(&self) -> impl Iterator<Item = (&str, &Endpoint)> {
        self.0.table.iter().map(|route| (route.pattern(), &route.endpoint().endpoint))
    }

    /// The path of a named route, as the router of [`into_router`](Self::into_router) sees it: put before it the prefix of
    /// each [`Router::nest`] around that.
    ///
    /// # Errors
    /// An unknown name, and parameters that do not fit the route.
    pub fn reverse(&self, name: &str, parameters: &[(&str, &dyn std::fmt::Display)]) -> Result<String, ReverseError> {
        self.0.table.reverse(name, parameters)
    }

    /// A router that serves the routes, to be merged into any axum application.
    ///
    /// Serve the application with `axum::serve(listener, app.into_make_service())`: `axum::serve(listener, app)` makes its routes anew for
    /// each connection, which costs as much as a twentieth of the handshake.
    pub fn into_router(self) -> Router {
        let server = Arc::new(self.0);
        let paths = server.table.mount_points();
        let handler = any(move |request: Request<Body>| upgrade::answer(Arc::clone(&server), request));
        paths.iter().fold(Router::new(), |router, path| router.route(path, handler.clone()))
    }
}

impl Server {
    /// A label for a connection, with an id unlike any other of this process and unlikely to be one of another.
    pub(crate) fn new_label(&self, path: &str) -> ConnectionLabel {
        ConnectionLabel::new(&self.started, self.opened.fetch_add(1, Ordering::Relaxed), path)
    }
}

/// Tells the connections of one run of the server from those of another, in a log that has both.
fn random_prefix() -> String {
    use std::hash::{BuildHasher, RandomState};
    format!("{:08x}", RandomState::new().hash_one("connections") & 0xFFFF_FFFF)
}
