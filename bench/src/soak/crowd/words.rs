//! What clients say, and what they hear.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// What a client hears.
#[derive(Debug)]
pub(super) enum Heard {
    Word(Word),
    /// A close frame.
    Closed(Option<u16>),
    /// The end of the transport without one.
    Cut(String),
    /// Something that no server may send.
    Wrong(String),
}

/// A message of the server.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", content = "payload", rename_all = "snake_case")]
pub(super) enum Word {
    Authentication(IgnoredAny),
    Joined(u32),
    Left(u32),
    Said { group: u32, number: u32 },
    Accepted(u32),
    Rejected(u32),
    Echo(String),
    Error(IgnoredAny),
    Missed,
}

impl Word {
    pub(super) fn read(text: &str) -> Heard {
        match serde_json::from_str(text) {
            Ok(word) => Heard::Word(word),
            Err(error) => Heard::Wrong(format!("{error}: {}", text.chars().take(200).collect::<String>())),
        }
    }
}

pub(super) fn join(group: u32) -> String {
    format!(r#"{{"action":"join","payload":{group}}}"#)
}

pub(super) fn leave(group: u32) -> String {
    format!(r#"{{"action":"leave","payload":{group}}}"#)
}

pub(super) fn say(group: u32, number: u32, size: u32) -> String {
    format!(r#"{{"action":"say","payload":{{"group":{group},"number":{number},"size":{size}}}}}"#)
}

pub(super) fn echo(text: &str) -> String {
    format!(r#"{{"action":"echo","payload":"{text}"}}"#)
}

pub(super) const FAIL: &str = r#"{"action":"fail"}"#;
