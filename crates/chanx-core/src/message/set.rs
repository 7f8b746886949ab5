//! The description of a set of messages: actions, doc comments and JSON Schemas, taken from the types.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::wire::PAYLOAD;

/// All messages of one type, in the order of its variants.
#[derive(Debug)]
pub struct MessageSet {
    messages: Vec<MessageInfo>,
    definitions: Map<String, Value>,
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
        MessageSet { messages: self.messages, definitions: self.generator.take_definitions(true) }
    }

    fn push(mut self, action: &'static str, description: &'static str, schema: Value) -> Self {
        self.messages.push(MessageInfo { action, description, schema });
        self
    }
}
