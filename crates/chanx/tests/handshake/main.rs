//! From the bytes of a request to a connection or a refusal, over a socket.

mod head;
mod log;
mod server;
mod users;
