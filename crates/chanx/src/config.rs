//! From the settings and a consumer's overrides to what its sessions run with.

use std::sync::Arc;

use chanx_core::camelize::Naming;
use chanx_core::deflate::Compression;
use chanx_core::session::{MessageLog, SessionConfig};
use chanx_core::wire::WireFormat;

use crate::consumer::Overrides;
use crate::endpoint::Endpoint;
use crate::settings::Settings;

pub(crate) fn session_config(
    settings: &Settings,
    endpoint: &Endpoint,
    compression: &Arc<Compression>,
) -> SessionConfig {
    let o = endpoint.overrides();
    // Clients of raw messages know none of the protocol's own, unless their consumer says so.
    let speaks = !endpoint.is_raw();
    let mut config = SessionConfig::default();
    config.wire = wire_format(settings, o);
    config.log = message_log(settings, o);
    config.send_completion = o.send_completion.unwrap_or(settings.send_completion && speaks);
    config.send_authentication_message =
        o.send_authentication_message.unwrap_or(settings.send_authentication_message && speaks);
    config.failure_closes = !speaks;
    config.send_immediately = settings.send_message_immediately;
    config.legacy_close_codes = settings.legacy_close_codes;
    config.panic_closes = o.panic_closes.unwrap_or(true);
    config.unusable_frame_closes = o.unusable_frame_closes.unwrap_or(false);
    config.max_message_size = o.max_message_size.unwrap_or(settings.max_message_size);
    config.compression = o.compression.unwrap_or(settings.compression).then(|| Arc::clone(compression));
    config.compression_threshold = o.compression_threshold.unwrap_or(settings.compression_threshold);
    config.max_waiting_messages = settings.max_waiting_messages;
    config.max_outgoing_bytes = settings.max_outgoing_bytes;
    config.max_outgoing_message_size = settings.max_outgoing_message_size;
    config.min_send_rate = settings.min_send_rate;
    config.admission_timeout = settings.admission_timeout;
    config.handler_timeout = settings.handler_timeout;
    config.ping_interval = settings.ping_interval;
    config.ping_timeout = settings.ping_timeout;
    config.idle_timeout = settings.idle_timeout;
    config.send_timeout = settings.send_timeout;
    config.close_timeout = settings.close_timeout;
    config
}

/// The names on the wire of an endpoint.
pub(crate) fn wire_format(settings: &Settings, overrides: &Overrides) -> WireFormat {
    let camelize = overrides.camelize.unwrap_or(settings.camelize);
    WireFormat {
        action_key: overrides.message_action_key.as_ref().unwrap_or(&settings.message_action_key).clone(),
        naming: if camelize { Naming::CamelCase } else { Naming::AsDeclared },
        max_faults: settings.max_faults,
    }
}

fn message_log(settings: &Settings, overrides: &Overrides) -> MessageLog {
    MessageLog {
        received: overrides.log_received_message.unwrap_or(settings.log_received_message),
        sent: overrides.log_sent_message.unwrap_or(settings.log_sent_message),
        ignored_actions: overrides.log_ignored_actions.as_ref().unwrap_or(&settings.log_ignored_actions).clone(),
    }
}
