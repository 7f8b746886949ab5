//! chanx, with a route for each kind of work.

mod echo;
mod messages;
mod room;

use std::time::Duration;

use axum::Router;
use chanx::routing::{Route, path};
use chanx::settings::{ConnectionUrl, Secret};
use chanx::{Channels, Consumer, Endpoint, Settings, Websockets};
use chanx_site::Site;

use super::ServeError;
use crate::cli::ServeOptions;
use crate::sessions::SECRET_KEY;
use echo::Echo;
#[cfg(feature = "peers")]
pub(super) use messages::{EchoIncoming, EchoOutgoing};
use room::{Anybody, LoggedIn, Member};

/// All routes; the one for those who are logged in only where there is a database.
pub(super) async fn app(options: &ServeOptions) -> Result<Router, ServeError> {
    let settings = settings(options);
    let channels = match &options.layer {
        Some(url) => Channels::new(chanx_redis::connect(url)?),
        None => Channels::in_memory(),
    };
    let mut routes: Vec<Route<Endpoint>> = vec![
        path("echo/", Echo::<false>::endpoint()),
        path("completed/", Echo::<true>::endpoint()),
        path("room/", Member::<Anybody>::endpoint()),
    ];
    if options.database.is_none() {
        return Ok(Websockets::with_channels(routes, &settings, &channels)?.into_router());
    }
    routes.push(path("session/", Member::<LoggedIn>::endpoint()));
    let site = Site::open(settings).await?;
    let websockets = Websockets::with_channels(routes, site.settings(), &channels)?;
    Ok(websockets.extension(site.users()).into_router())
}

/// The defaults, but for what a load generator is not: a page of this site, many users, and somebody who reads the log.
fn settings(options: &ServeOptions) -> Settings {
    let mut settings = Settings::default();
    settings.allow_missing_origin = true;
    settings.max_connections = None;
    settings.max_connections_per_user = None;
    settings.send_authentication_message = false;
    settings.log_received_message = false;
    settings.log_sent_message = false;
    settings.secret_key = Some(Secret::from(SECRET_KEY));
    if options.uncached {
        settings.session_cache_size = 0;
    }
    if let Some(seconds) = options.ping_interval {
        settings.ping_interval = Some(Duration::from_secs_f64(seconds));
    }
    if let Some(url) = &options.database {
        settings.database_url = ConnectionUrl::from(url.as_str());
    }
    settings
}
