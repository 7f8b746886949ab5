//! What clients say, and what they hear.

use std::fmt;

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

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "{word:?}"),
            Self::Closed(Some(code)) => write!(f, "a close frame with {code}"),
            Self::Closed(None) => f.write_str("a close frame without a code"),
            Self::Cut(why) => write!(f, "a broken connection ({why})"),
            Self::Wrong(what) => write!(f, "something wrong ({what})"),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_with_all_that_stands_beside_them() {
        let said =
            r#"{"action":"said","payload":{"group":1,"number":2,"text":"x"},"is_mine":false,"is_current":false}"#;
        assert!(matches!(Word::read(said), Heard::Word(Word::Said { group: 1, number: 2 })));
        for text in [r#"{"action":"missed","payload":null}"#, r#"{"action":"missed"}"#] {
            assert!(matches!(Word::read(text), Heard::Word(Word::Missed)), "{text}");
        }
        let wrong = Word::read(r#"{"action":"nothing"}"#).to_string();
        assert!(wrong.starts_with("something wrong") && wrong.contains("nothing"), "{wrong}");
    }
}
