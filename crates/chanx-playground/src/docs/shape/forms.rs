//! The forms of a value, each with words that tell it from the others.

use serde_json::Value;

use super::body::Form;
use super::book::{Found, Keywords, definition_name, members, requires};
use super::writer::Writer;
use crate::docs::phrase::Phrase;

impl Writer<'_> {
    pub(super) fn forms(&mut self, forms: &[Value], path: &str) -> Vec<Form> {
        forms.iter().map(|form| self.form(form, path)).collect()
    }

    fn form(&mut self, form: &Value, path: &str) -> Form {
        let mut body = self.body(form, path);
        let title = self.title(form).or_else(|| body.kind.take());
        Form { title: title.unwrap_or_else(|| Phrase::text("object")), body }
    }

    /// By the fields that have only one value; else by its name, or by its only field.
    fn title(&self, form: &Value) -> Option<Phrase> {
        let name = form.get("$ref").and_then(Value::as_str).and_then(definition_name);
        let name = name.or_else(|| form.get("title").and_then(Value::as_str).map(str::to_owned));
        let found = self.book.find(form);
        let Found::Here(keywords) = &found else { return None };
        let tags = self.tags(keywords);
        match (tags.is_empty(), name, only_field(keywords)) {
            (false, _, _) => Some(Phrase::text("if ").append(tags)),
            (_, Some(name), _) => Some(Phrase::default().code(name)),
            (_, _, Some(field)) => Some(Phrase::text("with ").code(field)),
            _ => None,
        }
    }

    /// `kind` is `"cat"`.
    fn tags(&self, keywords: &Keywords) -> Phrase {
        let required = members(keywords, "properties").filter(|(name, _)| requires(keywords, name));
        let constants = required.filter_map(|(name, schema)| Some((name, self.only_value(schema)?)));
        let say = |(place, (name, value)): (usize, (&String, Value))| {
            let phrase = Phrase::text(if place == 0 { "" } else { " and " });
            phrase.code(name).then(" is ").code(value.to_string())
        };
        constants.enumerate().map(say).fold(Phrase::default(), Phrase::append)
    }

    fn only_value(&self, schema: &Value) -> Option<Value> {
        let Found::Here(keywords) = self.book.find(schema) else { return None };
        match <[_; 1]>::try_from(self.book.constants(&keywords)?) {
            Ok([only]) => Some(only.value),
            Err(_) => None,
        }
    }
}

fn only_field(keywords: &Keywords) -> Option<&String> {
    let mut fields = members(keywords, "properties");
    let first = fields.next();
    first.filter(|_| fields.next().is_none()).map(|(name, _)| name)
}
