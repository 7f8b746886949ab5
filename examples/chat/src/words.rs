//! The text of a message: never blank, never too long.

use schemars::JsonSchema;
use serde::Deserialize;

/// How many characters a message may have.
const LONGEST: usize = 2000;

/// What somebody says, without white space around it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema, garde::Validate)]
#[serde(from = "String")]
#[schemars(with = "String", extend("maxLength" = LONGEST))]
#[garde(transparent)]
pub(crate) struct Words(#[garde(custom(not_blank), length(chars, max = LONGEST))] String);

impl Words {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self(text.trim().to_owned())
    }
}

fn not_blank(text: &str, (): &()) -> garde::Result {
    if text.is_empty() { Err(garde::Error::new("the message is empty")) } else { Ok(()) }
}
