//! Writes the explanation of a schema, and keeps in mind which types still need one.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use super::Section;
use super::body::{Body, Named};
use super::book::{Book, Constant, Found, Keywords, description, forms, has_members, list, types};
use super::kind::{Kind, LISTED_CONSTANTS};
use super::rules::rules;
use crate::docs::anchors::{Anchors, slug};
use crate::docs::phrase::Phrase;
use crate::docs::prose::Prose;

/// The explanation of one schema in the making.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub(super) book: Book,
    /// The place of the whole.
    anchor: String,
    anchors: &'a mut Anchors,
    /// The places of types, by definition or by path.
    places: HashMap<String, String>,
    waiting: VecDeque<Waiting>,
}

/// A type that was promised a place.
#[derive(Debug)]
struct Waiting {
    anchor: String,
    title: Phrase,
    schema: Value,
    /// What stands before the names of its fields.
    path: String,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(root: &Value, anchor: &str, anchors: &'a mut Anchors) -> Self {
        let (places, waiting) = Default::default();
        Self { book: Book::new(root), anchor: anchor.to_owned(), anchors, places, waiting }
    }

    /// Everything about a type whose fields' names begin with `path`.
    pub(crate) fn body(&mut self, schema: &Value, path: &str) -> Body {
        let found = self.book.find(schema);
        let Found::Here(keywords) = &found else {
            return Body { kind: Some(self.kind_of(&found, path).phrase()), ..Body::default() };
        };
        let is_choice = self.book.is_choice(keywords);
        let is_plain = !is_choice && !has_members(keywords, "properties");
        Body {
            prose: Prose::of(&description(keywords)),
            kind: is_plain.then(|| self.kind_of(&found, path).phrase()),
            rules: rules(&self.book, &found),
            values: self.values(&found),
            rows: self.fields(keywords, path),
            forms: if is_choice { self.forms(forms(keywords), path) } else { Vec::new() },
        }
    }

    /// The types that were spoken of, and those of which they speak.
    pub(crate) fn into_sections(mut self) -> Vec<Section> {
        let mut sections = Vec::new();
        while let Some(Waiting { anchor, title, schema, path }) = self.waiting.pop_front() {
            sections.push(Section { anchor, title, body: self.body(&schema, &path) });
        }
        sections
    }

    /// What a schema at `path` is, in words.
    pub(super) fn kind(&mut self, schema: &Value, path: &str) -> Kind {
        let found = self.book.find(schema);
        self.kind_of(&found, path)
    }

    pub(super) fn kind_of(&mut self, found: &Found, path: &str) -> Kind {
        match found {
            Found::Named(name) => Kind::Named(name.clone(), self.place_of_definition(name)),
            Found::Whole => Kind::Named("the whole message".to_owned(), self.anchor.clone()),
            Found::Here(keywords) => self.kind_here(keywords, path),
        }
    }

    /// The values that a type may have, if one line would not tell enough about them.
    pub(super) fn values(&self, found: &Found) -> Vec<Named> {
        let Found::Here(keywords) = found else { return Vec::new() };
        if let Some(constants) = self.book.constants(keywords) {
            let is_worth_it =
                constants.len() > LISTED_CONSTANTS || constants.iter().any(|it| !it.description.is_empty());
            return if is_worth_it && constants.len() > 1 { constants.iter().map(named).collect() } else { Vec::new() };
        }
        let parts = ["items", "additionalProperties"].into_iter().filter_map(|part| keywords.get(part));
        parts.flat_map(|part| self.values(&self.book.find(part))).collect()
    }

    fn kind_here(&mut self, keywords: &Keywords, path: &str) -> Kind {
        if keywords.get("not").and_then(Value::as_object).is_some_and(Keywords::is_empty) {
            return Kind::Nothing;
        }
        if let Some(constants) = self.book.constants(keywords) {
            return Kind::Constants(constants.into_iter().map(|constant| constant.value).collect());
        }
        if self.book.is_choice(keywords) {
            return self.choice(keywords, path);
        }
        let kinds: Vec<_> = match forms(keywords) {
            [] => types(keywords).into_iter().map(|name| self.kind_of_type(name, keywords, path)).collect(),
            forms => forms.iter().map(|form| self.kind(form, path)).collect(),
        };
        match <[Kind; 1]>::try_from(kinds) {
            Ok([only]) => only,
            Err(kinds) if kinds.is_empty() => Kind::Anything,
            Err(kinds) => Kind::Union(kinds),
        }
    }

    fn kind_of_type(&mut self, name: &str, keywords: &Keywords, path: &str) -> Kind {
        match name {
            "string" => Kind::Text,
            "integer" => Kind::WholeNumber,
            "number" => Kind::Number,
            "boolean" => Kind::Boolean,
            "null" => Kind::Null,
            "array" => self.kind_of_list(keywords, path),
            "object" => self.kind_of_object(keywords, path),
            _ => Kind::Anything,
        }
    }

    fn kind_of_list(&mut self, keywords: &Keywords, path: &str) -> Kind {
        let places = list(keywords, "prefixItems").len();
        if places > 0 {
            let most = keywords.get("maxItems").and_then(Value::as_u64);
            let is_closed = keywords.get("items").is_some_and(|items| items == false);
            return Kind::Tuple(places, !is_closed && most.is_none_or(|most| most > places as u64));
        }
        let items = keywords.get("items").map_or(Kind::Anything, |items| self.kind(items, &format!("{path}[]")));
        Kind::List(Box::new(items))
    }

    fn kind_of_object(&mut self, keywords: &Keywords, path: &str) -> Kind {
        let has_rows = ["properties", "patternProperties"].into_iter().any(|keyword| has_members(keywords, keyword));
        match keywords.get("additionalProperties") {
            _ if has_rows => Kind::Object,
            Some(Value::Bool(false)) => Kind::Object,
            Some(values @ Value::Object(_)) => Kind::Map(Box::new(self.kind(values, &within(path, "*")))),
            _ => Kind::Map(Box::new(Kind::Anything)),
        }
    }

    /// Several forms without a name: they get a place by their path.
    fn choice(&mut self, keywords: &Keywords, path: &str) -> Kind {
        let anchor = match self.places.get(path) {
            Some(anchor) => anchor.clone(),
            None => {
                self.promise(path.to_owned(), Phrase::default().code(path), keywords.clone().into(), path.to_owned())
            }
        };
        Kind::Choice(forms(keywords).len(), anchor)
    }

    fn place_of_definition(&mut self, name: &str) -> String {
        let key = format!("#{name}");
        if let Some(anchor) = self.places.get(&key) {
            return anchor.clone();
        }
        let schema = self.book.definition(name).cloned().unwrap_or_default();
        self.promise(key, Phrase::default().code(name), schema, String::new())
    }

    fn promise(&mut self, key: String, title: Phrase, schema: Value, path: String) -> String {
        let anchor = self.anchors.take(&format!("{}-{}", self.anchor, slug(&key)).replacen("message-", "type-", 1));
        self.places.insert(key, anchor.clone());
        self.waiting.push_back(Waiting { anchor: anchor.clone(), title, schema, path });
        anchor
    }
}

/// The path of a field.
pub(super) fn within(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn named(constant: &Constant) -> Named {
    Named { value: constant.value.to_string(), prose: Prose::of(&constant.description) }
}
