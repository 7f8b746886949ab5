//! Compressed messages (RFC 7692) over real sockets: what is agreed on in the handshake, and messages in both directions.

mod client;
mod groups;
mod handshake;
mod messages;
mod python;
mod site;
