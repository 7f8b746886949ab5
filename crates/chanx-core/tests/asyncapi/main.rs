//! The AsyncAPI document of a small application, as a whole and by its parts.

mod application;
mod golden;
mod parts;
