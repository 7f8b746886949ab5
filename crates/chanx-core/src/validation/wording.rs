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
    let msg = match words.split_last() {
        Some((last, [])) => format!("Input should be {last}"),
        Some((last, others)) => format!("Input should be {} or {last}", others.join(", ")),
        None => "Input is not permitted".to_owned(),
    };
    Complaint::new(kind, msg)
}

pub(super) fn tag_not_found(key: &str) -> Complaint {
    Complaint::new("union_tag_not_found", format!("Unable to extract tag using discriminator '{key}'"))
}

pub(super) fn tag_invalid<T: Display>(key: &str, found: &Value, expected: impl Iterator<Item = T>) -> Complaint {
    let expected: Vec<_> = expected.map(|tag| format!("'{tag}'")).collect();
    let msg = format!(
        "Input tag '{}' found using '{key}' does not match any of the expected tags: {}",
        plain(found),
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
    fn tags_of_any_kind_are_shown() {
        let msg = |found: &Value| tag_invalid("kind", found, ["cat", "dog"].iter()).msg;
        let rest = "found using 'kind' does not match any of the expected tags: 'cat', 'dog'";
        assert_eq!(msg(&json!("cow")), format!("Input tag 'cow' {rest}"));
        assert_eq!(msg(&json!(["cat"])), format!("Input tag '[\"cat\"]' {rest}"));
    }
}
