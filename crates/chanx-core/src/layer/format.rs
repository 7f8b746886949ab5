//! How messages and events are written on a layer, whatever the endpoints on either side call their keys.

use std::sync::LazyLock;

use crate::wire::WireFormat;

static MESSAGES: LazyLock<WireFormat> = LazyLock::new(WireFormat::default);

static EVENTS: LazyLock<WireFormat> =
    LazyLock::new(|| WireFormat { action_key: "handler".to_owned(), ..WireFormat::default() });

/// The form of a group message's content: declared names, and the key `action`.
pub fn message_format() -> &'static WireFormat {
    &MESSAGES
}

/// The form of an event: named by its `handler`, as in Chanx.
pub fn event_format() -> &'static WireFormat {
    &EVENTS
}
