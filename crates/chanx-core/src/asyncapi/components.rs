//! What channels share: schemas and messages under names of their own, security schemes.
//!
//! What is equal, with all that it refers to, has one name. What differs and has the same name gets that of the endpoint
//! behind it.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::draft7::translate;
use super::flatten::{flatten, name_parts};
use super::security;
use crate::description::names::{class_name, pascal_case};
use crate::description::reach::reachable;
use crate::description::{MessageDescription, SecurityScheme};
use crate::validation::definition_name;

const ABOUT_REF: &str =
    "Clients may give a message a `ref` beside its action; every frame that answers the message carries the same one.";

/// The parts of the document that channels refer to.
#[derive(Default)]
pub(super) struct Components {
    schemas: Map<String, Value>,
    messages: Map<String, Value>,
    security_schemes: Map<String, Value>,
    /// What stands behind the name of a schema: as it was, with its definitions.
    originals: HashMap<String, Value>,
    /// The endpoint that came first with a name.
    owners: HashMap<String, String>,
}

impl Components {
    /// Adds a message and gives back its name. `side` tells apart what the two sides of one endpoint call the same.
    pub(super) fn message(
        &mut self,
        message: &MessageDescription,
        side: &str,
        is_answer: bool,
        endpoint: &str,
    ) -> String {
        let plain = class_name(&message.action);
        let sided = class_name(&format!("{} {side}", message.action));
        let name = self.schema(&message.schema, &[plain, sided], endpoint);
        let object = message_object(&name, message, is_answer);
        self.messages.entry(name.clone()).or_insert(object);
        name
    }

    /// A schema to stand where it is used; what it refers to is added.
    pub(super) fn inline(&mut self, schema: &Value, endpoint: &str) -> Value {
        let mut schema = schema.clone();
        flatten(&mut schema);
        self.translated(schema, endpoint)
    }

    pub(super) fn security(&mut self, sources: &[SecurityScheme]) {
        self.security_schemes.extend(sources.iter().filter_map(security::scheme));
    }

    pub(super) fn into_object(mut self) -> Value {
        self.schemas.sort_keys();
        self.messages.sort_keys();
        let mut object = json!({
            "messages": self.messages,
            "schemas": self.schemas,
            "correlationIds": {"ref": {"description": ABOUT_REF, "location": "$message.payload#/ref"}},
        });
        if !self.security_schemes.is_empty() {
            object["securitySchemes"] = self.security_schemes.into();
        }
        object
    }

    /// Adds a schema under the first of the names that is free or its own already.
    fn schema(&mut self, schema: &Value, names: &[String], endpoint: &str) -> String {
        let name = self.find_name(schema, names, endpoint);
        if !self.schemas.contains_key(&name) {
            self.owners.insert(name.clone(), endpoint.to_owned());
            self.originals.insert(name.clone(), schema.clone());
            // The place is taken before the definitions are added, which may lead back here.
            self.schemas.insert(name.clone(), Value::Null);
            let mut own = schema.clone();
            flatten(&mut own);
            name_parts(&mut own, &name);
            own = self.translated(own, endpoint);
            set_title(&mut own, &name);
            self.schemas.insert(name.clone(), own);
        }
        name
    }

    /// The schema in the words of the document, with its definitions added.
    fn translated(&mut self, mut schema: Value, endpoint: &str) -> Value {
        let names = self.definitions(&schema, endpoint);
        translate(&mut schema, &|reference| target(reference, &names));
        schema
    }

    /// Adds the definitions of a schema, and says under which names.
    fn definitions(&mut self, schema: &Value, endpoint: &str) -> HashMap<String, String> {
        let Some(mut keywords) = schema.as_object().cloned() else { return HashMap::new() };
        let definitions = keywords.shift_remove("$defs").and_then(|it| it.as_object().cloned()).unwrap_or_default();
        let needed = reachable(&keywords, definitions);
        let names: Vec<_> = needed.keys().map(|name| (name.clone(), standing_alone(name, &needed))).collect();
        names
            .into_iter()
            .map(|(name, schema)| {
                let global = self.schema(&schema, &[key(&name)], endpoint);
                (name, global)
            })
            .collect()
    }

    /// The name that the schema has already, or the first that is free. What one endpoint calls the same is told apart by
    /// its side.
    fn find_name(&self, schema: &Value, names: &[String], endpoint: &str) -> String {
        let suffix = pascal_case(endpoint);
        let longer = names.iter().map(|name| format!("{name}{suffix}"));
        let all: Vec<_> = names.iter().cloned().chain(longer).collect();
        if let Some(own) = all.iter().find(|name| self.originals.get(*name) == Some(schema)) {
            return own.clone();
        }
        let is_own_conflict = self.owners.get(&all[0]).is_none_or(|owner| owner == endpoint);
        let sided = if is_own_conflict { &all[1..names.len()] } else { &[] };
        let numbered = (2_usize..).map(|number| format!("{}{suffix}{number}", all[0]));
        let mut candidates = all[..1].iter().chain(sided).chain(&all[names.len()..]).cloned().chain(numbered);
        let is_ours = |name: &String| self.originals.get(name).is_none_or(|original| original == schema);
        candidates.find(is_ours).unwrap_or_default()
    }
}

/// A definition as a schema that needs no other, with the definitions that it refers to.
fn standing_alone(name: &str, definitions: &Map<String, Value>) -> Value {
    let mut schema = match &definitions[name] {
        Value::Object(keywords) => keywords.clone(),
        Value::Bool(false) => Map::from_iter([("not".to_owned(), json!({}))]),
        _ => Map::new(),
    };
    let needed = reachable(&schema, definitions.clone());
    if !needed.is_empty() {
        schema.insert("$defs".to_owned(), needed.into());
    }
    schema.into()
}

/// Where a reference within a schema leads in the document.
fn target(reference: &str, names: &HashMap<String, String>) -> Option<String> {
    let name = definition_name(reference)?;
    Some(format!("#/components/schemas/{}", names.get(&*name)?))
}

/// The name with nothing in it that keys of components cannot have.
fn key(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

/// Names the schema, for generators that make types of them.
fn set_title(schema: &mut Value, name: &str) {
    let Value::Object(keywords) = schema else { return };
    if !keywords.contains_key("title") {
        keywords.shift_insert(0, "title".to_owned(), name.into());
    }
}

fn message_object(name: &str, message: &MessageDescription, is_answer: bool) -> Value {
    let mut object = Map::new();
    object.insert("name".to_owned(), name.into());
    object.insert("title".to_owned(), message.action.as_str().into());
    let (summary, rest) = summarized(&message.description);
    if !summary.is_empty() {
        object.insert("summary".to_owned(), summary.into());
    }
    if rest {
        object.insert("description".to_owned(), message.description.as_str().into());
    }
    object.insert("contentType".to_owned(), "application/json".into());
    if is_answer {
        object.insert("correlationId".to_owned(), json!({"$ref": "#/components/correlationIds/ref"}));
    }
    object.insert("payload".to_owned(), json!({"$ref": format!("#/components/schemas/{name}")}));
    object.insert("examples".to_owned(), json!([{"name": message.action, "payload": message.example}]));
    object.into()
}

/// The first paragraph in one line, and whether there is more.
pub(super) fn summarized(description: &str) -> (String, bool) {
    let (first, rest) = description.split_once("\n\n").unwrap_or((description, ""));
    (first.split_whitespace().collect::<Vec<_>>().join(" "), !rest.trim().is_empty())
}
