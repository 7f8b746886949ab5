//! The schema of a whole frame, made of that of a message's fields.

use serde_json::{Map, Value, json};

use super::reach::reachable;
use crate::broadcast::origin_keys;
use crate::camelize::{Naming, camelize_schema};
use crate::message::{MessageInfo, MessageSet};
use crate::validation::{Document, Patterns};
use crate::wire::{ENVELOPE_VERSION, REFERENCE, VERSION, WireFormat};

/// The schema of a frame, taken apart.
pub(super) struct Frame {
    description: String,
    properties: Map<String, Value>,
    required: Vec<Value>,
    /// What else the message's type says.
    others: Map<String, Value>,
    definitions: Map<String, Value>,
}

impl Frame {
    pub(super) fn new(info: &MessageInfo, set: &MessageSet, wire: &WireFormat) -> Self {
        let translated = |schema: &Value| match wire.naming {
            Naming::AsDeclared => schema.clone(),
            Naming::CamelCase => camelize_schema(schema, set.definitions()),
        };
        let mut fields = translated(&inlined(&info.schema, set.definitions()));
        admit(&mut fields, &wire.action_key);
        let mut frame = Self {
            description: info.description.to_owned(),
            properties: Map::new(),
            required: Vec::new(),
            others: Map::new(),
            definitions: set.definitions().iter().map(|(name, it)| (name.clone(), translated(it))).collect(),
        };
        frame.require(&wire.action_key, json!({"const": info.action}));
        frame.add(fields);
        frame
    }

    /// The same with the keys that every member of a group finds in a message.
    pub(super) fn with_origin(mut self, wire: &WireFormat) -> Self {
        let [mine, current] = origin_keys(wire);
        let about = "Whether the user who gets the message has sent it; never for clients that are not logged in.";
        self.require(&mine, json!({"type": "boolean", "description": about}));
        let about = "Whether the connection that gets the message has sent it.";
        self.require(&current, json!({"type": "boolean", "description": about}));
        self
    }

    pub(super) fn into_schema(mut self) -> Value {
        let mut schema = Map::new();
        if let Some(title) = self.others.shift_remove("title") {
            schema.insert("title".to_owned(), title);
        }
        if !self.description.is_empty() {
            schema.insert("description".to_owned(), self.description.into());
        }
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), self.properties.into());
        schema.insert("required".to_owned(), self.required.into());
        for (keyword, value) in self.others {
            schema.entry(keyword).or_insert(value);
        }
        let definitions = reachable(&schema, self.definitions);
        if !definitions.is_empty() {
            schema.insert("$defs".to_owned(), definitions.into());
        }
        schema.into()
    }

    /// Names a key that every frame has, whatever the message's own fields are.
    fn require(&mut self, name: &str, schema: Value) {
        self.properties.insert(name.to_owned(), schema);
        if !self.required.contains(&name.into()) {
            self.required.push(name.into());
        }
    }

    fn add(&mut self, fields: Value) {
        let Value::Object(mut fields) = fields else { return };
        if let Some(Value::Object(properties)) = fields.shift_remove("properties") {
            for (name, schema) in properties {
                self.properties.entry(name).or_insert(schema);
            }
        }
        if let Some(Value::Array(required)) = fields.shift_remove("required") {
            let more = required.into_iter().filter(|name| !self.required.contains(name));
            self.required = self.required.iter().cloned().chain(more).collect();
        }
        self.others = fields;
    }
}

/// The schema with what it refers to in place of a mere reference, so that there are fields to add to.
fn inlined(schema: &Value, definitions: &Map<String, Value>) -> Value {
    let mut keywords = schema.as_object().cloned().unwrap_or_default();
    let patterns = Patterns::default();
    for _ in 0..=definitions.len() {
        let is_mere = !keywords.contains_key("properties");
        let target = Document::new(schema, definitions, &patterns).target(&keywords).filter(|_| is_mere);
        let Some(Value::Object(target)) = target else { break };
        keywords.shift_remove("$ref");
        for (keyword, value) in target {
            keywords.entry(keyword).or_insert_with(|| value.clone());
        }
    }
    keywords.into()
}

/// Names the action and the envelope in a schema that refuses what it does not name, and in what it is composed of.
fn admit(schema: &mut Value, action_key: &str) {
    let Value::Object(keywords) = schema else { return };
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let parts = keywords.get_mut(keyword).and_then(Value::as_array_mut);
        parts.into_iter().flatten().for_each(|part| admit(part, action_key));
    }
    if keywords.get("additionalProperties").is_none_or(|others| others != false) {
        return;
    }
    if let Some(properties) = keywords.entry("properties").or_insert_with(|| json!({})).as_object_mut() {
        properties.entry(action_key).or_insert_with(|| true.into());
        properties.entry(REFERENCE).or_insert_with(|| json!({"type": "string"}));
        properties.entry(VERSION).or_insert_with(|| json!({"const": ENVELOPE_VERSION}));
    }
}
