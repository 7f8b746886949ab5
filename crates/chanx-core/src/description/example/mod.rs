//! A value that a JSON Schema accepts, always the same, as people would write it.
//!
//! It understands the schemas that `schemars` writes, with garde's constraints. What a schema's author gives as an
//! example comes first; what is made here is held against the schema by the diagnosis of messages.

mod array;
mod merge;
mod number;
mod object;
mod pattern;
mod text;

use serde_json::{Map, Value};

use crate::camelize::Naming;
use crate::validation::{Document, Patterns, constants, diagnose, list, types};
use merge::merge;

/// How many parts are made before those that are not required are left out.
const MAX_PARTS: usize = 2_000;

/// A value that the schema accepts. What it refers to must stand under its own `$defs`.
///
/// Constants, examples and defaults are taken from the schema. Fields that may be left out are there, unless they would
/// repeat the value inside of itself. Null stands for a schema that accepts nothing finite.
///
/// ```
/// use chanx_core::description::example;
/// use serde_json::json;
///
/// let schema = json!({"type": "object", "properties": {"pk": {"type": "integer", "minimum": 7}, "text": {"type": "string"}}});
/// assert_eq!(example(&schema), json!({"pk": 7, "text": "text"}));
/// ```
pub fn example(schema: &Value) -> Value {
    let none = Map::new();
    let definitions = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
    let patterns = Patterns::default();
    let mut maker = Maker {
        document: Document::new(schema, definitions, &patterns),
        definitions,
        open: Vec::new(),
        parts_left: MAX_PARTS,
        variant: 0,
    };
    maker.make(schema, "").unwrap_or_default()
}

/// Makes one value, part by part. `None` stands for a part that has no finite value where it is.
struct Maker<'a> {
    document: Document<'a>,
    definitions: &'a Map<String, Value>,
    /// The references that lead to the part at hand: none of them is followed once more.
    open: Vec<String>,
    parts_left: usize,
    /// Which of several values is wanted, where a list needs different ones.
    variant: usize,
}

impl Maker<'_> {
    /// A value for the part that is called `name`.
    fn make(&mut self, schema: &Value, name: &str) -> Option<Value> {
        self.parts_left = self.parts_left.saturating_sub(1);
        match schema {
            Value::Object(keywords) => self.resolve(keywords.clone(), name),
            Value::Bool(false) => None,
            _ => Some(text::word(name).into()),
        }
    }

    /// A value for keywords that may refer to others or be composed of them.
    fn resolve(&mut self, keywords: Map<String, Value>, name: &str) -> Option<Value> {
        if let Some(value) = self.stated(&keywords) {
            return Some(value);
        }
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            return self.follow(reference, &keywords, name);
        }
        if let Some(keyword) = ["anyOf", "oneOf"].into_iter().find(|keyword| keywords.contains_key(*keyword)) {
            return self.union(keyword, keywords, name);
        }
        if keywords.contains_key("allOf") {
            return self.resolve(merge::all_of(keywords), name);
        }
        self.of_type(&keywords, name)
    }

    fn follow(&mut self, reference: &str, keywords: &Map<String, Value>, name: &str) -> Option<Value> {
        if self.open.iter().any(|open| open == reference) {
            return None;
        }
        let mut own = keywords.clone();
        own.shift_remove("$ref");
        if let Some(Value::Object(target)) = self.document.target(keywords) {
            own = merge(own, target.clone());
        }
        self.open.push(reference.to_owned());
        let made = self.resolve(own, name);
        self.open.pop();
        made
    }

    /// The first branch that has a value; null comes last.
    fn union(&mut self, keyword: &str, keywords: Map<String, Value>, name: &str) -> Option<Value> {
        let whole = keywords.clone();
        let mut rest = keywords;
        let branches = rest.shift_remove(keyword);
        let mut branches: Vec<_> = branches.as_ref().and_then(Value::as_array).into_iter().flatten().collect();
        branches.sort_by_key(|branch| branch["type"] == "null");
        branches.into_iter().find_map(|branch| {
            let branch = branch.as_object().cloned().unwrap_or_default();
            self.resolve(merge(rest.clone(), branch), name).filter(|value| self.accepts(&whole, value))
        })
    }

    /// What the schema itself gives: a constant, an example, or a default that tells something.
    fn stated(&self, keywords: &Map<String, Value>) -> Option<Value> {
        if let Some(constants) = constants(keywords) {
            let telling: Vec<_> = constants.iter().filter(|value| !value.is_null()).collect();
            return telling.get(self.variant % telling.len().max(1)).copied().or(constants.first()).cloned();
        }
        let default = keywords.get("default").filter(|default| self.variant == 0 && tells_something(default));
        let given = list(keywords, "examples").iter().skip(self.variant).chain(default);
        given.into_iter().find(|value| self.accepts(keywords, value)).cloned()
    }

    fn of_type(&mut self, keywords: &Map<String, Value>, name: &str) -> Option<Value> {
        let mut wanted = types(keywords);
        if wanted.is_empty() {
            wanted.push(implied_type(keywords));
        }
        wanted.sort_by_key(|name| *name == "null");
        wanted.into_iter().find_map(|wanted| match wanted {
            "null" => Some(Value::Null),
            "boolean" => Some(self.variant.is_multiple_of(2).into()),
            "integer" => self.first_accepted(keywords, number::integers(keywords, self.variant)),
            "number" => self.first_accepted(keywords, number::numbers(keywords, self.variant)),
            "array" => self.array(keywords, name),
            "object" => self.object(keywords),
            _ => self.first_accepted(keywords, text::texts(keywords, name, self.variant)),
        })
    }

    fn first_accepted<T: Into<Value>>(
        &self,
        keywords: &Map<String, Value>,
        candidates: impl IntoIterator<Item = T>,
    ) -> Option<Value> {
        candidates.into_iter().map(Into::into).find(|value| self.accepts(keywords, value))
    }

    fn accepts(&self, keywords: &Map<String, Value>, value: &Value) -> bool {
        let schema = Value::Object(keywords.clone());
        diagnose(&schema, self.definitions, value, &[], Naming::AsDeclared).is_empty()
    }
}

/// Whether a default is more than the absence of a value.
fn tells_something(default: &Value) -> bool {
    match default {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(object) => !object.is_empty(),
        _ => true,
    }
}

/// The type that the keywords are about, where none is named.
fn implied_type(keywords: &Map<String, Value>) -> &'static str {
    const HINTS: &[(&str, &[&str])] = &[
        ("object", &["properties", "required", "additionalProperties", "patternProperties", "minProperties"]),
        ("array", &["items", "prefixItems", "minItems", "contains"]),
        ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
    ];
    let hinted = HINTS.iter().find(|(_, hints)| hints.iter().any(|hint| keywords.contains_key(*hint)));
    hinted.map_or("string", |(name, _)| name)
}
