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

/// Where the playground is.
pub const PLAYGROUND_PATH: &str = "/playground/websocket/";

/// Where the documentation is.
pub const DOCS_PATH: &str = "/asyncapi/";
