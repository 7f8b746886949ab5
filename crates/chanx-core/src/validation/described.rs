//! What a schema says about a value and its parts: the way that renaming, reading integers and finding places share.

use serde_json::{Map, Value};

use super::branches::{Applicable, applicable};
use super::fault::Segment;
use super::schema::{Document, properties};
use crate::camelize::{Field, Naming, fields};

/// The keywords of all schemas that describe one value together.
pub(crate) struct Described<'a> {
    document: Document<'a>,
    keywords: Vec<&'a Map<String, Value>>,
    names: Vec<Segment>,
}

impl<'a> Described<'a> {
    /// The schemas, what they refer to, and of each union the branch that the value takes, if it takes one.
    pub(crate) fn new(document: Document<'a>, schemas: &[&'a Value], value: &Value, naming: Naming) -> Self {
        let (mut keywords, mut names) = (Vec::new(), Vec::new());
        for schema in schemas {
            let found: Applicable<'a> = applicable(document, schema, value, naming);
            keywords.extend(found.keywords);
            names.extend(found.names);
        }
        Self { document, keywords, names }
    }

    /// The keywords, schema by schema.
    pub(crate) fn keywords(&self) -> &[&'a Map<String, Value>] {
        &self.keywords
    }

    /// What the places of faults call the branches that the value takes.
    pub(crate) fn names(&self) -> &[Segment] {
        &self.names
    }

    /// The declared fields, if the value is an object.
    pub(crate) fn fields(&self) -> Vec<Field<'a>> {
        let declared: Vec<_> = self.keywords.iter().flat_map(|schema| properties(schema)).collect();
        fields(&declared, Naming::CamelCase)
    }

    /// The schemas of what stands under a key that is no declared field.
    pub(crate) fn extra(&self, key: &str) -> Vec<&'a Value> {
        let patterned = self.keywords.iter().flat_map(|schema| {
            let patterns = schema.get("patternProperties").and_then(Value::as_object).into_iter().flatten();
            patterns.filter(|(pattern, _)| self.document.matches(pattern, key)).map(|(_, part)| part)
        });
        let patterned: Vec<_> = patterned.collect();
        let others = self.keywords.iter().filter_map(|schema| schema.get("additionalProperties"));
        if patterned.is_empty() { others.collect() } else { patterned }
    }

    /// The schemas of an item, if the value is an array.
    pub(crate) fn item(&self, index: usize) -> Vec<&'a Value> {
        let place = |schema: &&'a Map<String, Value>| {
            let places = schema.get("prefixItems").and_then(Value::as_array);
            places.and_then(|places| places.get(index)).or_else(|| schema.get("items"))
        };
        self.keywords.iter().filter_map(place).collect()
    }
}
