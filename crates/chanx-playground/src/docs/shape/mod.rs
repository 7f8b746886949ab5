//! What may stand in a message, made of its JSON Schema: tables of fields, and a place of its own for each type that
//! is used more than once or comes in several forms.

mod body;
mod book;
mod forms;
mod kind;
mod rows;
mod rules;
mod writer;

pub(crate) use body::{Body, Row};
pub(crate) use writer::Writer;

use serde::Serialize;
use serde_json::Value;

use super::anchors::Anchors;
use super::phrase::Phrase;

/// A type that is explained in a place of its own.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Section {
    pub(crate) anchor: String,
    pub(crate) title: Phrase,
    pub(crate) body: Body,
}

/// What a message may hold, and the types that it speaks of, in the order in which it does.
pub(crate) fn of_message(schema: &Value, anchor: &str, anchors: &mut Anchors) -> (Body, Vec<Section>) {
    let mut writer = Writer::new(schema, anchor, anchors);
    let body = writer.body(schema, "");
    (body, writer.into_sections())
}

#[cfg(test)]
mod tests;
