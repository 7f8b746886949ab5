//! How connections end, and what they owe each other while they live: every failure in every phase, the messages that a
//! closing client left, time limits, fairness, and transports that buffer.

mod draining;
mod fairness;
mod held;
mod limits;
#[path = "../support/log.rs"]
mod log;
mod outcomes;
mod probe;
mod raw;
mod transport;
