//! What carries messages between the processes of a site: names, messages, and the contract of a channel layer.
//!
//! The words are Channels': a *channel* is one connection, a *group* is a named audience of channels. A layer moves
//! messages between processes and knows no connection; delivering to the members of a group inside one process is the
//! job of the process, whatever the layer.

mod contract;
mod format;
mod message;
mod name;

pub use contract::{Begun, ChannelLayer, Delivering, Health, LayerError, LayerFuture, Pressure, Receiver};
pub use format::{event_format, message_format};
pub(crate) use message::ORIGIN_BYTES;
pub use message::{Content, Event, GroupMessage, LayerMessage, MalformedMessage};
pub use name::{ChannelName, GroupName, InvalidName, user_key};
