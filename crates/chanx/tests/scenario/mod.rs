//! Random lives of two servers that share a layer: connections join, leave, send, close, vanish and come back, servers end
//! and are replaced. Whatever happens at once, nobody is sent what is not meant for him, nothing comes twice or out of order,
//! and every member that stays gets everything.

mod actor;
mod history;
mod play;
mod site;
pub(crate) mod steps;

pub(crate) use play::{Stage, play};
