//! A fault as the client sees it.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::wording;

/// One fault of a message, with keys and vocabulary of Pydantic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [{"type": "missing", "loc": ["echo", "payload"], "msg": "Field required"}]))]
pub struct Fault {
    /// What kind of fault it is, such as `missing` or `int_type`: for programs.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    /// The path to the value, from the message's action on.
    pub loc: Vec<Segment>,
    /// The fault in words: for people.
    pub msg: String,
}

impl Fault {
    /// A fault of this kind at this place.
    pub fn new(
        kind: impl Into<Cow<'static, str>>,
        loc: impl IntoIterator<Item = Segment>,
        msg: impl Into<String>,
    ) -> Self {
        Self { kind: kind.into(), loc: loc.into_iter().collect(), msg: msg.into() }
    }
}

/// One step of the path to a value; a string or a number in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Segment {
    /// The name of a field, a key of a map, the tag of a union.
    Key(String),
    /// The place in an array, counted from 0.
    Index(usize),
}

impl Segment {
    /// The segment for a fault: a key that is longer than any declared name is cut.
    pub(super) fn shortened(&self) -> Self {
        match self {
            Self::Key(key) => Self::Key(wording::shortened(key).into_owned()),
            Self::Index(index) => Self::Index(*index),
        }
    }

    /// How much text the segment holds, in bytes.
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Key(key) => key.len(),
            Self::Index(_) => 0,
        }
    }
}

impl From<&str> for Segment {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<String> for Segment {
    fn from(key: String) -> Self {
        Self::Key(key)
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_is_pydantics() {
        let fault = Fault::new("missing", ["echo".into(), 3.into()], "Field required");
        let json = serde_json::to_string(&fault).unwrap();
        assert_eq!(json, r#"{"type":"missing","loc":["echo",3],"msg":"Field required"}"#);
        assert_eq!(serde_json::from_str::<Fault>(&json).unwrap(), fault);
    }
}
