//! Expectations with matchers: `{"$prefix": …}`, `{"$re": …}` (the whole string) and `{"$any": …}`.

use regex::Regex;
use serde_json::Value;

pub(crate) fn matches(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len()
                && expected.iter().zip(found).all(|(expected, found)| matches(expected, found))
        }
        (Value::Object(expected), found) => match expected.iter().next() {
            Some((key, argument)) if key.starts_with('$') => matcher(key, argument.as_str().unwrap(), found),
            _ => found.as_object().is_some_and(|found| {
                expected.len() == found.len()
                    && expected.iter().all(|(key, value)| found.get(key).is_some_and(|found| matches(value, found)))
            }),
        },
        (expected, found) => expected == found,
    }
}

fn matcher(name: &str, argument: &str, found: &Value) -> bool {
    let text = found.as_str();
    match (name, argument) {
        ("$prefix", prefix) => text.is_some_and(|text| text.starts_with(prefix)),
        ("$re", pattern) => text.is_some_and(|text| Regex::new(&format!("^(?:{pattern})$")).unwrap().is_match(text)),
        ("$any", "string") => text.is_some_and(|text| !text.is_empty()),
        _ => panic!("unknown matcher {name} {argument}"),
    }
}
