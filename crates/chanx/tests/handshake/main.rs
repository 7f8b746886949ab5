//! From the bytes of a request to a connection or a refusal, over a socket.

mod answers;
mod head;
#[path = "../support/log.rs"]
mod log;
mod origins;
mod routes;
mod server;
mod subprotocols;
mod users;
