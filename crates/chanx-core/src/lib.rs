//! The chanx protocol without I/O: messages, validation, frames, close codes and the state of one connection.
//!
//! Nothing here reads a clock or a socket, and nothing knows tokio or axum; time and bytes are passed in. Applications
//! depend on `chanx`, which adds the runtime and re-exports what they need from here.

pub mod message;
pub mod wire;

pub mod decode;
pub mod encode;

pub mod camelize;
mod schema;
pub mod validation;

pub mod close;
pub mod deflate;
pub mod frame;

pub mod asyncapi;
pub mod broadcast;
pub mod builtin;
pub mod description;
pub mod layer;
pub mod session;
