//! A schema with its definitions, read as far as the page explains it.

use std::collections::HashSet;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// The keywords of one schema.
pub(super) type Keywords = Map<String, Value>;

/// What a schema turns out to be once references are followed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// A definition that the page explains in a place of its own.
    Named(String),
    /// The whole message again.
    Whole,
    /// Keywords to be explained where they are.
    Here(Keywords),
}

/// A value that a schema names, and what is said about it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Constant {
    pub(super) value: Value,
    pub(super) description: String,
}

/// The definitions of a message's schema.
#[derive(Debug)]
pub(super) struct Book {
    definitions: Keywords,
    /// Those that have a place of their own: they hold themselves, or have fields and are used more than once or come in
    /// several forms.
    apart: HashSet<String>,
}

impl Book {
    pub(super) fn new(root: &Value) -> Self {
        let definitions = root.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut book = Self { definitions, apart: HashSet::new() };
        let used = references(root);
        let is_apart = |name: &&String| book.deserves_a_place(name, used.iter().filter(|it| it == name).count());
        book.apart = book.definitions.keys().filter(is_apart).cloned().collect();
        book
    }

    pub(super) fn definition(&self, name: &str) -> Option<&Value> {
        self.definitions.get(name)
    }

    /// Follows references, and puts together what is composed of parts.
    pub(super) fn find(&self, schema: &Value) -> Found {
        let mut keywords = keywords(schema);
        for _ in 0..=self.definitions.len() {
            match keywords.shift_remove("$ref").as_ref().and_then(Value::as_str) {
                None => break,
                Some("#") => return Found::Whole,
                Some(reference) => match definition_name(reference) {
                    Some(name) if self.apart.contains(&name) => return Found::Named(name),
                    name => merge(&mut keywords, self.target(name)),
                },
            }
        }
        self.compose(&mut keywords, self.definitions.len());
        Found::Here(keywords)
    }

    /// The values that a schema allows, if it names them all.
    pub(super) fn constants(&self, keywords: &Keywords) -> Option<Vec<Constant>> {
        if let Some(only) = keywords.get("const") {
            return Some(vec![Constant { value: only.clone(), description: description(keywords) }]);
        }
        if let Some(values) = keywords.get("enum").and_then(Value::as_array) {
            return Some(
                values.iter().map(|value| Constant { value: value.clone(), description: String::new() }).collect(),
            );
        }
        let each = forms(keywords).iter().map(|form| self.constants_of_form(form)).collect::<Option<Vec<_>>>()?;
        (!each.is_empty()).then(|| each.concat())
    }

    /// Whether there are several forms with fields, too much for one line.
    pub(super) fn is_choice(&self, keywords: &Keywords) -> bool {
        let forms: Vec<_> = forms(keywords).iter().filter(|form| self.is_structured(form, &mut Vec::new())).collect();
        let is_here = |form: &Value| matches!(self.find(form), Found::Here(_));
        match forms.len() {
            0 => false,
            1 => has_members(keywords, "properties"),
            _ => has_members(keywords, "properties") || forms.into_iter().any(is_here),
        }
    }

    /// Whether there is more to explain than fits into one line: fields, or places of a list.
    pub(super) fn has_fields(&self, schema: &Value) -> bool {
        self.is_structured(schema, &mut Vec::new())
    }

    fn deserves_a_place(&self, name: &str, uses: usize) -> bool {
        let Some(schema) = self.definitions.get(name) else { return false };
        let mut keywords = keywords(schema);
        self.compose(&mut keywords, self.definitions.len());
        self.holds_itself(name) || self.has_fields(schema) && (uses > 1 || self.is_choice(&keywords))
    }

    fn holds_itself(&self, name: &str) -> bool {
        let mut reached = HashSet::new();
        let mut waiting = vec![name.to_owned()];
        while let Some(schema) = waiting.pop().and_then(|name| self.definitions.get(&name)) {
            waiting.extend(references(schema).into_iter().filter(|name| reached.insert(name.clone())));
        }
        reached.contains(name)
    }

