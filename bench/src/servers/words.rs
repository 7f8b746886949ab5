//! The JSON of the peers, by serde alone.

use serde::{Deserialize, Serialize};

/// What tells a new member that it is one.
pub(super) const READY: &str = r#"{"action":"ready","payload":null}"#;

#[derive(Deserialize)]
#[serde(tag = "action", content = "payload", rename_all = "snake_case")]
enum Incoming {
    Say(String),
    Echo(String),
}

/// The flags are there for the size of the message. One text for all cannot say the truth in them.
#[derive(Serialize)]
struct Said<'a> {
    action: &'static str,
    payload: &'a str,
    is_mine: bool,
    is_current: bool,
}

/// What comes of a member's message.
pub(super) enum Words {
    /// All members hear this.
    Said(String),
    /// The member alone hears this.
    Echoed(String),
}

#[derive(Serialize)]
struct Echoed<'a> {
    action: &'static str,
    payload: &'a str,
}

/// What comes of this message; nothing if it is no such message.
pub(super) fn words(text: &[u8]) -> Option<Words> {
    match serde_json::from_slice(text).ok()? {
        Incoming::Say(payload) => {
            let said = Said { action: "said", payload: &payload, is_mine: false, is_current: false };
            serde_json::to_string(&said).ok().map(Words::Said)
        }
        Incoming::Echo(payload) => {
            serde_json::to_string(&Echoed { action: "echo", payload: &payload }).ok().map(Words::Echoed)
        }
    }
}

/// What members get to hear when one of them says this; nothing if it is no such message.
pub(super) fn said(text: &str) -> Option<String> {
    match words(text.as_bytes()) {
        Some(Words::Said(said)) => Some(said),
        _ => None,
    }
}
