//! The JSON of an echo, by serde alone.

use serde::{Deserialize, Serialize};

/// What says that a message is dealt with.
pub(super) const COMPLETE: &str = r#"{"action":"complete","payload":null}"#;

#[derive(Deserialize, Serialize)]
#[serde(tag = "action", content = "payload", rename_all = "snake_case")]
enum Message {
    Echo(String),
}

/// The answer to a message; nothing if it is none.
pub(super) fn echoed(text: &str) -> Option<String> {
    let message: Message = serde_json::from_str(text).ok()?;
    serde_json::to_string(&message).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_is_the_same_message() {
        let text = r#"{"action":"echo","payload":"a \"word\""}"#;
        assert_eq!(echoed(text).as_deref(), Some(text));
        assert_eq!(echoed(r#"{"action":"say","payload":"a"}"#), None);
    }
}
