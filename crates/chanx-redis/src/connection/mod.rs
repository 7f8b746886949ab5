//! Connections to servers: how one is made, and the one that is shared by all who send.
//!
//! The client is the `redis` crate. Its `MultiplexedConnection` does exactly one thing, which is why it suits: it carries
//! commands in order, and when the connection breaks it fails what waits and everything after. It never reconnects by
//! itself and never repeats a command, so that nothing is delivered twice behind a layer's back. When to reconnect, what
//! to restore and whom to tell is decided here. (`fred` 10.1, the alternative, routes, reconnects and
//! repeats commands by itself, each up to three times by default: what a layer must decide, to be switched off or
//! worked around.)

mod files;
mod link;
mod role;
mod server;
#[cfg(feature = "tls")]
mod tls;

pub(crate) use link::{Deadline, Link};
pub(crate) use role::{look, meaning, question};
pub(crate) use server::{Opened, Server};
