//! The patterns of schemas, each compiled once.

use std::collections::HashMap;
use std::sync::OnceLock;

use regex::Regex;
use serde_json::Value;

/// The patterns of a set of schemas. Each is compiled when a text is first held against it, and then kept.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    compiled: HashMap<String, OnceLock<Option<Regex>>>,
}

impl Patterns {
    /// Adds the patterns of a schema, at every depth.
    pub(crate) fn collect(&mut self, schema: &Value) {
        match schema {
            Value::Object(keywords) => {
                let pattern = keywords.get("pattern").and_then(Value::as_str);
                let of_keys = keywords.get("patternProperties").and_then(Value::as_object);
                let of_keys = of_keys.into_iter().flat_map(|patterns| patterns.keys().map(String::as_str));
                self.compiled.extend(pattern.into_iter().chain(of_keys).map(|it| (it.to_owned(), OnceLock::new())));
                keywords.values().for_each(|part| self.collect(part));
            }
            Value::Array(parts) => parts.iter().for_each(|part| self.collect(part)),
            _ => {}
        }
    }

    /// Whether the text matches; any does if the pattern is none that the `regex` crate knows.
    pub(super) fn matches(&self, pattern: &str, text: &str) -> bool {
        match self.compiled.get(pattern) {
            Some(compiled) => fits(compiled.get_or_init(|| compile(pattern)).as_ref(), text),
            None => fits(compile(pattern).as_ref(), text),
        }
    }
}

fn fits(pattern: Option<&Regex>, text: &str) -> bool {
    pattern.is_none_or(|pattern| pattern.is_match(text))
}

fn compile(pattern: &str) -> Option<Regex> {
    #[cfg(test)]
    COMPILED.with(|count| count.set(count.get() + 1));
    Regex::new(pattern).ok()
}

#[cfg(test)]
thread_local! {
    /// How many patterns this thread has compiled.
    pub(crate) static COMPILED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_pattern_is_compiled_once_wherever_it_stands() {
        let mut patterns = Patterns::default();
        patterns.collect(&json!({"anyOf": [{"pattern": "^a$"}, {"patternProperties": {"^b$": {"pattern": "^c$"}}}]}));
        let before = COMPILED.get();
        for _ in 0..10 {
            assert!(["a", "b", "c"].iter().all(|text| patterns.matches(&format!("^{text}$"), text)));
        }
        assert_eq!(COMPILED.get() - before, 3);
    }

    #[test]
    fn the_end_of_a_pattern_is_the_end_of_the_text() {
        assert!(Patterns::default().matches("^a$", "a"));
        assert!(!Patterns::default().matches("^a$", "a\n"));
    }

    #[test]
    fn an_unknown_kind_of_pattern_refuses_nothing() {
        assert!(Patterns::default().matches("(?=a)", "b"));
    }
}
