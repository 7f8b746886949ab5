//! Objects: declared fields, and what stands beside them.

use serde_json::{Map, Value};

use super::schema::{count, list, properties, requires};
use super::walk::Walk;
use super::wording;
use crate::camelize::{Field, fields};

/// Whether the schema describes a map, whose keys are data, and not an object with fields.
pub(super) fn is_map(schema: &Map<String, Value>) -> bool {
    let has_values = schema.get("additionalProperties").is_some_and(|values| values != false);
    !schema.contains_key("properties") && (has_values || schema.contains_key("patternProperties"))
}

impl<'a> Walk<'a> {
    /// Declared fields in their order, then unknown ones as they came.
    pub(super) fn check_object(&mut self, schema: &'a Map<String, Value>, object: &Map<String, Value>) {
        let declared: Vec<_> = properties(schema).collect();
        let fields = fields(&declared, self.naming);
        let mut known = Vec::with_capacity(fields.len());
        for field in &fields {
            known.extend(self.check_field(schema, field, object));
        }
        self.check_undeclared(schema, object);
        let found = self.found();
        for (key, value) in object.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            self.check_extra(schema, key, value);
        }
        if is_map(schema) && self.found() == found {
            self.check_size(schema, object.len());
        }
    }

    /// Gives back the key under which the field was found.
    fn check_field<'v>(
        &mut self,
        schema: &Map<String, Value>,
        field: &Field<'a>,
        object: &'v Map<String, Value>,
    ) -> Option<&'v str> {
        let found = field.find(object);
        match found {
            Some((_, value)) => self.check_at(&*field.wire, field.schema, value),
            None if requires(schema, field.declared) => self.complain_at(&*field.wire, wording::missing()),
            None => {}
        }
        found.map(|(key, _)| key)
    }

    /// Names that are required without being declared here.
    fn check_undeclared(&mut self, schema: &'a Map<String, Value>, object: &Map<String, Value>) {
        for name in list(schema, "required").iter().filter_map(Value::as_str) {
            let is_declared = properties(schema).any(|(declared, _)| declared == name);
            if !is_declared && !object.contains_key(name) {
                self.complain_at(name, wording::missing());
            }
        }
    }

    fn check_extra(&mut self, schema: &'a Map<String, Value>, key: &str, value: &Value) {
        if self.check_patterned(schema, key, value) {
            return;
        }
        match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => self.complain_at(key, wording::extra()),
            Some(values) => self.check_at(key, values, value),
            None if refuses_unevaluated(schema) && !self.is_declared_by_a_part(schema, key) => {
                self.complain_at(key, wording::extra());
            }
            None => {}
        }
    }

    /// Whether the key matches a pattern, which then says what the value is.
    fn check_patterned(&mut self, schema: &'a Map<String, Value>, key: &str, value: &Value) -> bool {
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let mut is_known = false;
        for (pattern, values) in patterns.into_iter().flatten() {
            if self.document.matches(pattern, key) {
                self.check_at(key, values, value);
                is_known = true;
            }
        }
        is_known
    }

    /// Whether what the schema refers to or is composed of declares the key.
    fn is_declared_by_a_part(&self, schema: &'a Map<String, Value>, key: &str) -> bool {
        let composed = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|keyword| list(schema, keyword));
        let parts = self.document.target(schema).into_iter().chain(composed);
        let declared: Vec<_> = parts.flat_map(|part| self.document.declared(part)).collect();
        fields(&declared, self.naming).iter().any(|field| field.wire == key || field.declared == key)
    }

    fn check_size(&mut self, schema: &Map<String, Value>, size: usize) {
        if let Some(least) = count(schema, "minProperties").filter(|least| (size as u64) < *least) {
            self.complain(wording::too_short("Dictionary", least, size));
        } else if let Some(most) = count(schema, "maxProperties").filter(|most| size as u64 > *most) {
            self.complain(wording::too_long("Dictionary", most, size));
        }
    }
}

fn refuses_unevaluated(schema: &Map<String, Value>) -> bool {
    schema.get("unevaluatedProperties").is_some_and(|values| values == false)
}
