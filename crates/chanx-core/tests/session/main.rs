//! The session as its driver sees it, in tables of steps and what they lead to.

mod harness;
mod messages;
mod raw;

mod answers;
mod bad_input;
mod connecting;
mod endings;
mod limits;
mod liveness;
