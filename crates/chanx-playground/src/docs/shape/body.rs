//! The explanation of one type, for the template.

use serde::Serialize;

use crate::docs::phrase::Phrase;
use crate::docs::prose::Prose;

/// What is to be said about a type.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Body {
    pub(crate) prose: Option<Prose>,
    /// What it is; nothing for an object, whose fields follow.
    pub(crate) kind: Option<Phrase>,
    /// What it must fulfill as a whole.
    pub(crate) rules: Vec<Phrase>,
    /// The values that it may have, if something is said about them.
    pub(crate) values: Vec<Named>,
    pub(crate) rows: Vec<Row>,
    /// Its forms, if it has several.
    pub(crate) forms: Vec<Form>,
}

/// One of several forms of a value.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Form {
    pub(crate) title: Phrase,
    pub(crate) body: Body,
}

/// A line of a table of fields.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    /// What stands before the name: `payload.`.
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) kind: Phrase,
    /// Whether it must be there; nothing where that is no question.
    pub(crate) is_required: Option<bool>,
    pub(crate) is_deprecated: bool,
    pub(crate) rules: Vec<Phrase>,
    pub(crate) prose: Option<Prose>,
    /// The values that it may have, if they are many or something is said about them.
    pub(crate) values: Vec<Named>,
    /// What it is where it is absent, as JSON.
    pub(crate) default: Option<String>,
}

/// A value as JSON, and what it stands for.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Named {
    pub(crate) value: String,
    pub(crate) prose: Option<Prose>,
}