    /// `above` are the definitions within which the schema stands.
    fn is_structured<'a>(&'a self, schema: &'a Value, above: &mut Vec<&'a str>) -> bool {
        let Value::Object(keywords) = schema else { return false };
        if ["properties", "patternProperties", "prefixItems"].into_iter().any(|keyword| has_members(keywords, keyword))
        {
            return true;
        }
        let parts = ["items", "additionalProperties"].into_iter().filter_map(|keyword| keywords.get(keyword));
        let lists = ["anyOf", "oneOf", "allOf"].into_iter().flat_map(|keyword| list(keywords, keyword));
        parts.chain(lists).any(|part| self.is_structured(part, above)) || self.target_is_structured(keywords, above)
    }

    fn target_is_structured<'a>(&'a self, keywords: &'a Keywords, above: &mut Vec<&'a str>) -> bool {
        let Some(reference) = keywords.get("$ref").and_then(Value::as_str) else { return false };
        let target = definition_name(reference).and_then(|name| self.definitions.get_key_value(&name));
        let Some((name, schema)) = target else { return reference == "#" };
        if above.contains(&name.as_str()) {
            return false;
        }
        above.push(name);
        let is_structured = self.is_structured(schema, above);
        above.pop();
        is_structured
    }

    fn constants_of_form(&self, form: &Value) -> Option<Vec<Constant>> {
        match self.find(form) {
            Found::Here(keywords) if is_null(&keywords) => {
                Some(vec![Constant { value: Value::Null, description: String::new() }])
            }
            Found::Here(keywords) if forms(&keywords).is_empty() => self.constants(&keywords),
            _ => None,
        }
    }

    /// Puts the parts of `allOf` into the schema itself, along at most as many references as there are definitions.
    fn compose(&self, keywords: &mut Keywords, references: usize) {
        let Some(Value::Array(parts)) = keywords.shift_remove("allOf") else { return };
        for part in parts {
            let mut part = self::keywords(&part);
            let mut left = references;
            if let Some(reference) = part.shift_remove("$ref") {
                let Some(fewer) = references.checked_sub(1) else { continue };
                left = fewer;
                merge(&mut part, self.target(reference.as_str().and_then(definition_name)));
            }
            self.compose(&mut part, left);
            merge(keywords, part);
        }
    }

    fn target(&self, name: Option<String>) -> Keywords {
        name.and_then(|name| self.definitions.get(&name)).map(keywords).unwrap_or_default()
    }
}

/// The alternatives of a schema.
pub(super) fn forms(keywords: &Keywords) -> &[Value] {
    let forms = list(keywords, "oneOf");
    if forms.is_empty() { list(keywords, "anyOf") } else { forms }
}

/// The members of a keyword that holds a list.
pub(super) fn list<'a>(keywords: &'a Keywords, keyword: &str) -> &'a [Value] {
    keywords.get(keyword).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The members of a keyword that holds schemas by name.
pub(super) fn members<'a>(keywords: &'a Keywords, keyword: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    keywords.get(keyword).and_then(Value::as_object).into_iter().flatten()
}

/// The names of the schema's types: its own, or what its keywords are about.
pub(super) fn types(keywords: &Keywords) -> Vec<&str> {
    match keywords.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ if ["properties", "patternProperties", "additionalProperties"]
            .into_iter()
            .any(|it| keywords.contains_key(it)) =>
        {
            vec!["object"]
        }
        _ if ["items", "prefixItems"].into_iter().any(|it| keywords.contains_key(it)) => vec!["array"],
        _ => Vec::new(),
    }
}

