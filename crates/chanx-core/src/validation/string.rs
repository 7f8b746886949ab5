//! Lengths and patterns of strings.

use serde_json::{Map, Value};

use super::formats;
use super::patterns::Patterns;
use super::schema::count;
use super::wording::{Complaint, counted};

/// The first fault of a string. Lengths count code points.
pub(super) fn fault(patterns: &Patterns, schema: &Map<String, Value>, text: &str) -> Option<Complaint> {
    wrong_length(schema, text).or_else(|| mismatch(patterns, schema, text)).or_else(|| formats::fault(schema, text))
}

/// Whether the schema says nothing about strings but their format.
pub(super) fn is_only_formatted(schema: &Map<String, Value>) -> bool {
    !["minLength", "maxLength", "pattern"].iter().any(|keyword| schema.contains_key(*keyword))
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

fn mismatch(patterns: &Patterns, schema: &Map<String, Value>, text: &str) -> Option<Complaint> {
    let pattern = schema.get("pattern")?.as_str().filter(|pattern| !patterns.matches(pattern, text))?;
    Some(Complaint::new("string_pattern_mismatch", format!("String should match pattern '{pattern}'")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema: &Value, text: &str) -> Option<String> {
        let complaint = fault(&Patterns::default(), schema.as_object().unwrap(), text)?;
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
    fn a_mismatch_names_the_pattern() {
        let schema = json!({"pattern": "^a$"});
        assert_eq!(check(&schema, "a"), None);
        let msg = "string_pattern_mismatch: String should match pattern '^a$'";
        assert_eq!(check(&schema, "b").as_deref(), Some(msg));
    }
}
