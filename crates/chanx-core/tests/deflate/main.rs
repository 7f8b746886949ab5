//! Compressed messages (RFC 7692) as a connection meets them: what is agreed on, and that frames go there and back.

mod contexts;
mod framing;
mod negotiation;
mod noise;
mod peer;
mod session;
