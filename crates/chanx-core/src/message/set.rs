//! The description of a set of messages: actions, doc comments and JSON Schemas, taken from the types.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::validation::{Checker, Document, Patterns, definition_name, is_formatted};
use crate::wire::PAYLOAD;

/// All messages of one type, in the order of its variants.
#[derive(Debug)]
pub struct MessageSet {
    messages: Vec<MessageInfo>,
    definitions: Map<String, Value>,
    patterns: Patterns,
    formatted: Vec<Formatted>,
}

/// One message: what it is called, what it is for, and what may stand in it.
#[derive(Debug)]
pub struct MessageInfo {
    /// The discriminator.
    pub action: &'static str,
    /// The variant's doc comment.
    pub description: &'static str,
    /// JSON Schema (2020-12) of the fields beside the action; `$ref`s point into [`MessageSet::definitions`].
    pub schema: Value,
}

impl MessageSet {
    /// Begins a set; the derive macro names the messages one by one.
    pub fn builder() -> MessageSetBuilder {
        MessageSetBuilder { generator: SchemaSettings::draft2020_12().into_generator(), messages: Vec::new() }
    }

    /// The message with this action.
    pub fn find(&self, action: &str) -> Option<&MessageInfo> {
        self.messages.iter().find(|message| message.action == action)
    }

    /// Whether there are no messages at all.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Every message, in the order of declaration.
    pub fn iter(&self) -> impl Iterator<Item = &MessageInfo> {
        self.messages.iter()
    }

    /// The schemas that `$ref`s of the messages point to, by name.
    pub fn definitions(&self) -> &Map<String, Value> {
        &self.definitions
    }

    /// The schema of one of the messages with all that it refers to.
    pub(crate) fn document<'a>(&'a self, info: &'a MessageInfo) -> Document<'a> {
        Document::new(&info.schema, &self.definitions, &self.patterns)
    }

    /// What is known about the formats in the message with this action, if its schema names any.
    pub(crate) fn formats(&self, action: &str) -> Option<&Formatted> {
        self.formatted.iter().find(|formatted| formatted.action == action)
    }

    /// The patterns in the schemas of all messages.
    pub(crate) fn patterns(&self) -> &Patterns {
        &self.patterns
    }
}

/// A message whose schema names a format of strings. Its type may read those less strictly than the schema says: chrono takes
/// `2025-6-7` for a date.
#[derive(Debug)]
pub(crate) struct Formatted {
    action: &'static str,
    /// Checks a text against the schema in one pass; `None` if the schema needs the walk over a value.
    pub(crate) checker: Option<Checker>,
}

/// Collects the messages of a [`MessageSet`].
#[derive(Debug)]
pub struct MessageSetBuilder {
    generator: SchemaGenerator,
    messages: Vec<MessageInfo>,
}

impl MessageSetBuilder {
    /// A message without content: its payload is null or absent.
    #[must_use]
    pub fn nothing(self, action: &'static str, description: &'static str) -> Self {
        self.push(action, description, json!({"type": "object", "properties": {PAYLOAD: {"type": "null"}}}))
    }

    /// A message whose payload is a `T` and must be there.
    #[must_use]
    pub fn payload<T: JsonSchema>(mut self, action: &'static str, description: &'static str) -> Self {
        let payload = self.generator.subschema_for::<T>();
        let schema = json!({"type": "object", "properties": {PAYLOAD: payload}, "required": [PAYLOAD]});
        self.push(action, description, schema)
    }

    /// A message whose payload is a `T` and may be left out.
    #[must_use]
    pub fn optional_payload<T: JsonSchema>(mut self, action: &'static str, description: &'static str) -> Self {
        let payload = self.generator.subschema_for::<T>();
        self.push(action, description, json!({"type": "object", "properties": {PAYLOAD: payload}}))
    }

    /// A message whose fields beside the action are those of `T`, `payload` among them.
    #[must_use]
    pub fn whole<T: JsonSchema>(mut self, action: &'static str, description: &'static str) -> Self {
        let schema = T::json_schema(&mut self.generator).to_value();
        self.push(action, description, schema)
    }

    /// The finished set.
    pub fn build(mut self) -> MessageSet {
        let definitions = self.generator.take_definitions(true);
        let mut patterns = Patterns::default();
        let schemas = self.messages.iter().map(|message| &message.schema).chain(definitions.values());
        schemas.for_each(|schema| patterns.collect(schema));
        let formatted = self.messages.iter().filter(|message| reaches_format(&message.schema, &definitions));
        let checker =
            |info: &MessageInfo| Checker::new(Document::new(&info.schema, &definitions, &patterns), &info.schema);
        let formatted =
            formatted.map(|message| Formatted { action: message.action, checker: checker(message) }).collect();
        MessageSet { messages: self.messages, definitions, patterns, formatted }
    }

    fn push(mut self, action: &'static str, description: &'static str, schema: Value) -> Self {
        self.messages.push(MessageInfo { action, description, schema });
        self
    }
}

/// Whether the schema, or one that it refers to, has a format of strings.
fn reaches_format(schema: &Value, definitions: &Map<String, Value>) -> bool {
    let mut seen: Vec<&Value> = vec![schema];
    let mut next = 0;
    while let Some(schema) = seen.get(next).copied() {
        next += 1;
        let mut waiting = vec![schema];
        while let Some(part) = waiting.pop() {
            match part {
                Value::Object(keywords) if is_formatted(keywords) => return true,
                Value::Object(keywords) => {
                    let name = keywords.get("$ref").and_then(Value::as_str).and_then(definition_name);
                    let target = name.and_then(|name| definitions.get(&*name));
                    seen.extend(target.filter(|target| !seen.iter().any(|seen| std::ptr::eq(*seen, *target))));
                    waiting.extend(keywords.values());
                }
                Value::Array(parts) => waiting.extend(parts),
                _ => {}
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found_behind_references_that_circle() {
        let definitions = json!({
            "A": {"items": {"$ref": "#/$defs/B"}}, "B": {"anyOf": [{"$ref": "#/$defs/A"}, {"format": "date"}]},
            "C": {"properties": {"c": {"$ref": "#/$defs/C"}, "d": {"type": "integer", "format": "int64"}}},
        });
        let definitions = definitions.as_object().unwrap();
        assert!(reaches_format(&json!({"properties": {"a": {"$ref": "#/$defs/A"}}}), definitions));
        assert!(!reaches_format(&json!({"$ref": "#/$defs/C"}), definitions));
    }
}
