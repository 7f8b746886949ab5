//! What documents say about messages: schemas of whole frames, and examples of them.

mod builtin;
mod examples;
mod frames;
mod generated;
mod messages;
