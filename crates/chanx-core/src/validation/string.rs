//! Lengths and patterns of strings.

use std::collections::HashMap;

use regex::Regex;
use serde_json::{Map, Value};

use super::formats;
use super::schema::count;
use super::wording::{Complaint, counted};

/// The first fault of a string. Lengths count code points.
pub(super) fn fault<'a>(schema: &'a Map<String, Value>, text: &str, patterns: &mut Patterns<'a>) -> Option<Complaint> {
    wrong_length(schema, text).or_else(|| mismatch(schema, text, patterns)).or_else(|| formats::fault(schema, text))
}

/// The patterns of one walk, compiled once each.
#[derive(Default)]
pub(super) struct Patterns<'a> {
    compiled: HashMap<&'a str, Option<Regex>>,
}

impl<'a> Patterns<'a> {
    /// Whether the text matches; any does if the pattern is none that the `regex` crate knows.
    pub(super) fn matches(&mut self, pattern: &'a str, text: &str) -> bool {
        let compiled = self.compiled.entry(pattern).or_insert_with(|| Regex::new(pattern).ok());
        compiled.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

fn wrong_length(schema: &Map<String, Value>, text: &str) -> Option<Complaint> {
    let length = text.chars().count() as u64;
    if let Some(most) = count(schema, "maxLength").filter(|most| length > *most) {
        let msg = format!("String should have at most {}", counted(most, "character"));
        return Some(Complaint::new("string_too_long", msg));
    }
    let least = count(schema, "minLength").filter(|least| length < *least)?;
    let msg = format!("String should have at least {}", counted(least, "character"));
    Some(Complaint::new("string_too_short", msg))
}

fn mismatch<'a>(schema: &'a Map<String, Value>, text: &str, patterns: &mut Patterns<'a>) -> Option<Complaint> {
    let pattern = schema.get("pattern")?.as_str().filter(|pattern| !patterns.matches(pattern, text))?;
    Some(Complaint::new("string_pattern_mismatch", format!("String should match pattern '{pattern}'")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema: &Value, text: &str) -> Option<String> {
        let complaint = fault(schema.as_object().unwrap(), text, &mut Patterns::default())?;
        Some(format!("{}: {}", complaint.kind, complaint.msg))
    }

    #[test]
    fn one_character_is_singular() {
        let one = json!({"minLength": 1, "maxLength": 1});
        let short = "string_too_short: String should have at least 1 character";
        let long = "string_too_long: String should have at most 1 character";
        assert_eq!(check(&one, "").as_deref(), Some(short));
        assert_eq!(check(&one, "ab").as_deref(), Some(long));
        assert_eq!(check(&one, "😀"), None);
    }

    #[test]
    fn the_end_of_a_pattern_is_the_end_of_the_text() {
        let schema = json!({"pattern": "^a$"});
        assert_eq!(check(&schema, "a"), None);
        let msg = "string_pattern_mismatch: String should match pattern '^a$'";
        assert_eq!(check(&schema, "a\n").as_deref(), Some(msg));
    }

    #[test]
    fn an_unknown_kind_of_pattern_refuses_nothing() {
        assert_eq!(check(&json!({"pattern": "(?=a)"}), "b"), None);
    }
}
