//! Reading a JSON Schema: references and the keywords that are lists.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::number::equal;
use super::patterns::Patterns;

/// Where references lead: the schema at the root and its `$defs`; and the patterns in them.
#[derive(Clone, Copy)]
pub(crate) struct Document<'a> {
    root: &'a Value,
    definitions: &'a Map<String, Value>,
    patterns: &'a Patterns,
}

impl<'a> Document<'a> {
    /// Patterns that are not among `patterns` are compiled each time that a text is held against them.
    pub(crate) fn new(root: &'a Value, definitions: &'a Map<String, Value>, patterns: &'a Patterns) -> Self {
        Self { root, definitions, patterns }
    }

    /// The patterns in the schemas.
    pub(super) fn patterns(self) -> &'a Patterns {
        self.patterns
    }

    /// Whether the text matches the pattern.
    pub(super) fn matches(self, pattern: &str, text: &str) -> bool {
        self.patterns.matches(pattern, text)
    }

    /// The target of the schema's own `$ref`. References to other documents lead nowhere.
    pub(crate) fn target(self, schema: &Map<String, Value>) -> Option<&'a Value> {
        match schema.get("$ref")?.as_str()? {
            "#" => Some(self.root),
            reference => self.definitions.get(&*definition_name(reference)?),
        }
    }

    /// The schema, or what it refers to if it is a mere reference, without a type of its own. Chains are followed.
    pub(super) fn resolve(self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        for _ in 0..=self.definitions.len() {
            match schema.as_object().filter(|keywords| !keywords.contains_key("type")).and_then(|it| self.target(it)) {
                Some(target) => schema = target,
                None => break,
            }
        }
        schema
    }

    /// The properties that the schema declares: its own, then those of what it refers to.
    pub(super) fn declared(self, schema: &'a Value) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let keywords = self.resolve(schema).as_object();
        let target = keywords.and_then(|keywords| self.target(keywords));
        let target = target.and_then(|target| self.resolve(target).as_object());
        keywords.into_iter().chain(target).flat_map(properties)
    }
}

/// The name that `#/$defs/<name>` refers to, freed of the escapes of a URI fragment and of a JSON pointer.
pub(crate) fn definition_name(reference: &str) -> Option<Cow<'_, str>> {
    let name = percent_decode_str(reference.strip_prefix("#/$defs/")?).decode_utf8().ok()?;
    Some(if name.contains('~') { Cow::Owned(name.replace("~1", "/").replace("~0", "~")) } else { name })
}

/// The members of a keyword that holds a list of schemas or values; none if it is absent.
pub(crate) fn list<'a>(schema: &'a Map<String, Value>, keyword: &str) -> &'a [Value] {
    schema.get(keyword).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The names of the schema's own `type`.
pub(crate) fn types(schema: &Map<String, Value>) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The values that `const` or `enum` allows.
pub(crate) fn constants(schema: &Map<String, Value>) -> Option<&[Value]> {
    match schema.get("const") {
        Some(only) => Some(std::slice::from_ref(only)),
        None => schema.get("enum")?.as_array().map(Vec::as_slice),
    }
}

/// Whether two JSON values are equal: 1 is 1.0.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => equal(a, b),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// The properties that the schema itself declares.
pub(crate) fn properties(schema: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(name, schema)| (name.as_str(), schema))
}

/// Whether a property must be there.
pub(crate) fn requires(schema: &Map<String, Value>, name: &str) -> bool {
    list(schema, "required").iter().any(|required| required == name)
}

/// A keyword that holds a count.
pub(crate) fn count(schema: &Map<String, Value>, keyword: &str) -> Option<u64> {
    schema.get(keyword)?.as_u64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_of_definitions_are_unescaped() {
        let name = |reference| definition_name(reference).map(Cow::into_owned);
        assert_eq!(name("#/$defs/Person"), Some("Person".to_owned()));
        assert_eq!(name("#/$defs/%C3%89tat"), Some("État".to_owned()));
        assert_eq!(name("#/$defs/a~1b~01"), Some("a/b~1".to_owned()));
        assert_eq!(name("other.json#/$defs/Person"), None);
    }

    #[test]
    fn numbers_are_equal_by_value_at_every_depth() {
        let equal = |a: &Value, b: &Value| same(a, b) && same(b, a);
        assert!(equal(&json!([{"a": 1}, -0.0]), &json!([{"a": 1.0}, 0])));
        assert!(!equal(&json!([1]), &json!([1, 1])));
        assert!(!equal(&json!({"a": 1}), &json!({"b": 1})));
        assert!(!equal(&json!(1), &json!("1")));
        assert!(!equal(&json!(9007199254740993_i64), &json!(9007199254740992.0)));
    }

    #[test]
    fn references_are_followed_and_circles_end() {
        let definitions = json!({
            "A": {"$ref": "#/$defs/B"}, "B": {"type": "null"}, "X": {"$ref": "#/$defs/Y"}, "Y": {"$ref": "#/$defs/X"}
        });
        let definitions = definitions.as_object().unwrap();
        let root = json!({"$ref": "#/$defs/A"});
        let reference_to_root = json!({"$ref": "#"});
        let patterns = Patterns::default();
        let document = Document::new(&root, definitions, &patterns);
        assert_eq!(document.resolve(&root), &json!({"type": "null"}));
        assert_eq!(document.resolve(&reference_to_root), &json!({"type": "null"}));
        assert!(document.resolve(&definitions["X"]).get("$ref").is_some());
    }
}
