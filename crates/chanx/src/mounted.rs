//! An endpoint with the settings that it runs with.

use chanx_core::broadcast::{Broadcast, BroadcastError};
use chanx_core::deflate::Compression;
use chanx_core::layer::{Content, Event};
use chanx_core::session::SessionConfig;
use std::sync::Arc;

use crate::channels::InvalidEvent;
use crate::config::session_config;
use crate::endpoint::Endpoint;
use crate::hub::{Format, Hub, Limits, Reports, Roster, Trouble};
use crate::settings::Settings;
use crate::users::Users;

/// An endpoint with the settings that it runs with, shared by its connections.
#[derive(Debug)]
pub(crate) struct Mounted {
    pub(crate) endpoint: Endpoint,
    pub(crate) config: Arc<SessionConfig>,
    pub(crate) roster: Arc<Roster>,
    limits: Limits,
    reports: Arc<Reports>,
    /// How many groups one connection may be in.
    pub(crate) max_groups: usize,
    /// How many tasks one connection may run beside its handlers.
    pub(crate) max_spawned_tasks: usize,
    /// Whether connections keep their requests.
    pub(crate) keep_handshake: bool,
    pub(crate) users: Arc<Users>,
}

impl Mounted {
    pub(crate) fn new(
        endpoint: Endpoint,
        settings: &Settings,
        hub: &Hub,
        (compression, users): (&Arc<Compression>, &Arc<Users>),
    ) -> Self {
        let config = session_config(settings, &endpoint, compression);
        Self {
            roster: hub.new_roster(config.tick_period()),
            config: Arc::new(config),
            limits: Limits { deliveries: settings.max_queued_deliveries, bytes: settings.max_outgoing_bytes },
            reports: Arc::clone(hub.reports()),
            max_groups: settings.max_groups,
            max_spawned_tasks: settings.max_spawned_tasks,
            users: Arc::clone(users),
            keep_handshake: endpoint.overrides().keep_handshake.unwrap_or(false),
            endpoint,
        }
    }

    /// Notes trouble with one of its connections. Yields how often there was such since the last line in the log, if it is
    /// time for a line.
    pub(crate) fn note(&self, trouble: Trouble) -> Option<u64> {
        self.reports.note(self.endpoint.name(), trouble)
    }
}

impl Format for Mounted {
    fn name(&self) -> &str {
        self.endpoint.name()
    }

    fn config(&self) -> &SessionConfig {
        &self.config
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn takes(&self, event: &Event) -> Result<(), InvalidEvent> {
        self.endpoint.check_event(&event.data)
    }

    fn broadcast(&self, content: &Content) -> Result<Broadcast, BroadcastError> {
        self.endpoint.broadcast(content, &self.config.wire)
    }
}
