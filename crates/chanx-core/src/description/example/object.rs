//! Objects: the declared fields, or an entry of a map.

use serde_json::{Map, Value};

use super::{Maker, pattern};
use crate::validation::{count, list, properties, requires};

impl Maker<'_> {
    pub(super) fn object(&mut self, keywords: &Map<String, Value>) -> Option<Value> {
        let mut object = Map::new();
        for (name, schema) in properties(keywords) {
            let is_required = requires(keywords, name);
            if !is_required && self.parts_left == 0 {
                continue;
            }
            match self.make(schema, name) {
                Some(Value::Null) if !is_required && schema["type"] != "null" => {}
                Some(value) => drop(object.insert(name.to_owned(), value)),
                None if is_required => return None,
                None => {}
            }
        }
        for name in list(keywords, "required").iter().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                object.insert(name.to_owned(), self.make(others(keywords), name)?);
            }
        }
        self.add_entries(keywords, &mut object)?;
        Some(object.into())
    }

    /// Fills a map: one entry, or as many as there must be.
    fn add_entries(&mut self, keywords: &Map<String, Value>, object: &mut Map<String, Value>) -> Option<()> {
        let least = count(keywords, "minProperties").unwrap_or(0);
        let is_map = object.is_empty() && (keywords.contains_key("additionalProperties") || has_patterns(keywords));
        let wanted = if is_map { least.max(1) } else { least };
        for number in 1..=wanted.saturating_sub(object.len() as u64) {
            match self.entry(keywords, number) {
                Some((key, value)) => drop(object.insert(key, value)),
                None if (object.len() as u64) < least => return None,
                None => return Some(()),
            }
        }
        Some(())
    }

    fn entry(&mut self, keywords: &Map<String, Value>, number: u64) -> Option<(String, Value)> {
        if count(keywords, "maxProperties") == Some(0) {
            return None;
        }
        let patterns = keywords.get("patternProperties").and_then(Value::as_object);
        if let Some((pattern, values)) = patterns.and_then(|patterns| patterns.iter().next()) {
            let key = pattern::texts(pattern).nth(number as usize - 1)?;
            return Some((key, self.make(values, "")?));
        }
        let key = match keywords.get("propertyNames") {
            Some(names) => self.make(names, "key")?.as_str()?.to_owned(),
            None if number == 1 => "key".to_owned(),
            None => format!("key{number}"),
        };
        Some((key, self.make(others(keywords), "")?))
    }
}

fn has_patterns(keywords: &Map<String, Value>) -> bool {
    keywords.contains_key("patternProperties")
}

/// The schema of what is not declared.
fn others(keywords: &Map<String, Value>) -> &Value {
    keywords.get("additionalProperties").unwrap_or(&Value::Bool(true))
}
