//! What values must fulfil beyond their type; each rule says what is wrong, to follow the name of
//! the key.

use std::time::Duration;

use crate::handshake::is_token;
use crate::origin::AllowedOrigins;

/// Keys of a message that have a meaning of their own, see the envelope.
const TAKEN_KEYS: [&str; 7] = ["payload", "ref", "version", "topic", "seq", "is_mine", "is_current"];

pub(super) fn at_least_one(number: &usize) -> Result<(), String> {
    demand(*number > 0, || format!("must be at least 1, not {number}"))
}

pub(super) fn at_least_one_if_any(number: &Option<usize>) -> Result<(), String> {
    number.as_ref().map_or(Ok(()), at_least_one)
}

pub(super) fn positive(time: &Duration) -> Result<(), String> {
    demand(!time.is_zero(), || "must be more than 0 seconds".to_owned())
}

pub(super) fn positive_if_any(time: &Option<Duration>) -> Result<(), String> {
    time.as_ref().map_or(Ok(()), positive)
}

pub(super) fn not_empty(text: &str) -> Result<(), String> {
    demand(!text.is_empty(), || "must not be empty".to_owned())
}

pub(super) fn not_empty_if_any(text: &Option<String>) -> Result<(), String> {
    text.as_deref().map_or(Ok(()), not_empty)
}

pub(super) fn action_key(key: &str) -> Result<(), String> {
    not_empty(key)?;
    demand(!TAKEN_KEYS.contains(&key), || format!("must not be {key:?}, which means something else in a message"))
}

pub(super) fn origins(origins: &[String]) -> Result<(), String> {
    AllowedOrigins::parse(origins).map(drop).map_err(|error| format!("must be a list of origins: {error}"))
}

pub(super) fn websocket_url_if_any(url: &Option<String>) -> Result<(), String> {
    let is_websocket = |url: &String| url.starts_with("ws://") || url.starts_with("wss://");
    demand(url.as_ref().is_none_or(is_websocket), || "must begin with \"ws://\" or \"wss://\"".to_owned())
}

/// A cookie's name is a token (RFC 6265, section 4.1.1).
pub(super) fn cookie_name(name: &str) -> Result<(), String> {
    demand(is_token(name), || "must be made of letters, digits and \"-\", \"_\" or \".\"".to_owned())
}

/// A path on the own site: `//host/` would be another one.
pub(super) fn own_path(path: &str) -> Result<(), String> {
    demand(path.starts_with('/') && !path.starts_with("//"), || "must be a path that begins with one \"/\"".to_owned())
}

fn demand(is_fulfilled: bool, reason: impl FnOnce() -> String) -> Result<(), String> {
    if is_fulfilled { Ok(()) } else { Err(reason()) }
}
