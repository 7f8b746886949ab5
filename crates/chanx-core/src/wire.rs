//! What the frames of one endpoint look like: the settings that change names on the wire, and the envelope keys.

use crate::camelize::Naming;

/// The key under which a message carries its content.
pub const PAYLOAD: &str = "payload";
/// The key of the correlation id that a client chooses and every answer repeats.
pub const REFERENCE: &str = "ref";
/// The key of the envelope version.
pub const VERSION: &str = "version";
/// The only envelope version there is.
pub const ENVELOPE_VERSION: u64 = 1;

/// Names and sizes on the wire, fixed for the life of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireFormat {
    /// The key of the discriminator; `action` unless the setting `message_action_key` says otherwise.
    pub action_key: String,
    /// Whether declared field names travel as they are or in camelCase.
    pub naming: Naming,
    /// How many faults of one message an `error` frame lists at most. More than a kibibyte for each of them is cut short.
    pub max_faults: usize,
}

impl Default for WireFormat {
    fn default() -> Self {
        Self { action_key: "action".to_owned(), naming: Naming::AsDeclared, max_faults: 20 }
    }
}

/// The envelope keys of an incoming message, which its answers repeat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The client's correlation id, if the message carried one. The empty string is one.
    pub reference: Option<String>,
    /// Whether the message carried an envelope version.
    pub versioned: bool,
}
