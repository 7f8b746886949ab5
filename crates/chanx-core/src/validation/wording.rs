//! Pydantic's words: kinds of faults and their messages, without a place.

use std::borrow::Cow;
use std::fmt::Display;

use serde_json::Value;

/// A fault that does not know its place yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Complaint {
    pub(super) kind: &'static str,
    pub(super) msg: Cow<'static, str>,
}

impl Complaint {
    pub(super) fn new(kind: &'static str, msg: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, msg: msg.into() }
    }
}

/// How many bytes of a text of the client's stand in a fault.
const MAX_ECHO: usize = 200;

/// The text as faults repeat it: cut if it is long, with an ellipsis.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_ECHO {
        return Cow::Borrowed(text);
    }
    let end = (0..=MAX_ECHO).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    Cow::Owned(format!("{}…", &text[..end]))
}

pub(super) fn missing() -> Complaint {
    Complaint::new("missing", "Field required")
}

pub(super) fn extra() -> Complaint {
    Complaint::new("extra_forbidden", "Extra inputs are not permitted")
}

pub(super) fn too_complex() -> Complaint {
    Complaint::new("value_error", "Value error, the message is too complex to be checked")
}

pub(super) fn not_an_object(kind: &'static str) -> Complaint {
    Complaint::new(kind, "Input should be an object")
}

/// `thing` is what Pydantic calls the value: "List", "Tuple", "Dictionary".
pub(super) fn too_short(thing: &str, least: u64, actual: usize) -> Complaint {
    let msg = format!("{thing} should have at least {} after validation, not {actual}", counted(least, "item"));
    Complaint::new("too_short", msg)
}

pub(super) fn too_long(thing: &str, most: u64, actual: usize) -> Complaint {
    let msg = format!("{thing} should have at most {} after validation, not {actual}", counted(most, "item"));
    Complaint::new("too_long", msg)
}

/// "1 item", "2 items".
pub(super) fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

/// "Input should be 'a', 'b' or 'c'".
pub(super) fn one_of(kind: &'static str, allowed: &[&Value]) -> Complaint {
    let words: Vec<_> = allowed.iter().map(|value| quoted(value)).collect();
    if words.is_empty() {
        return Complaint::new(kind, "Input is not permitted");
    }
    Complaint::new(kind, format!("Input should be {}", alternatives(&words)))
}

/// "a, b or c".
pub(super) fn alternatives(words: &[String]) -> String {
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The text as Python's `repr` writes it.
pub(super) fn quoted_as_python(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::from(quote);
    for character in text.chars() {
        match character {
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            _ if character == quote => quoted.extend(['\\', quote]),
            '\'' | '"' => quoted.push(character),
            _ if character.escape_debug().len() == 1 => quoted.push(character),
            '\0'..='\u{ff}' => quoted.push_str(&format!("\\x{:02x}", u32::from(character))),
            '\u{100}'..='\u{ffff}' => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
            _ => quoted.push_str(&format!("\\U{:08x}", u32::from(character))),
        }
    }
    quoted.push(quote);
    quoted
}

pub(super) fn tag_not_found(key: &str) -> Complaint {
    Complaint::new("union_tag_not_found", format!("Unable to extract tag using discriminator '{key}'"))
}

pub(super) fn tag_invalid<T: Display>(key: &str, found: &Value, expected: impl Iterator<Item = T>) -> Complaint {
    let expected: Vec<_> = expected.map(|tag| format!("'{tag}'")).collect();
    let msg = format!(
        "Input tag '{}' found using '{key}' does not match any of the expected tags: {}",
        shortened(&plain(found)),
        expected.join(", ")
    );
    Complaint::new("union_tag_invalid", msg)
}

/// A string as it is, anything else as JSON.
pub(super) fn plain(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

fn quoted(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn alternatives_are_listed_as_a_sentence() {
        let msg = |allowed: &[&Value]| one_of("enum", allowed).msg;
        assert_eq!(msg(&[&json!("a")]), "Input should be 'a'");
        assert_eq!(msg(&[&json!("a"), &json!(2)]), "Input should be 'a' or 2");
        assert_eq!(msg(&[&json!("a"), &json!(true), &json!(null)]), "Input should be 'a', true or null");
        assert_eq!(msg(&[]), "Input is not permitted");
    }

    #[test]
    fn counts_have_a_plural() {
        assert_eq!(too_short("List", 1, 0).msg, "List should have at least 1 item after validation, not 0");
        assert_eq!(too_long("Tuple", 2, 3).msg, "Tuple should have at most 2 items after validation, not 3");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened(&"x".repeat(200)), "x".repeat(200));
        assert_eq!(shortened(&"x".repeat(201)), "x".repeat(200) + "…");
        assert_eq!(shortened(&("x".to_owned() + &"ü".repeat(200))), "x".to_owned() + &"ü".repeat(99) + "…");
    }

    #[test]
    fn tags_of_any_kind_are_shown() {
        let msg = |found: &Value| tag_invalid("kind", found, ["cat", "dog"].iter()).msg;
        let rest = "found using 'kind' does not match any of the expected tags: 'cat', 'dog'";
        assert_eq!(msg(&json!("cow")), format!("Input tag 'cow' {rest}"));
        assert_eq!(msg(&json!(["cat"])), format!("Input tag '[\"cat\"]' {rest}"));
    }
}
