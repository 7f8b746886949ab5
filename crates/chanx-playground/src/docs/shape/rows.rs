//! The fields of a type, line by line, with those of what they hold.

use serde_json::Value;

use super::body::Row;
use super::book::{Found, Keywords, description, forms, has_members, list, members, requires};
use super::rules::rules;
use super::writer::{Writer, within};

impl Writer<'_> {
    /// A line for one field. What it holds is not part of it.
    pub(crate) fn row(&mut self, parent: &str, name: &str, schema: &Value, is_required: Option<bool>) -> Row {
        let found = self.book.find(schema);
        let keywords = match (&found, schema) {
            (Found::Here(keywords), _) | (_, Value::Object(keywords)) => keywords.clone(),
            _ => Keywords::new(),
        };
        Row {
            parent: parent.to_owned(),
            name: name.to_owned(),
            kind: self.kind_of(&found, &format!("{parent}{name}")).phrase(),
            is_required,
            is_deprecated: keywords.get("deprecated").is_some_and(|it| it == true),
            rules: rules(&self.book, &found),
            prose: crate::docs::prose::Prose::of(&description(&keywords)),
            values: self.values(&found),
            default: keywords.get("default").map(Value::to_string),
        }
    }

    /// Lines for all that lies within a type at `path`.
    pub(super) fn fields(&mut self, keywords: &Keywords, path: &str) -> Vec<Row> {
        let mut rows = self.properties(keywords, path);
        rows.extend(self.places_of_tuple(keywords, path));
        rows.extend(self.others(keywords, path));
        if !self.book.is_choice(keywords) {
            rows.extend(forms(keywords).iter().flat_map(|form| self.fields_of(form, path)));
        }
        rows
    }

    /// The same for a schema that may have been explained elsewhere.
    fn fields_of(&mut self, schema: &Value, path: &str) -> Vec<Row> {
        match self.book.find(schema) {
            Found::Here(keywords) if !self.book.is_choice(&keywords) => self.fields(&keywords, path),
            _ => Vec::new(),
        }
    }

    fn properties(&mut self, keywords: &Keywords, path: &str) -> Vec<Row> {
        let declared = members(keywords, "properties").map(|(name, schema)| {
            let is_required = requires(keywords, name);
            (name.clone(), schema, Some(is_required))
        });
        let patterns = members(keywords, "patternProperties").map(|(name, schema)| (format!("/{name}/"), schema, None));
        declared
            .chain(patterns)
            .flat_map(|(name, schema, is_required)| self.with_fields(path, &name, schema, is_required))
            .collect()
    }

    /// A field and what lies within it.
    fn with_fields(&mut self, path: &str, name: &str, schema: &Value, is_required: Option<bool>) -> Vec<Row> {
        let parent = if path.is_empty() { String::new() } else { format!("{path}.") };
        let mut rows = vec![self.row(&parent, name, schema, is_required)];
        rows.extend(self.fields_of(schema, &within(path, name)));
        rows
    }

    fn places_of_tuple(&mut self, keywords: &Keywords, path: &str) -> Vec<Row> {
        let least = keywords.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let places = list(keywords, "prefixItems").iter().zip(0_u64..);
        let place = |(schema, place): (&Value, u64)| {
            let name = format!("[{place}]");
            let mut rows = vec![self.row(path, &name, schema, Some(place < least))];
            rows.extend(self.fields_of(schema, &format!("{path}{name}")));
            rows
        };
        places.flat_map(place).collect()
    }

    /// What lists hold, and objects under keys that are data.
    fn others(&mut self, keywords: &Keywords, path: &str) -> Vec<Row> {
        let items = keywords.get("items").filter(|items| items.is_object());
        let values = keywords.get("additionalProperties").filter(|values| values.is_object());
        let mut rows = Vec::new();
        if let Some(items) = items {
            if has_members(keywords, "prefixItems") {
                rows.push(self.row(path, "[…]", items, None));
            }
            rows.extend(self.fields_of(items, &format!("{path}[]")));
        }
        match values {
            Some(values) if has_members(keywords, "properties") => {
                rows.extend(self.with_fields(path, "*", values, None));
            }
            Some(values) => rows.extend(self.fields_of(values, &within(path, "*"))),
            None => {}
        }
        rows
    }
}