/// What is said about the schema; possibly nothing.
pub(super) fn description(keywords: &Keywords) -> String {
    keywords.get("description").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Whether a property must be there.
pub(super) fn requires(keywords: &Keywords, name: &str) -> bool {
    list(keywords, "required").iter().any(|required| required == name)
}

pub(super) fn has_members(keywords: &Keywords, keyword: &str) -> bool {
    match keywords.get(keyword) {
        Some(Value::Object(members)) => !members.is_empty(),
        Some(Value::Array(members)) => !members.is_empty(),
        _ => false,
    }
}

/// The name that `#/$defs/<name>` refers to.
pub(super) fn definition_name(reference: &str) -> Option<String> {
    let name = percent_decode_str(reference.strip_prefix("#/$defs/")?).decode_utf8().ok()?;
    Some(name.replace("~1", "/").replace("~0", "~"))
}

pub(super) fn is_null(keywords: &Keywords) -> bool {
    keywords.get("type").is_some_and(|it| it == "null")
}

/// The schema's keywords; `false` has the keyword that refuses everything.
fn keywords(schema: &Value) -> Keywords {
    match schema {
        Value::Object(keywords) => keywords.clone(),
        Value::Bool(false) => Keywords::from_iter([("not".to_owned(), Value::Object(Map::new()))]),
        _ => Keywords::new(),
    }
}

/// Adds what the other schema says and this one does not.
fn merge(keywords: &mut Keywords, more: Keywords) {
    for (keyword, value) in more {
        match (keywords.get_mut(&keyword), value) {
            (None, value) => {
                keywords.insert(keyword, value);
            }
            (Some(Value::Object(ours)), Value::Object(theirs)) => {
                theirs.into_iter().for_each(|(name, schema)| _ = ours.entry(name).or_insert(schema));
            }
            (Some(Value::Array(ours)), Value::Array(theirs)) if keyword == "required" => ours.extend(theirs),
            _ => {}
        }
    }
}

/// The names of the definitions to which a schema refers, as often as it does so.
fn references(schema: &Value) -> Vec<String> {
    let mut names = Vec::new();
    let mut waiting = vec![schema];
    while let Some(value) = waiting.pop() {
        names.extend(value.get("$ref").and_then(Value::as_str).and_then(definition_name));
        match value {
            Value::Object(members) => waiting.extend(members.values()),
            Value::Array(members) => waiting.extend(members),
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn here(found: Found) -> Value {
        match found {
            Found::Here(keywords) => keywords.into(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_used_once_is_explained_where_it_is() {
        let root = json!({
            "properties": {"a": {"$ref": "#/$defs/Once"}, "b": {"$ref": "#/$defs/Twice"}, "c": {"$ref": "#/$defs/Twice"}},
            "$defs": {"Once": {"properties": {"x": true}}, "Twice": {"properties": {"x": true}}},
        });
        let book = Book::new(&root);
        let found = book.find(&json!({"$ref": "#/$defs/Once", "description": "Ours."}));
        assert_eq!(here(found), json!({"description": "Ours.", "properties": {"x": true}}));
        assert_eq!(book.find(&root["properties"]["b"]), Found::Named("Twice".to_owned()));
        assert_eq!(book.find(&json!({"$ref": "#"})), Found::Whole);
    }

    #[test]
    fn what_has_no_fields_needs_no_place() {
        let root = json!({
            "items": [{"$ref": "#/$defs/Id"}, {"$ref": "#/$defs/Id"}],
            "$defs": {"Id": {"type": "array", "items": {"$ref": "#/$defs/Number"}}, "Number": {"type": "integer"}},
        });
        assert!(matches!(Book::new(&root).find(&root["items"][0]), Found::Here(_)));
    }

    #[test]
    fn circles_of_references_end() {
        let root = json!({"items": {"$ref": "#/$defs/A"}, "$defs": {
            "A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}, "C": {"allOf": [{"$ref": "#/$defs/C"}]},
        }});
        let book = Book::new(&root);
        assert_eq!(book.find(&root["items"]), Found::Named("A".to_owned()));
        assert_eq!(here(book.find(&root["$defs"]["C"])), json!({}));
    }

    #[test]
    fn parts_are_put_together() {
        let root = json!({"$defs": {"Base": {"properties": {"a": true}, "required": ["a"]}}});
        let composed = json!({
            "allOf": [{"$ref": "#/$defs/Base"}, {"allOf": [{"properties": {"c": true}}]}],
            "properties": {"b": true}, "required": ["b"],
        });
        let expected = json!({"properties": {"b": true, "a": true, "c": true}, "required": ["b", "a"]});
        assert_eq!(here(Book::new(&root).find(&composed)), expected);
    }

    #[test]
    fn constants_are_found_in_every_notation() {
        let root = json!({"$defs": {"Color": {"enum": ["red", "green"]}}});
        let book = Book::new(&root);
        let values = |schema: Value| {
            let constants = book.constants(&keywords(&schema));
            constants.map(|list| list.into_iter().map(|it| it.value).collect::<Value>())
        };
        assert_eq!(values(json!({"const": 1})), Some(json!([1])));
        let documented =
            json!({"oneOf": [{"const": "a", "description": "A."}, {"type": "string", "enum": ["b", "c"]}]});
        assert_eq!(values(documented), Some(json!(["a", "b", "c"])));
        assert_eq!(
            values(json!({"anyOf": [{"$ref": "#/$defs/Color"}, {"type": "null"}]})),
            Some(json!(["red", "green", null]))
        );
        assert_eq!(values(json!({"anyOf": [{"const": "a"}, {"type": "string"}]})), None);
        assert_eq!(values(json!({"type": "string"})), None);
    }
}
