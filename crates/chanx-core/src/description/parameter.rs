//! The parameters of a route.

use serde::Serialize;
use serde_json::Value;

/// A parameter in the path.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct PathParameter {
    /// Its name.
    pub name: String,
    /// The converter (`int`, `str`, `slug`, `path`, `uuid`); nothing for a regular expression.
    pub converter: Option<String>,
    /// The regular expression that a value matches as a whole, in the syntax that Rust, Python and JavaScript share.
    pub pattern: String,
    /// Whether values may contain slashes.
    pub takes_slashes: bool,
    /// A value that fits.
    pub example: String,
}

/// A parameter behind the path.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct QueryParameter {
    /// Its name.
    pub name: String,
    /// What it is for; possibly empty.
    pub description: String,
    /// Whether it must be there.
    pub required: bool,
    /// The JSON Schema of its value, self-contained.
    pub schema: Value,
}
