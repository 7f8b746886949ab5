#![doc = include_str!("../docs/lib.md")]

mod assets;
mod asyncapi;
mod docs;
mod documentation;
mod headers;
mod origin;
mod playground;
mod templates;

pub use documentation::Documentation;

/// How an AsyncAPI document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON, indented.
    Json,
    /// YAML 1.2.
    Yaml,
}

/// Where the playground is.
pub const PLAYGROUND_PATH: &str = "/playground/websocket/";

/// Where the documentation is.
pub const DOCS_PATH: &str = "/asyncapi/";
