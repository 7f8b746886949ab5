//! The JSON of the peers, by serde alone.

use serde::{Deserialize, Serialize};

/// What tells a new member that it is one.
pub(super) const READY: &str = r#"{"action":"ready","payload":null}"#;

#[derive(Deserialize)]
#[serde(tag = "action", content = "payload", rename_all = "snake_case")]
enum Incoming {
    Say(String),
}

/// The flags are there for the size of the message. One text for all cannot say the truth in them.
#[derive(Serialize)]
struct Said<'a> {
    action: &'static str,
    payload: &'a str,
    is_mine: bool,
    is_current: bool,
}

/// What members get to hear when one of them says this; nothing if it is no such message.
pub(super) fn said(text: &str) -> Option<String> {
    let Incoming::Say(payload) = serde_json::from_str(text).ok()?;
    let said = Said { action: "said", payload: &payload, is_mine: false, is_current: false };
    serde_json::to_string(&said).ok()
}
